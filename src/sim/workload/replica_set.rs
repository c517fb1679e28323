//! The `ReplicaSet` controller: as many pods of one template as are wanted.

use super::cluster::{Role, Work};
use super::hand::MANAGER;
use super::pod::{self, count};
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::{number, text};
use crate::sim::status::Failure;
use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const COMPONENT: &str = "replicaset-controller";
/// The condition of one that cannot create what is missing.
pub(super) const REPLICA_FAILURE: &str = "ReplicaFailure";

/// Creates or deletes what is missing or too much, and writes what was there before it did.
pub(super) fn sync(work: &mut Work<'_, '_>, key: &str) {
    let Some(set) = work.cluster.cache.get("ReplicaSet", key) else { return };
    let all = work.cluster.cache.owned("Pod", text(&set, "/metadata/uid"));
    let alive: Vec<Arc<Value>> = all.iter().filter(|pod| !pod::is_over(pod)).cloned().collect();
    let (going, active): (Vec<_>, Vec<_>) = alive.into_iter().partition(|pod| pod::is_going(pod));
    let failure = if set["metadata"]["deletionTimestamp"].is_null() { manage(work, key, &set, &active) } else { None };
    write_status(work, key, &set, (&active, going.len()), failure);
}

/// Returns why not everything that is missing could be created.
fn manage(work: &mut Work<'_, '_>, key: &str, set: &Value, active: &[Arc<Value>]) -> Option<Failure> {
    let missing = pod::replicas(set) - count(active.len());
    for _ in 0..missing.max(0) {
        let template = &set["spec"]["template"];
        let prefix = format!("{}-", text(set, "/metadata/name"));
        let labels = &template["metadata"]["labels"];
        let made = pod::create(work, set, pod::from_template(set, template, labels, &prefix), COMPONENT);
        if let Err(failure) = made {
            work.refused(Role::ReplicaSet, key);
            return Some(failure);
        }
    }
    let mut victims: Vec<&Arc<Value>> = active.iter().collect();
    victims.sort_by_key(|pod| rank(pod));
    for victim in victims.into_iter().take(usize::try_from(-missing).unwrap_or_default()) {
        work.hand(MANAGER).delete(victim, None);
        let words = format!("Deleted pod: {}", text(victim, "/metadata/name"));
        work.say(set, Said::normal("SuccessfulDelete", &words), COMPONENT);
    }
    None
}

/// Who goes first: without a node, pending, not ready; then the one that was ready for the shortest time, the one that
/// restarted most, the youngest.
fn rank(pod: &Value) -> (bool, bool, bool, std::cmp::Reverse<String>, i64, std::cmp::Reverse<String>) {
    let since = pod::condition(pod, "Ready").map(|ready| text(ready, "/lastTransitionTime").to_owned());
    let statuses = pod["status"]["containerStatuses"].as_array().into_iter().flatten();
    let restarts: i64 = statuses.map(|status| number(status, "/restartCount")).max().unwrap_or_default();
    (
        !text(pod, "/spec/nodeName").is_empty(),
        text(pod, "/status/phase") == "Running",
        pod::is_ready(pod),
        std::cmp::Reverse(since.unwrap_or_default()),
        -restarts,
        std::cmp::Reverse(text(pod, "/metadata/creationTimestamp").to_owned()),
    )
}

fn write_status(
    work: &mut Work<'_, '_>,
    key: &str,
    set: &Value,
    (active, going): (&[Arc<Value>], usize),
    failure: Option<Failure>,
) {
    let at = work.at();
    let least = number(set, "/spec/minReadySeconds");
    let ready = active.iter().filter(|pod| pod::is_ready(pod)).count();
    let mut next: Option<Timestamp> = None;
    let mut available = 0;
    for pod in active {
        match pod::available(pod, least, at) {
            Ok(()) => available += 1,
            Err(due) => next = next.into_iter().chain(due).min(),
        }
    }
    let wanted = set["spec"]["template"]["metadata"]["labels"].as_object();
    let labelled = active
        .iter()
        .filter(|pod| wanted.into_iter().flatten().all(|(name, value)| pod["metadata"]["labels"][name] == *value))
        .count();
    let mut status = json!({
        "replicas": active.len(),
        "terminatingReplicas": going,
        "observedGeneration": set["metadata"]["generation"],
    });
    for (field, value) in
        [("fullyLabeledReplicas", labelled), ("readyReplicas", ready), ("availableReplicas", available)]
    {
        if value > 0 {
            status[field] = json!(value);
        }
    }
    if let Some(failure) = failure {
        // what it says first it keeps saying: the name in it is another each time
        let old = pod::condition(set, REPLICA_FAILURE).cloned();
        let new = || {
            json!({"type": REPLICA_FAILURE, "status": "True", "reason": "FailedCreate", "message": failure.message,
            "lastTransitionTime": stamp(at)})
        };
        status["conditions"] = json!([old.unwrap_or_else(new)]);
    }
    if status != set["status"] {
        work.hand(MANAGER).status(set, &status, |_| {});
    }
    if let Some(due) = next {
        let wait = Duration::try_from(due.duration_since(at)).unwrap_or_default();
        work.again(Role::ReplicaSet, key, wait);
    }
}
