//! GET of a pod's log: what the API server checks, what the kubelet finds, and the lines as they come.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::stream;
use http::Response;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

use super::super::fault::Fate;
use super::super::kinds::Kind;
use super::super::logs::{Cursor, Tape};
use super::super::store::Store;
use super::super::time::minus;
use super::answer::Api;
use super::encode::CHUNK;
use super::path::{Query, Target};
use super::respond::{self, Body};
use super::status::Failure;

const PLAIN: &str = "text/plain";
/// The longest a reader sleeps before it looks at the world's clock again, which may run faster than the wall's.
const LOOK: Duration = Duration::from_millis(25);

/// What is asked for.
#[derive(Debug, Default)]
struct Options {
    follow: bool,
    previous: bool,
    timestamps: bool,
    since: Option<Timestamp>,
    tail: Option<u64>,
    limit: Option<usize>,
}

/// Answers with the log of one container.
pub(super) fn log(
    api: &Api,
    path: &str,
    kind: &Kind,
    target: &Target,
    query: &Query,
) -> Result<Response<Body>, Failure> {
    let now = api.store.now();
    let options = Options::parse(query, &target.name, now)?;
    let pod = api.store.get("Pod", &target.namespace, &target.name);
    let pod = pod.ok_or_else(|| Failure::not_found(kind, &target.name))?;
    let container = container(&pod, &target.name, query.get("container"))?;
    if pod["spec"]["nodeName"].as_str().unwrap_or_default().is_empty() {
        return Ok(respond::empty());
    }
    let id = run(&pod, &target.name, &container, options.previous).map_err(Failure::bad_request)?;
    let key = format!("{}/{}", target.namespace, target.name);
    let Some(tape) = api.store.logs().tape(&key, &container, &id) else {
        // the status still names it, the node has removed it
        return Ok(respond::whole(200, PLAIN, format!("unable to retrieve container logs for {id}")));
    };
    let reader = Reader {
        cursor: tape.back(now, options.tail.unwrap_or(u64::MAX)),
        tape,
        store: api.store.clone(),
        changed: api.store.logs().subscribe(),
        fate: Fate::new(&api.faults, path),
        left: options.limit.unwrap_or(usize::MAX),
        options,
    };
    let frames = stream::unfold(reader, |mut reader| async { reader.next().await.map(|frame| (frame, reader)) });
    Ok(respond::streamed_as(PLAIN, frames))
}

impl Options {
    fn parse(query: &Query, pod: &str, now: Timestamp) -> Result<Self, Failure> {
        let number = |key: &str| match query.get(key) {
            "" => Ok(None),
            text => text
                .parse::<i64>()
                .map(Some)
                .map_err(|_| Failure::bad_request(format!("strconv.ParseInt: parsing \"{text}\": invalid syntax"))),
        };
        let (tail, limit, seconds) = (number("tailLines")?, number("limitBytes")?, number("sinceSeconds")?);
        let mut wrong = Vec::new();
        let mut refuse = |field: &str, value: Option<i64>, least: i64, words: &str| {
            if let Some(value) = value.filter(|value| *value < least) {
                wrong.push(("FieldValueInvalid", field.to_owned(), format!("Invalid value: {value}: {words}")));
            }
        };
        refuse("tailLines", tail, 0, "must be greater than or equal to 0");
        refuse("limitBytes", limit, 1, "must be greater than 0");
        let time = query.get("sinceTime");
        if seconds.is_some() && !time.is_empty() {
            let words = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified";
            wrong.push(("FieldValueForbidden", String::new(), words.to_owned()));
        } else {
            refuse("sinceSeconds", seconds, 1, "must be greater than 0");
        }
        if !wrong.is_empty() {
            return Err(Failure::invalid_log_options(pod, &wrong));
        }
        let time = if time.is_empty() {
            None
        } else {
            let read: Timestamp = time
                .parse()
                .map_err(|_| Failure::bad_request(format!("parsing time \"{time}\" as RFC 3339 failed")))?;
            // on its way to the kubelet it loses what is below a second
            Some(Timestamp::from_second(read.as_second()).unwrap_or(read))
        };
        let ago = |seconds: i64| minus(now, Duration::from_secs(seconds.unsigned_abs()));
        Ok(Self {
            follow: query.is_set("follow"),
            previous: query.is_set("previous"),
            timestamps: query.is_set("timestamps"),
            since: time.or(seconds.map(ago)),
            tail: tail.map(i64::unsigned_abs),
            limit: limit.and_then(|limit| usize::try_from(limit).ok()),
        })
    }
}

fn names<'a>(pod: &'a Value, field: &str) -> Vec<&'a str> {
    pod["spec"][field].as_array().into_iter().flatten().filter_map(|one| one["name"].as_str()).collect()
}

/// The container that is meant.
pub(in crate::sim) fn container(pod: &Value, name: &str, asked: &str) -> Result<String, Failure> {
    let (containers, inits) = (names(pod, "containers"), names(pod, "initContainers"));
    if !asked.is_empty() {
        let known = containers.contains(&asked) || inits.contains(&asked);
        if known || names(pod, "ephemeralContainers").contains(&asked) {
            return Ok(asked.to_owned());
        }
        return Err(Failure::bad_request(format!("container {asked} is not valid for pod {name}")));
    }
    match containers[..] {
        [one] => Ok(one.to_owned()),
        [] => Err(Failure::bad_request(format!("a container name must be specified for pod {name}"))),
        _ => {
            let mut words =
                format!("a container name must be specified for pod {name}, choose one of: [{}]", containers.join(" "));
            if !inits.is_empty() {
                words.push_str(&format!(" or one of the init containers: [{}]", inits.join(" ")));
            }
            Err(Failure::bad_request(words))
        }
    }
}

/// The id of the run whose log is meant, as the kubelet finds it; else why there is none.
pub(in crate::sim) fn run(pod: &Value, name: &str, container: &str, previous: bool) -> Result<String, String> {
    let statuses = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
    let mut statuses = statuses.iter().filter_map(|field| pod["status"][field].as_array()).flatten();
    let status = statuses
        .find(|status| status["name"] == container)
        .ok_or_else(|| format!("container \"{container}\" in pod \"{name}\" is not available"))?;
    let id = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (state, last) = (&status["state"], &status["lastState"]["terminated"]);
    if previous {
        let there = Some(id(&last["containerID"])).filter(|id| !id.is_empty());
        return there
            .ok_or_else(|| format!("previous terminated container \"{container}\" in pod \"{name}\" not found"));
    }
    if state["running"].is_object() || state["terminated"].is_object() {
        return Ok(id(&status["containerID"]));
    }
    if last.is_object() {
        return Ok(id(&last["containerID"]));
    }
    let waits = format!("container \"{container}\" in pod \"{name}\" is waiting to start");
    Err(match state["waiting"]["reason"].as_str() {
        Some("ErrImagePull") => format!("{waits}: image can't be pulled"),
        Some("ImagePullBackOff") => format!("{waits}: trying and failing to pull image"),
        Some(reason) => format!("{waits}: {reason}"),
        None => format!("{waits} - no logs yet"),
    })
}

/// One answer under way.
struct Reader {
    tape: Arc<Tape>,
    cursor: Cursor,
    store: Store,
    changed: watch::Receiver<u64>,
    fate: Fate,
    options: Options,
    /// Bytes that may still be sent.
    left: usize,
}

impl Reader {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            if let ControlFlow::Break(sent) = self.fate.next().await {
                return sent;
            }
            if let Some(cut) = self.fate.cut() {
                let (tape, mut ahead) = (&self.tape, self.cursor);
                self.fate.strike(cut, || match tape.next(&mut ahead, Timestamp::MAX) {
                    Some((at, line)) => {
                        let line = format!("{at} {line}");
                        Bytes::from(line.as_bytes()[..line.len() / 2].to_vec())
                    }
                    None => Bytes::new(),
                });
                continue;
            }
            self.changed.borrow_and_update();
            let ended = self.tape.ended().is_some();
            let mut out = self.gather();
            if out.len() >= self.left {
                out.truncate(self.left);
                self.fate.end();
            }
            self.left -= out.len();
            if !out.is_empty() {
                return Some(Ok(out.freeze()));
            }
            if ended || !self.options.follow || self.left == 0 {
                return None;
            }
            self.wait().await;
        }
    }

    /// The lines that were said by now, up to about a chunk.
    fn gather(&mut self) -> BytesMut {
        let now = self.store.now();
        let mut out = BytesMut::new();
        while out.len() < CHUNK
            && let Some((at, line)) = self.tape.next(&mut self.cursor, now)
        {
            if self.options.since.is_some_and(|since| at < since) {
                continue;
            }
            if self.options.timestamps {
                out.extend_from_slice(at.strftime("%Y-%m-%dT%H:%M:%S.%9fZ ").to_string().as_bytes());
            }
            out.extend_from_slice(line.as_bytes());
            out.extend_from_slice(b"\n");
        }
        out
    }

    async fn wait(&mut self) {
        let now = self.store.now();
        let due = self.tape.due(&self.cursor).map(|due| Duration::try_from(due.duration_since(now)));
        let wait = due.map_or(LOOK * 8, |due| due.unwrap_or_default().clamp(Duration::from_millis(1), LOOK));
        tokio::select! {
            // logs outlive their readers
            _ = self.changed.changed() => {}
            () = self.fate.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}
