//! What a kubelet knows of a pod it runs.

use crate::sim::manifest::meta::text;
use crate::sim::populate::Stage;
use crate::sim::workload::behaviour::{Behaviour, Book};
use crate::sim::workload::cache::controller_of;
use jiff::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// One pod on its node.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "four facts that come about one by one, in more than one order")]
pub(super) struct Run {
    pub uid: String,
    pub host: String,
    pub address: String,
    pub started: Timestamp,
    /// Whether its sandbox stands.
    pub sandbox: bool,
    /// Whether its containers were ever seen, and with them its address.
    pub addressed: bool,
    /// Whether it is being stopped, so that nothing is started any more.
    pub stopping: bool,
    /// Whether it is over, and nothing will change any more.
    pub over: bool,
    /// The newest generation the kubelet knows.
    pub generation: i64,
    /// Why it failed as a whole.
    pub failed: Option<(&'static str, String)>,
    /// Init containers first, in their order.
    pub containers: Vec<Container>,
    /// How many of them are init containers.
    pub inits: usize,
    /// How many follow that make the pod ready; the rest are there for debugging.
    pub mains: usize,
}

/// One container of a pod.
#[derive(Debug)]
pub(super) struct Container {
    pub name: String,
    pub image: String,
    pub behaviour: Behaviour,
    /// An init container that stays, and is started again like any other.
    pub sidecar: bool,
    pub state: State,
    pub last: Option<Ended>,
    pub restarts: i64,
    pub ready: bool,
    pub started: bool,
    /// Counts lives: acts meant for an earlier one do nothing.
    pub life: u64,
    /// How often in a row it ended soon.
    pub crashes: u32,
    /// Failed pulls in a row, and until when no other is tried.
    pub pulls: u32,
    pub no_pull_before: Option<Timestamp>,
}

/// What a container is doing.
#[derive(Debug, Clone)]
pub(super) enum State {
    Waiting { reason: String, message: Option<String> },
    Running { since: Timestamp },
    Ended(Ended),
}

/// A life that is over.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub code: i64,
    pub reason: String,
    pub message: Option<String>,
    /// None when nobody knows.
    pub times: Option<(Timestamp, Timestamp)>,
    pub id: Option<String>,
}

impl Run {
    pub fn new(pod: &Value, stage: &Stage, book: &Book, at: Timestamp) -> Self {
        let uid = text(pod, "/metadata/uid").to_owned();
        let place = stage.addresses(text(pod, "/spec/nodeName"), &uid);
        let job = controller_of(pod).is_some_and(|owner| owner["kind"] == "Job");
        let inits = pod["spec"]["initContainers"].as_array().cloned().unwrap_or_default();
        let main = pod["spec"]["containers"].as_array().cloned().unwrap_or_default();
        let count = inits.len();
        let containers = inits.iter().chain(&main).enumerate().map(|(index, container)| {
            let sidecar = index < count && container["restartPolicy"] == "Always";
            let short = (index < count && !sidecar) || (index >= count && job);
            let wait = if index >= count && count > 0 { "PodInitializing" } else { "ContainerCreating" };
            let wait = if index < count { "PodInitializing" } else { wait };
            Container::new(container, book.of(pod, container, short), sidecar, wait)
        });
        Self {
            host: place.host,
            address: place.address,
            started: at,
            sandbox: false,
            addressed: false,
            stopping: false,
            over: false,
            generation: pod["metadata"]["generation"].as_i64().unwrap_or(1),
            failed: None,
            containers: containers.collect(),
            inits: count,
            mains: main.len(),
            uid,
        }
    }

    /// Whether every init container has done what it is for.
    pub fn initialized(&self) -> bool {
        self.containers.iter().take(self.inits).all(|init| match &init.state {
            State::Ended(ended) => ended.code == 0,
            State::Running { .. } => init.sidecar && init.started,
            State::Waiting { .. } => false,
        })
    }

    /// The containers that make the pod ready.
    pub fn main(&self) -> impl Iterator<Item = &Container> {
        self.containers.iter().skip(self.inits).take(self.mains)
    }

    /// Takes containers for debugging in that the pod has by now; whether there are any new ones.
    pub fn join(&mut self, pod: &Value, book: &Book) -> bool {
        let all = pod["spec"]["ephemeralContainers"].as_array().map_or(&[][..], Vec::as_slice);
        let new = all.iter().skip(self.containers.len() - self.inits - self.mains);
        let new: Vec<Container> = new
            .map(|container| {
                // what reads waits for somebody who types; the rest does what it is for and ends
                let behaviour = book.of(pod, container, container["stdin"] != true);
                Container::new(container, behaviour, false, "ContainerCreating")
            })
            .collect();
        if new.is_empty() {
            return false;
        }
        self.containers.extend(new);
        self.generation = pod["metadata"]["generation"].as_i64().unwrap_or(self.generation);
        true
    }
}

impl Container {
    fn new(spec: &Value, behaviour: Behaviour, sidecar: bool, wait: &str) -> Self {
        Self {
            name: text(spec, "/name").to_owned(),
            image: text(spec, "/image").to_owned(),
            behaviour,
            sidecar,
            state: State::Waiting { reason: wait.to_owned(), message: None },
            last: None,
            restarts: 0,
            ready: false,
            started: false,
            life: 0,
            crashes: 0,
            pulls: 0,
            no_pull_before: None,
        }
    }

    /// The kubelet's wait before the next try: none after the first crash, then 10 s, doubled each time, at most five
    /// minutes.
    pub fn back_off(&self) -> Option<Duration> {
        self.crashes.checked_sub(2).map(back_off)
    }
}

/// 10 s doubled `times` times, at most five minutes.
pub(super) fn back_off(times: u32) -> Duration {
    Duration::from_secs((10u64 << times.min(5)).min(300))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_five_minutes() {
        let waits: Vec<u64> = (0..8).map(|times| back_off(times).as_secs()).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 300, 300, 300]);
    }
}
