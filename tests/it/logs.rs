//! Logs from the world to the reader: every line once, whatever happens on the way.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use pilothouse::domain::{LogNews, LogRequest, LogState, Timestamp};
use pilothouse::sim::access::{Access, User};
use pilothouse::sim::control;
use pilothouse::sim::fault::Cut;
use pilothouse::sim::kubeconfig::{Context, render};
use pilothouse::sim::serve::{Cluster, Server};
use pilothouse::sim::store::Store;
use pilothouse::sim::tls::Ca;
use pilothouse::sim::world::{SimOptions, World};
use pilothouse::source::kube::{Cluster as Reached, KubeconfigPlace, SourceSpec, stream};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::clock::WallClock;

/// Longer than anything here takes, on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);
const LOG: &str = "/api/v1/namespaces/ns/pods/p/log";

/// One cluster with pod `ns/p` and its container `c`.
struct Place {
    server: Server,
    ca: Ca,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let store = Store::new();
        let users = vec![User::new("admin", "admin", Access::full()), User::new("nobody", "nobody", Access::nothing())];
        let ca = Ca::generate().unwrap();
        let server = Server::start(&ca, Cluster::new("world", store, users)).unwrap();
        let place = Self { server, ca, folder: tempfile::tempdir().unwrap() };
        place.put(0, &json!({"running": {}}), &json!({}));
        place
    }

    fn store(&self) -> &Store {
        self.server.store()
    }

    fn put(&self, restart: u32, state: &Value, last: &Value) {
        self.store().put(json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "ns", "name": "p"},
            "spec": {"nodeName": "n", "restartPolicy": "Always", "containers": [{"name": "c"}]},
            "status": {"phase": "Running", "containerStatuses": [{"name": "c", "restartCount": restart,
                "containerID": format!("containerd://{restart}"), "state": state, "lastState": last}]},
        }));
    }

    fn dead(restart: u32) -> Value {
        json!({"terminated": {"exitCode": 1, "reason": "Error", "containerID": format!("containerd://{restart}")}})
    }

    fn write(&self, line: &str) {
        #[expect(clippy::disallowed_methods, reason = "the store's own clock is the machine's")]
        let now = Timestamp::now();
        assert!(self.store().logs().write("ns/p", "c", line, now), "{line}");
    }

    fn read(&self, token: &str, request: LogRequest) -> Reading {
        let file = self.folder.path().join(token);
        let (name, namespace) = ("world".to_owned(), "default".to_owned());
        let context = Context { name, server: self.server.url(), token: token.to_owned(), namespace };
        std::fs::write(&file, render(&self.ca, &[context])).unwrap();
        let spec = SourceSpec {
            name: "world".to_owned(),
            kubeconfig: KubeconfigPlace::Files(vec![file]),
            ..SourceSpec::default()
        };
        let cluster = Reached::new(spec, Arc::new(WallClock));
        let (sender, lane) = mpsc::channel(4);
        let mut task = JoinSet::new();
        let request = LogRequest { namespace: "ns".into(), pod: "p".into(), container: "c".into(), ..request };
        task.spawn(stream(cluster, request, sender));
        Reading { lane, lines: Vec::new(), all: 0, states: Vec::new(), _task: task }
    }

    fn follow(&self) -> Reading {
        self.read("admin", LogRequest { follow: true, ..LogRequest::default() })
    }
}

struct Reading {
    lane: mpsc::Receiver<LogNews>,
    /// Lines of the container's own are left out: only those of the test are looked at.
    lines: Vec<String>,
    /// Lines that came, the container's own too.
    all: usize,
    states: Vec<LogState>,
    _task: JoinSet<()>,
}

impl Reading {
    /// Takes the next news; false when the stream is over.
    async fn next(&mut self) -> bool {
        let news = tokio::time::timeout(DEADLINE, self.lane.recv()).await;
        match news.unwrap_or_else(|_| panic!("not in time: {:?} {:?}", self.lines, self.states)) {
            Some(LogNews::Lines(chunk)) => {
                assert!(!chunk.lines.is_empty());
                self.all += chunk.lines.len();
                let texts = chunk.lines.into_iter().map(|line| line.text.into_string());
                self.lines.extend(texts.filter(|text| !text.starts_with("time=") && !text.starts_with("level=")));
            }
            Some(LogNews::State(_, state)) => self.states.push(state),
            None => return false,
        }
        true
    }

    async fn until_line(&mut self, line: &str) {
        while !self.lines.iter().any(|known| known == line) {
            assert!(self.next().await, "over without {line}: {:?} {:?}", self.lines, self.states);
        }
    }

    async fn until_state(&mut self, wanted: impl Fn(&LogState) -> bool) {
        while !self.states.last().is_some_and(&wanted) {
            assert!(self.next().await, "over: {:?}", self.states);
        }
    }

    async fn until_over(&mut self) {
        while self.next().await {}
    }
}

/// The numbers of numbered lines.
fn numbers<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<u64> {
    lines.into_iter().filter_map(|line| line.strip_prefix("line ")?.parse().ok()).collect()
}

fn assert_whole(numbers: &[u64]) {
    let wanted: Vec<u64> = (1..=numbers.len() as u64).collect();
    assert_eq!(numbers, wanted, "every line once and in order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_lose_and_double_nothing() {
    let place = Place::new();
    #[expect(clippy::disallowed_methods, reason = "the store's own clock is the machine's")]
    place.store().logs().number("ns/p", 400, Timestamp::now());
    let mut reading = place.follow();
    for (n, cut) in [(100, Cut::HalfLine), (200, Cut::Close), (300, Cut::HalfLine), (400, Cut::Close)] {
        reading.until_line(&format!("line {n}")).await;
        place.server.faults().cut(LOG, cut, Some(1));
    }
    reading.until_line("line 1500").await;
    place.server.stop().await;
    reading.until_state(|state| matches!(state, LogState::Retrying { .. })).await;
    place.server.start_again().unwrap();
    reading.until_state(|state| *state == LogState::Following(0)).await;
    let seen = numbers(reading.lines.iter().map(String::as_str)).len();
    reading.until_line(&format!("line {}", seen + 400)).await;
    place.write("last words");
    place.store().delete("Pod", "ns", "p");
    reading.until_over().await;
    assert!(matches!(reading.states.last(), Some(LogState::Ended(end)) if &*end.reason == "Deleted"));
    // the numbers go on between the word and the end of the pod
    assert!(reading.lines.iter().rev().take(200).any(|line| line == "last words"), "{:?}", reading.lines.last());
    assert_whole(&numbers(reading.lines.iter().map(String::as_str)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_container_goes_on_and_the_end_of_the_last_run_is_not_lost() {
    let place = Place::new();
    let mut reading = place.follow();
    place.write("one");
    reading.until_line("one").await;
    // while nobody can read, the run ends and another begins
    place.server.stop().await;
    place.write("two");
    place.put(0, &Place::dead(0), &json!({}));
    place.put(1, &json!({"running": {}}), &Place::dead(0));
    place.write("three");
    place.server.start_again().unwrap();
    reading.until_line("three").await;
    assert_eq!(reading.lines, ["one", "two", "three"]);
    place.put(1, &Place::dead(1), &Place::dead(0));
    reading.until_state(|state| matches!(state, LogState::Ended(end) if end.exit_code == Some(1))).await;
    place.put(2, &json!({"running": {}}), &Place::dead(1));
    place.write("four");
    reading.until_line("four").await;
    assert_eq!(reading.lines, ["one", "two", "three", "four"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_says_why() {
    let place = Place::new();
    let mut reading = place.read("nobody", LogRequest::default());
    reading.until_over().await;
    assert!(
        matches!(reading.states.last(), Some(LogState::Denied(why)) if why.contains("cannot get resource \"pods/log\"")),
        "{:?}",
        reading.states
    );
    let mut reading = place.read("admin", LogRequest { previous: true, ..LogRequest::default() });
    reading.until_over().await;
    let wanted = "previous terminated container \"c\" in pod \"p\" not found";
    assert_eq!(reading.states.last(), Some(&LogState::NotStarted(wanted.into())));
    place.put(0, &json!({"waiting": {"reason": "ContainerCreating"}}), &json!({}));
    let mut reading = place.follow();
    reading.until_state(|state| matches!(state, LogState::NotStarted(why) if why.ends_with("ContainerCreating"))).await;
    place.put(0, &json!({"running": {}}), &json!({}));
    place.write("born");
    reading.until_line("born").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_lines_are_tamed() {
    let place = Place::new();
    place.write(&"x".repeat(3 << 20));
    place.write("\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mred\u{1b}[0m\u{202e}");
    let mut reading = place.follow();
    reading.until_line("\u{1b}[31mred\u{1b}[0m").await;
    assert_eq!(reading.lines[0].len(), (1 << 20) + " […cut]".len());
    let raw = Cut::Raw(b"2026-11-23T06:35:38Z caf\xe9\n".to_vec().into());
    place.server.faults().cut(LOG, raw, Some(1));
    // older than the last line, and yet not one that was seen before
    reading.until_line("caf\u{fffd}").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tail_and_since_bound_what_is_there() {
    let place = Place::new();
    for n in 1..=5 {
        place.write(&format!("line {n}"));
    }
    let mut reading = place.read("admin", LogRequest { tail: Some(2), ..LogRequest::default() });
    reading.until_over().await;
    // the container may have printed something of its own behind them
    assert_eq!(reading.all, 2);
    assert!(["line 4", "line 5"].map(str::to_owned).ends_with(&reading.lines), "{:?}", reading.lines);
    let mut reading = place.read("admin", LogRequest { tail: Some(0), follow: true, ..LogRequest::default() });
    reading.until_state(|state| *state == LogState::Following(0)).await;
    place.write("line 6");
    reading.until_line("line 6").await;
    assert_eq!(reading.lines, ["line 6"]);
    let since = Some("2100-01-01T00:00:00Z".parse().unwrap());
    let mut reading = place.read("admin", LogRequest { since, ..LogRequest::default() });
    reading.until_over().await;
    assert!(reading.lines.is_empty());
}

fn pilothouse(world: &World, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pilothouse"));
    command.args(args).env("KUBECONFIG", world.kubeconfig()).env("NO_COLOR", "1").env_remove("PILOTHOUSE_CONFIG");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

async fn run(world: &World, args: &[&str]) -> (Option<i32>, String, String) {
    let output = tokio::time::timeout(DEADLINE, pilothouse(world, args).output()).await.expect("it hangs").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

async fn act(world: &World, words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    control::send(world.control(), &words).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_merges_the_pods_of_an_application() {
    let world = World::start(SimOptions::default()).unwrap();
    let (code, out, err) = run(&world, &["logs", "celery-dev", "--context", "minikube"]).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(out.lines().last().unwrap().ends_with("ModuleNotFoundError: No module named 'predator.tasks'"), "{out}");
    assert!(out.lines().all(|line| line.starts_with("celery-") && line.contains(" worker ")), "{out}");

    let staging = ["logs", "backend", "--env", "staging", "--context", "predator-cloud", "--tail", "3"];
    let (code, out, err) = run(&world, &[&staging[..], &["-o", "json"]].concat()).await;
    assert_eq!(code, Some(0), "{err}");
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut pods: BTreeMap<&str, usize> = BTreeMap::new();
    for line in &lines {
        *pods.entry(line["pod"].as_str().unwrap()).or_default() += 1;
    }
    assert_eq!(pods.len(), 4, "of two pods, and of the hooks' {pods:?}");
    assert!(pods.values().all(|lines| (1..=3).contains(lines)), "{pods:?}");
    assert!(lines.is_sorted_by_key(|line| line["time"].as_str().unwrap().parse::<Timestamp>().unwrap()));
    let containers: Vec<&Value> = lines.iter().map(|line| &line["container"]).collect();
    assert!(containers.starts_with(&[&json!("alembic")]) && containers.ends_with(&[&json!("api")]), "{containers:?}");
    assert_eq!(lines[0]["app"], "backend-staging");
    let (_, out, _) = run(&world, &[&staging[..], &["--timestamps"]].concat()).await;
    let stamp = out.lines().next().unwrap().split(' ').nth(2).unwrap();
    assert!(stamp.len() == 30 && stamp.parse::<Timestamp>().is_ok(), "{out}");

    let refusals: [(&[&str], i32, &str); 4] = [
        (&["logs", "backend", "--all-contexts"], 3, "try: backend --env dev"),
        (&["logs", "nothing", "--context", "minikube"], 3, "there is no Application `nothing`"),
        (&["logs", "backend-dev", "--container", "apo", "--context", "minikube"], 3, "try: api"),
        (&["logs", "backend-dev", "--previous", "--context", "minikube"], 3, "previous terminated container"),
    ];
    for (args, wanted, words) in refusals {
        let (code, out, err) = run(&world, args).await;
        assert_eq!((code, out.as_str()), (Some(wanted), ""), "{args:?}: {err}");
        assert!(err.contains(words), "{args:?}: {err}");
    }
}

/// Numbered lines of each pod, as a `logs -f` that is running printed them.
struct Followed {
    child: Child,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    pods: BTreeMap<String, Vec<u64>>,
    others: Vec<String>,
}

impl Followed {
    fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::inherit()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, pods: BTreeMap::new(), others: Vec::new() }
    }

    /// Reads until a pod's lines are as wanted; its name.
    async fn until(&mut self, wanted: impl Fn(&str, &[u64]) -> bool) -> String {
        loop {
            if let Some((pod, _)) = self.pods.iter().find(|(pod, lines)| wanted(pod, lines)) {
                return pod.clone();
            }
            let line = tokio::time::timeout(DEADLINE, self.lines.next_line()).await.expect("nothing comes").unwrap();
            let line = line.expect("it goes on until it is interrupted");
            let mut words = line.splitn(3, ' ');
            let (pod, _, text) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            match numbers([text])[..] {
                [number] => self.pods.entry(pod.to_owned()).or_default().push(number),
                _ => self.others.push(text.to_owned()),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn following_goes_on_over_killed_pods_and_a_restarted_source() {
    let world = World::start(SimOptions::default()).unwrap();
    act(&world, &["log", "predator12-dev/backend-*", "rate", "300"]).await;
    let args = ["logs", "backend", "--env", "dev", "-f", "--container", "api", "--context", "minikube"];
    let mut followed = Followed::start(pilothouse(&world, &args));
    let first = followed.until(|_, lines| lines.len() >= 500).await;
    let pod = format!("predator12-dev/{first}");
    act(&world, &["log", &pod, "write", "api", "last words"]).await;
    act(&world, &["kill-pod", &pod]).await;
    let second = followed.until(|pod, lines| pod != first && lines.len() >= 300).await;
    act(&world, &["source", "stop", "minikube"]).await;
    act(&world, &["source", "start", "minikube"]).await;
    let at_restart = followed.pods[&second].len();
    followed.until(|pod, lines| pod == second && lines.len() >= at_restart + 900).await;
    followed.child.kill().await.unwrap();
    assert_eq!(followed.pods.len(), 2, "{:?}", followed.pods.keys());
    for lines in followed.pods.values() {
        assert_whole(lines);
    }
    assert!(followed.others.contains(&"last words".to_owned()), "{:?}", followed.others);
}
