//! The `ReplicaSet` controller: as many pods of one template as are wanted.

use super::cluster::{Role, Work};
use super::pod::{self, count};
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::{number, text};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const COMPONENT: &str = "replicaset-controller";
const MANAGER: &str = "kube-controller-manager";

/// Creates or deletes what is missing or too much, and writes what was there before it did.
pub(super) fn sync(work: &mut Work<'_, '_>, key: &str) {
    let Some(set) = work.cluster.cache.get("ReplicaSet", key) else { return };
    let all = work.cluster.cache.owned("Pod", text(&set, "/metadata/uid"));
    let alive: Vec<Arc<Value>> = all.iter().filter(|pod| !pod::is_over(pod)).cloned().collect();
    let (going, active): (Vec<_>, Vec<_>) = alive.into_iter().partition(|pod| pod::is_going(pod));
    if set["metadata"]["deletionTimestamp"].is_null() {
        manage(work, &set, &active);
    }
    write_status(work, key, &set, &active, going.len());
}

fn manage(work: &mut Work<'_, '_>, set: &Value, active: &[Arc<Value>]) {
    let missing = pod::replicas(set) - count(active.len());
    for _ in 0..missing.max(0) {
        let template = &set["spec"]["template"];
        let prefix = format!("{}-", text(set, "/metadata/name"));
        let labels = &template["metadata"]["labels"];
        let Some(made) = work.hand(MANAGER).create(pod::from_template(set, template, labels, &prefix)) else {
            continue;
        };
        let words = format!("Created pod: {}", text(&made, "/metadata/name"));
        work.say(set, Said::normal("SuccessfulCreate", &words), COMPONENT);
    }
    if missing >= 0 {
        return;
    }
    let mut victims: Vec<&Arc<Value>> = active.iter().collect();
    victims.sort_by_key(|pod| rank(pod));
    for victim in victims.into_iter().take(usize::try_from(-missing).unwrap_or_default()) {
        work.hand(MANAGER).delete(victim, None);
        let words = format!("Deleted pod: {}", text(victim, "/metadata/name"));
        work.say(set, Said::normal("SuccessfulDelete", &words), COMPONENT);
    }
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

fn write_status(work: &mut Work<'_, '_>, key: &str, set: &Value, active: &[Arc<Value>], going: usize) {
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
    if status != set["status"] {
        work.hand(MANAGER).status(set, &status, |_| {});
    }
    if let Some(due) = next {
        let wait = Duration::try_from(due.duration_since(at)).unwrap_or_default();
        work.again(Role::ReplicaSet, key, wait);
    }
}
