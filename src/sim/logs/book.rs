//! All tapes of a cluster: which runs of which containers can still be read.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

use super::super::time::minus;
use super::genre::Genre;
use super::tape::Tape;

/// What the containers of a cluster print; clones share it.
#[derive(Debug, Clone)]
pub struct Logs(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    book: Mutex<Book>,
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Book {
    /// By `namespace/name`, then by container; the newest run last, at most two.
    pods: HashMap<String, BTreeMap<String, Vec<Arc<Tape>>>>,
    rates: Vec<Rate>,
}

/// An order for numbered lines.
#[derive(Debug)]
struct Rate {
    /// `namespace/name`; a `*` at its end stands for anything.
    pods: String,
    rate: u32,
}

impl Rate {
    fn is_for(&self, pod: &str) -> bool {
        self.pods.strip_suffix('*').map_or(self.pods == pod, |head| pod.starts_with(head))
    }
}

impl Default for Logs {
    fn default() -> Self {
        Self(Arc::new(Shared { book: Mutex::default(), changed: watch::Sender::new(0) }))
    }
}

impl Logs {
    /// A line by hand, at the end of what a container of a pod prints now; false when no such container runs.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn write(&self, pod: &str, container: &str, line: &str, now: Timestamp) -> bool {
        let book = self.book();
        let tape = book.pods.get(pod).and_then(|pod| pod.get(container)?.last());
        let Some(tape) = tape.filter(|tape| tape.ended().is_none()) else { return false };
        tape.write(now, line);
        drop(book);
        self.tell();
        true
    }

    /// From now on the containers of these pods (`namespace/name`, with `*` at the end for all that begin so, also
    /// those yet to come) print `rate` numbered lines a second, each run from `line 1` on; 0 for no more. Returns how
    /// many do so already.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn number(&self, pods: &str, rate: u32, now: Timestamp) -> usize {
        let mut book = self.book();
        book.rates.retain(|known| known.pods != pods);
        let order = Rate { pods: pods.to_owned(), rate };
        let mut count = 0;
        for (_, containers) in book.pods.iter().filter(|(pod, _)| order.is_for(pod)) {
            for tape in containers.values().filter_map(|tapes| tapes.last()).filter(|tape| tape.ended().is_none()) {
                tape.number(rate, now);
                count += 1;
            }
        }
        if rate > 0 {
            book.rates.push(order);
        }
        drop(book);
        self.tell();
        count
    }

    /// Takes note of a pod that was written: runs that begin and end.
    pub(in crate::sim) fn observe(&self, pod: &Value, now: Timestamp) {
        let text = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let key = format!("{}/{}", text("/metadata/namespace"), text("/metadata/name"));
        let mut book = self.book();
        let Book { pods, rates } = &mut *book;
        let mut news = false;
        for (statuses, specs) in [
            ("initContainerStatuses", "initContainers"),
            ("containerStatuses", "containers"),
            ("ephemeralContainerStatuses", "ephemeralContainers"),
        ] {
            for status in pod["status"][statuses].as_array().into_iter().flatten() {
                let name = status["name"].as_str().unwrap_or_default();
                let spec = pod["spec"][specs].as_array().into_iter().flatten().find(|spec| spec["name"] == name);
                let tapes = pods.entry(key.clone()).or_default().entry(name.to_owned()).or_default();
                let rate = rates.iter().rev().find(|rate| rate.is_for(&key)).map(|rate| rate.rate);
                news |= follow(tapes, text("/metadata/name"), status, spec, rate, now);
            }
        }
        drop(book);
        if news {
            self.tell();
        }
    }

    /// A pod is gone, with everything it printed; who reads it still gets what was said before.
    pub(in crate::sim) fn forget(&self, pod: &str, now: Timestamp) {
        let gone = self.book().pods.remove(pod);
        for tape in gone.into_iter().flat_map(BTreeMap::into_values).flatten() {
            tape.end(now, -1);
        }
        self.tell();
    }

    /// The run of a container that has this id.
    pub(in crate::sim) fn tape(&self, pod: &str, container: &str, id: &str) -> Option<Arc<Tape>> {
        let book = self.book();
        book.pods.get(pod)?.get(container)?.iter().rev().find(|tape| tape.id == id).cloned()
    }

    /// Wakes whenever something was written, begun or ended.
    pub(in crate::sim) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    fn tell(&self) {
        self.0.changed.send_modify(|changes| *changes += 1);
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Brings the tapes of a container up to its status; whether that changed something.
fn follow(
    tapes: &mut Vec<Arc<Tape>>,
    pod: &str,
    status: &Value,
    spec: Option<&Value>,
    rate: Option<u32>,
    now: Timestamp,
) -> bool {
    let state = &status["state"];
    let (running, terminated) = (&state["running"], &state["terminated"]);
    let doing = if running.is_object() { running } else { terminated };
    if !doing.is_object() {
        return false;
    }
    let restart = status["restartCount"].as_i64().unwrap_or_default();
    let id = status["containerID"].as_str().unwrap_or_default();
    let name = status["name"].as_str().unwrap_or_default();
    let known = tapes.iter().any(|tape| tape.restart == restart);
    if !known {
        for older in tapes.iter() {
            older.end(now, -1);
        }
        let started = moment(&doing["startedAt"], now);
        let words = |field: &str| spec.and_then(|spec| spec[field].as_array()).into_iter().flatten();
        let command: Vec<&str> = words("command").chain(words("args")).filter_map(Value::as_str).collect();
        let tape = Tape::new(id, restart, started, Genre::of(pod, name, &command.join(" ")));
        if let Some(rate) = rate {
            tape.number(rate, started);
        }
        tapes.push(Arc::new(tape));
    }
    let Some(tape) = tapes.iter().find(|tape| tape.restart == restart).cloned() else { return false };
    let ends = terminated.is_object() && tape.ended().is_none();
    if ends {
        tape.end(moment(&terminated["finishedAt"], now), terminated["exitCode"].as_i64().unwrap_or_default());
    }
    // a kubelet keeps one dead container beside a living one, and removes the older when the next one dies
    let kept = if tape.ended().is_some() { 1 } else { 2 };
    tapes.drain(..tapes.len().saturating_sub(kept));
    !known || ends
}

/// Statuses tell whole seconds: what happened within this one happened now.
fn moment(told: &Value, now: Timestamp) -> Timestamp {
    let told = told.as_str().and_then(|told| told.parse::<Timestamp>().ok());
    told.filter(|told| *told < minus(now, Duration::from_secs(1))).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::super::super::time::plus;
    use super::*;
    use serde_json::json;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_416_207 + second).unwrap()
    }

    fn pod(restart: i64, state: &Value) -> Value {
        json!({"metadata": {"namespace": "ns", "name": "p"},
            "spec": {"containers": [{"name": "c", "command": ["sh", "-c", "uvicorn"]}]},
            "status": {"containerStatuses": [{"name": "c", "containerID": format!("id-{restart}"),
                "restartCount": restart, "state": state}]}})
    }

    #[test]
    fn the_run_before_the_last_is_gone_once_the_last_one_died() {
        let logs = Logs::default();
        let running = json!({"running": {}});
        let dead = json!({"terminated": {"exitCode": 1}});
        let there = |id: &str| logs.tape("ns/p", "c", id).is_some();
        logs.observe(&pod(0, &running), at(0));
        logs.observe(&pod(0, &dead), at(1));
        logs.observe(&pod(1, &running), at(2));
        assert!(there("id-0") && there("id-1"));
        logs.observe(&pod(1, &dead), at(3));
        assert!(!there("id-0") && there("id-1"));
        let tape = logs.tape("ns/p", "c", "id-1").unwrap();
        assert_eq!(tape.ended(), Some(at(3)));
        logs.forget("ns/p", at(9));
        assert!(!there("id-1"));
    }

    /// A world on a busy machine hears of an end when its whole second is long over.
    #[test]
    fn what_was_said_in_the_second_of_the_end_is_read_however_late_that_is_told() {
        let logs = Logs::default();
        let told = |second: i64| json!(at(second).to_string());
        logs.observe(&pod(0, &json!({"running": {"startedAt": told(9)}})), at(9));
        let said = plus(at(10), Duration::from_millis(400));
        assert!(logs.write("ns/p", "c", "hello", said));
        let over = json!({"terminated": {"startedAt": told(9), "finishedAt": told(10), "exitCode": 0}});
        logs.observe(&pod(0, &over), at(12));
        let tape = logs.tape("ns/p", "c", "id-0").unwrap();
        let mut cursor = tape.back(at(20), u64::MAX);
        let mut lines = std::iter::from_fn(|| tape.next(&mut cursor, at(20)));
        assert!(lines.any(|line| line == (said, "hello".to_owned())));
    }

    #[test]
    fn orders_reach_pods_that_are_yet_to_come() {
        let logs = Logs::default();
        assert_eq!(logs.number("ns/*", 10, at(0)), 0);
        logs.observe(&pod(0, &json!({"running": {}})), at(5));
        let tape = logs.tape("ns/p", "c", "id-0").unwrap();
        let mut cursor = tape.back(at(6), 1);
        assert_eq!(tape.next(&mut cursor, at(6)).unwrap().1, "line 11");
        assert!(logs.write("ns/p", "c", "mine", at(6)));
        assert!(!logs.write("ns/p", "d", "mine", at(6)));
    }
}
