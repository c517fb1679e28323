//! Every fault there are words for is what its words say, for a client over HTTPS: ordered by `sim ctl`, by a scenario and
//! by a test.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use http::{HeaderMap, Method};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use pilothouse::sim::clock::Clock;
use pilothouse::sim::kubeconfig::{self, Context};
use pilothouse::sim::{fault, orders};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::sim_kubernetes::client::{Ask, Client};
use crate::sim_kubernetes::world::World;
use crate::sim_process::{PATIENCE, Process, SMALL};
use crate::wait::found_within;

/// Long enough for an answer that comes at all, most of the time; an answer that never comes is awaited so long.
const AWHILE: Duration = Duration::from_millis(700);
const SILENT: &str = "nothing came";
const LIST: &str = "/api/v1/namespaces";
const WATCH: &str = "/api/v1/namespaces?watch=1&resourceVersion=0";
const STREAMED: &str = "/api/v1/namespaces?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan\
                        &allowWatchBookmarks=true";
const CREATE: &str = "/api/v1/namespaces?dryRun=All";

/// One of each; all that `sim ctl --help` teaches.
const FAULTS: &[&str] = &[
    "latency 300ms",
    "drop",
    "dead",
    "401",
    "403",
    "410",
    "409",
    "429 7",
    "500",
    "502",
    "503",
    "504",
    "truncate 100",
    "slow-list 4000",
    "watch-close",
    "watch-half-line",
    "watch-silence",
    "watch-expired",
    "logged-out",
    "old-store",
    "certificate expired",
    "certificate unknown",
    "skew ahead 1h",
    "skew behind 1h",
];

/// A client with a kubeconfig.
struct Patient {
    kubeconfig: PathBuf,
    context: String,
}

/// What was answered, as far as it came.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
    /// Whether it came to its end.
    whole: bool,
    took: Duration,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Patient {
    /// Asks; what went wrong before an answer began is an error.
    async fn ask(&self, method: Method, path: &str) -> Result<Answer, String> {
        let begun = Instant::now();
        let (client, token) = Client::of(&self.kubeconfig, &self.context);
        let new = || json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}});
        let ask = Ask {
            method: Some(method.to_string()),
            path: path.to_owned(),
            token: Some(token),
            body: (method == Method::POST).then(new),
            ..Ask::default()
        };
        let answer = tokio::time::timeout(AWHILE * 4, client.send(&ask)).await.map_err(|_| SILENT.to_owned())?;
        let mut answer = answer.map_err(|error| format!("{error:?}"))?;
        let mut body = Vec::new();
        let whole = loop {
            // a stream that says nothing more is at its end, but is not whole
            match tokio::time::timeout(AWHILE * 4, answer.raw_line()).await {
                Ok(Ok(Some(line))) => {
                    body.extend_from_slice(&line);
                    body.push(b'\n');
                }
                Ok(Ok(None)) => break true,
                Ok(Err(_)) | Err(_) => break false,
            }
        };
        body.extend_from_slice(answer.unfinished());
        Ok(Answer { status: answer.status, headers: answer.headers, body, whole, took: begun.elapsed() })
    }

    async fn get(&self, path: &str) -> Result<Answer, String> {
        self.ask(Method::GET, path).await
    }

    /// Whether a client sees what the words say; what it sees instead.
    async fn sees(&self, words: &str) -> Result<(), String> {
        let holds = |holds: bool, what: String| if holds { Ok(()) } else { Err(format!("{words}: {what}")) };
        let status = |answer: &Answer| (answer.status, answer.json()["reason"].as_str().unwrap_or_default().to_owned());
        let refused = |code: u16, reason: &str, answer: &Answer| {
            holds(status(answer) == (code, reason.to_owned()), format!("{:?}", status(answer)))
        };
        match words.split(' ').collect::<Vec<_>>()[..] {
            ["latency", _] => {
                let answer = self.get(LIST).await?;
                holds(answer.took >= Duration::from_millis(300), format!("{:?}", answer.took))
            }
            ["drop"] => holds(self.get(LIST).await.is_err(), "answered".to_owned()),
            ["dead"] => {
                let silent = self.get(LIST).await.is_err_and(|error| error == SILENT);
                holds(silent, "answered or closed".to_owned())
            }
            ["401" | "logged-out"] => refused(401, "Unauthorized", &self.get(LIST).await?),
            ["403"] => refused(403, "Forbidden", &self.get(LIST).await?),
            ["410"] => refused(410, "Expired", &self.get(LIST).await?),
            ["409"] => {
                holds(self.get(LIST).await?.status == 200, "reading is struck".to_owned())?;
                refused(409, "Conflict", &self.ask(Method::POST, CREATE).await?)
            }
            ["429", seconds] => {
                let answer = self.get(LIST).await?;
                let after = answer.headers.get("retry-after").map(|value| value.to_str().unwrap());
                holds(answer.status == 429 && after == Some(seconds), format!("{} {after:?}", answer.status))
            }
            [code @ ("500" | "502" | "503" | "504")] => {
                let answer = self.get(LIST).await?;
                holds(answer.status.to_string() == code, answer.status.to_string())
            }
            ["truncate", _] => {
                let answer = self.get(LIST).await?;
                let told = format!("{} of {} bytes", answer.whole, answer.body.len());
                holds(answer.status == 200 && !answer.whole && answer.body.len() <= 100, told)
            }
            ["slow-list", rate] => {
                let answer = self.get(LIST).await?;
                let least = answer.body.len() as f64 / rate.parse::<f64>().unwrap() / 2.0;
                let told = format!("{} bytes in {:?}", answer.body.len(), answer.took);
                holds(answer.whole && answer.body.len() > 800 && answer.took.as_secs_f64() >= least, told)
            }
            ["watch-close"] => {
                let answer = self.get(WATCH).await?;
                holds(answer.whole && answer.status == 200, "the watch goes on, or breaks".to_owned())
            }
            ["watch-half-line"] => {
                let answer = self.get(WATCH).await?;
                let half = !answer.whole && !answer.body.ends_with(b"\n") && answer.body.contains(&b'{');
                holds(half, String::from_utf8_lossy(&answer.body).into_owned())
            }
            ["watch-silence"] => {
                let answer = self.get(&format!("{WATCH}&timeoutSeconds=1")).await;
                let silent = match answer {
                    Ok(answer) => answer.status == 200 && !answer.whole,
                    Err(error) => error == SILENT,
                };
                holds(silent, "the watch ends when its time is up".to_owned())
            }
            ["watch-expired"] => {
                let answer = self.get(WATCH).await?;
                let last = answer.body.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty());
                let last: Value = serde_json::from_slice(last.unwrap_or_default()).unwrap_or_default();
                holds(answer.whole && last["type"] == "ERROR" && last["object"]["code"] == 410, last.to_string())
            }
            ["old-store"] => {
                let answer = self.get(STREAMED).await?;
                let told = String::from_utf8_lossy(&answer.body).into_owned();
                holds(told.contains("RequestWatchProgress is disabled") && answer.whole, told)
            }
            ["certificate", what] => {
                let error = self.get(LIST).await.err().unwrap_or_default();
                let words = if what == "expired" { ["Expired", "expired"] } else { ["UnknownIssuer", "BadSignature"] };
                holds(words.iter().any(|word| error.contains(word)), error)
            }
            ["skew", way, _] => {
                let answer = self.ask(Method::POST, CREATE).await?;
                let date = answer.headers["date"].to_str().unwrap();
                let date = rfc2822::parse(date).unwrap().timestamp();
                let made: Timestamp = answer.json()["metadata"]["creationTimestamp"].as_str().unwrap().parse().unwrap();
                let sign = if way == "ahead" { 1 } else { -1 };
                // the world's clock and this machine's may be some minutes apart by now, whatever happened
                let hour =
                    |at: Timestamp| (at.as_second() - Clock::wall().now().as_second() - sign * 3_600).abs() < 1_200;
                holds(hour(date) && hour(made), format!("{date} {made}"))
            }
            _ => panic!("nobody knows what is seen of {words}"),
        }
    }

    /// Whether nothing is wrong.
    async fn is_well(&self) {
        let answer = self.get(LIST).await.unwrap();
        assert_eq!((answer.status, answer.whole), (200, true));
        let date = rfc2822::parse(answer.headers["date"].to_str().unwrap()).unwrap().timestamp();
        assert!((date.as_second() - Clock::wall().now().as_second()).abs() < 1_200, "{date}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_can_be_ordered_by_hand() {
    let world = Process::still(SMALL).await;
    let patient = Patient { kubeconfig: world.kubeconfig.clone(), context: "here".to_owned() };
    // as people type it
    let ctl = async |words: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pilothouse"));
        command.args(["sim", "ctl"]).args(words.split(' ')).env("PILOTHOUSE_CONTROL", &world.control);
        let output = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    };
    for words in FAULTS {
        patient.is_well().await;
        ctl(&format!("fault here {words}")).await;
        patient.sees(words).await.unwrap_or_else(|instead| panic!("{words}: {instead}"));
        if *words == "logged-out" {
            ctl("login").await;
            patient.is_well().await;
        }
        ctl("fault here clear").await;
    }
    patient.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_can_be_ordered_by_a_scenario() {
    let mut text = SMALL.to_owned();
    for (number, words) in FAULTS.iter().enumerate() {
        text += &format!("[[source]]\nname = \"s{number}\"\n[[fault]]\nsource = \"s{number}\"\nwhat = \"{words}\"\n");
    }
    let world = Process::still(&text).await;
    for (number, words) in FAULTS.iter().enumerate() {
        let patient = Patient { kubeconfig: world.kubeconfig.clone(), context: format!("s{number}") };
        // it begins when the world does, which is not before the world is ready
        found_within(PATIENCE, words, async || patient.sees(words).await).await;
    }
    Patient { kubeconfig: world.kubeconfig.clone(), context: "here".to_owned() }.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_can_be_ordered_by_a_test() {
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    let world = World::with(|cluster| {
        let clock = Clock::wall();
        let store = pilothouse::sim::store::Store::with(clock, 1);
        for name in ["one", "two", "three", "four", "five"] {
            let long = "words ".repeat(50);
            store.put(json!({"apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": name, "annotations": {"note": long}}}));
        }
        cluster.store = store;
    });
    let write = |token: &str| {
        let context = Context {
            name: "here".to_owned(),
            server: world.server.url(),
            token: token.to_owned(),
            namespace: "default".to_owned(),
        };
        kubeconfig::write(&kubeconfig, &world.ca, &[context]).unwrap();
    };
    write("admin");
    let patient = Patient { kubeconfig: kubeconfig.clone(), context: "here".to_owned() };
    for words in FAULTS {
        patient.is_well().await;
        let order = fault::parse(&words.split(' ').collect::<Vec<_>>()).unwrap();
        let begun = orders::begin(&world.server, order).await.unwrap();
        patient.sees(words).await.unwrap_or_else(|instead| panic!("{words}: {instead}"));
        if *words == "logged-out" {
            write(&world.server.faults().token("admin"));
            patient.is_well().await;
        }
        orders::undo(&world.server, begun).await;
    }
    patient.is_well().await;
}

#[test]
fn no_fault_is_forgotten() {
    for line in fault::HELP.lines().filter(|line| line.starts_with("  ") && !line.starts_with("  pilothouse")) {
        let taught = line.split("  ").find(|part| !part.is_empty()).unwrap();
        for word in taught.split(", ").map(|word| word.split(' ').next().unwrap()) {
            let known = matches!(word, "path" | "times" | "every" | "clear");
            assert!(known || FAULTS.iter().any(|fault| fault.split(' ').next() == Some(word)), "{word}");
        }
    }
}
