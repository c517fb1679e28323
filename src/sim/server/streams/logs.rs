//! What the containers of an Application print, merged by time.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::super::super::api;
use super::super::super::argocd::inspect;
use super::super::super::logs::{Cursor, Tape};
use super::super::super::store::Store;
use super::super::super::time::minus;
use super::super::desk::{Caller, Desk};
use super::super::refusal::Refusal;
use super::super::request::{Asked, Query};
use super::super::state::tree::tree;
use super::flow::Source;
use crate::sim::manifest::meta::text;

/// The longest a reader sleeps before it looks at the world's clock again, which may run faster than the wall's.
const LOOK: Duration = Duration::from_millis(25);
/// Lines that are sent together.
const TOGETHER: usize = 256;
/// More pods at once than this are refused.
const PODS: usize = 10;

/// One container that is read.
struct Reader {
    pod: String,
    tape: Arc<Tape>,
    cursor: Cursor,
}

/// What one client reads.
pub(in crate::sim::server) struct Logs {
    store: Store,
    readers: Vec<Reader>,
    /// What is said before anything is read: why a container cannot be.
    first: Vec<Bytes>,
    changed: watch::Receiver<u64>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    follows: bool,
    filter: Option<Filter>,
    ended: bool,
}

/// Which lines are wanted.
struct Filter {
    words: String,
    inverted: bool,
    exact_case: bool,
}

impl Filter {
    fn read(query: &Query) -> Option<Self> {
        let words = query.given("filter").filter(|words| !words.is_empty())?;
        let inverted = words.starts_with('!');
        let words = words.strip_prefix('!').unwrap_or(words);
        let exact_case = query.is_set("matchCase");
        let words = if exact_case { words.to_owned() } else { words.to_lowercase() };
        Some(Self { words, inverted, exact_case })
    }

    fn lets_through(&self, line: &str) -> bool {
        let found =
            if self.exact_case { line.contains(&self.words) } else { line.to_lowercase().contains(&self.words) };
        found != self.inverted
    }
}

/// A moment given as seconds and nanoseconds, or in RFC 3339.
fn moment(query: &Query, name: &str) -> Option<Timestamp> {
    let number = |part: &str| query.get(&format!("{name}.{part}")).parse::<i64>().ok();
    if let Some(seconds) = number("seconds") {
        let nanos = number("nanos").and_then(|nanos| i32::try_from(nanos).ok()).unwrap_or_default();
        return Timestamp::new(seconds, nanos).ok();
    }
    query.get(name).parse().ok()
}

impl Logs {
    /// Finds the pods that are meant; none when there is none, which is not an error.
    pub fn begin(
        desk: &Desk,
        caller: &Caller,
        asked: &Asked,
        (name, pod): (&str, Option<&str>),
    ) -> Result<Option<Self>, Refusal> {
        let query = &asked.query;
        let until = query.get("untilTime");
        let until = match until {
            "" => None,
            text => Some(text.parse().map_err(|_| {
                Refusal::unknown(format!("invalid untilTime parameter value: parsing time \"{text}\" failed"))
            })?),
        };
        let app = desk.app(caller, "get", asked, name)?;
        desk.require(caller, "logs", "get", &desk.rbac_name(&app))?;
        let Some(store) = inspect::destination(&desk.clusters, &app).cloned() else { return Ok(None) };
        let pods = selected(&tree(desk, &app), query, pod.or_else(|| query.given("podName")).unwrap_or_default());
        if pods.is_empty() {
            return Ok(None);
        }
        if pods.len() > PODS {
            let words = "max pods to view logs are reached. Please provide more granular query";
            return Err(Refusal::invalid(words));
        }
        let changed = store.logs().subscribe();
        let now = store.now();
        let tail = query.get("tailLines").parse().ok().filter(|tail| *tail > 0);
        let seconds = query.get("sinceSeconds").parse().ok().filter(|seconds| *seconds > 0);
        let since = seconds.map(|seconds| minus(now, Duration::from_secs(seconds)));
        let since = since.or_else(|| moment(query, "sinceTime"));
        let (mut readers, mut first) = (Vec::new(), Vec::new());
        for (namespace, pod) in pods {
            match tape(&store, (&namespace, &pod), query.get("container"), query.is_set("previous")) {
                Ok(tape) => {
                    let cursor = tape.back(now, tail.unwrap_or(u64::MAX));
                    readers.push(Reader { pod, tape, cursor });
                }
                Err(words) => first.push(entry(&words, None, "", false)),
            }
        }
        let (follows, filter) = (query.is_set("follow"), Filter::read(query));
        Ok(Some(Self { store, readers, first, changed, since, until, follows, filter, ended: false }))
    }

    /// The lines that were said by now.
    fn gather(&mut self) -> Vec<Bytes> {
        let mut lines = std::mem::take(&mut self.first);
        let now = self.store.now();
        while lines.len() < TOGETHER {
            let due = |reader: &Reader| reader.tape.due(&reader.cursor).filter(|due| *due <= now);
            let next = self.readers.iter().enumerate().filter_map(|(at, reader)| Some((due(reader)?, at))).min();
            let Some((_, at)) = next else { break };
            let Some(reader) = self.readers.get_mut(at) else { break };
            let Some((said, line)) = reader.tape.next(&mut reader.cursor, now) else { break };
            if self.since.is_some_and(|since| said < since)
                || self.filter.as_ref().is_some_and(|filter| !filter.lets_through(&line))
            {
                continue;
            }
            let over = self.until.is_some_and(|until| said > until);
            lines.push(entry(&line, Some(said), &reader.pod, over));
            if over {
                self.ended = true;
                break;
            }
        }
        lines
    }
}

impl Source for Logs {
    async fn next(&mut self) -> Option<Vec<Bytes>> {
        loop {
            if self.ended {
                return None;
            }
            self.changed.borrow_and_update();
            let over = self.readers.iter().all(|reader| reader.tape.ended().is_some());
            let lines = self.gather();
            if !lines.is_empty() {
                return Some(lines);
            }
            if over || !self.follows {
                self.ended = true;
                return Some(vec![entry("", Some(self.store.now()), "", true)]);
            }
            let now = self.store.now();
            let due = self.readers.iter().filter_map(|reader| reader.tape.due(&reader.cursor)).min();
            let wait = due.map(|due| Duration::try_from(due.duration_since(now)).unwrap_or_default());
            let wait = wait.map_or(LOOK * 8, |wait| wait.clamp(Duration::from_millis(1), LOOK));
            tokio::select! {
                // logs outlive their readers
                _ = self.changed.changed() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

fn entry(line: &str, at: Option<Timestamp>, pod: &str, last: bool) -> Bytes {
    let whole = at.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |at| at.to_string());
    let second = at.map_or_else(|| whole.clone(), |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    let said = json!({"result": {"content": line, "timeStamp": second, "last": last, "timeStampStr": whole,
        "podName": pod}});
    said.to_string().into()
}

/// The pods in a tree that fit a query, or that something that fits it made: their namespaces and names.
fn selected(tree: &Value, query: &Query, pod: &str) -> Vec<(String, String)> {
    let nodes = tree["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let fits = |node: &Value| {
        let is = |wanted: &str, field: &str| wanted.is_empty() || text(node, field) == wanted;
        is(query.get("resourceName"), "/name")
            && is(query.get("kind"), "/kind")
            && is(query.get("group"), "/group")
            && is(query.get("namespace"), "/namespace")
    };
    let mut chosen: HashSet<&str> = nodes.iter().filter(|node| fits(node)).map(|node| text(node, "/uid")).collect();
    loop {
        let before = chosen.len();
        for node in nodes {
            let parents = node["parentRefs"].as_array().into_iter().flatten();
            if parents.into_iter().any(|parent| chosen.contains(text(parent, "/uid"))) {
                chosen.insert(text(node, "/uid"));
            }
        }
        if chosen.len() == before {
            break;
        }
    }
    let pods = nodes.iter().filter(|node| node["kind"] == "Pod" && chosen.contains(text(node, "/uid")));
    let named = pods.filter(|node| pod.is_empty() || text(node, "/name") == pod);
    named.map(|node| (text(node, "/namespace").to_owned(), text(node, "/name").to_owned())).collect()
}

/// What a container of a pod prints, or why that cannot be read.
fn tape(store: &Store, (namespace, name): (&str, &str), container: &str, previous: bool) -> Result<Arc<Tape>, String> {
    let pod = store.get("Pod", namespace, name).ok_or_else(|| format!("pods \"{name}\" not found"))?;
    let container = api::log_container(&pod, name, container).map_err(|failure| failure.message)?;
    let run = api::log_run(&pod, name, &container, previous)?;
    let key = format!("{namespace}/{name}");
    store.logs().tape(&key, &container, &run).ok_or_else(|| format!("unable to retrieve container logs for {run}"))
}
