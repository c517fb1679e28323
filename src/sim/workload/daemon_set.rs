//! The `DaemonSet` controller: one pod on every node that takes it.

use super::cluster::{Role, Work};
use super::hand::MANAGER;
use super::pod::{self, count};
use super::revisions;
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::{number, text};
use crate::sim::manifest::workload::hash_of;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const COMPONENT: &str = "daemonset-controller";
const HASH: &str = "controller-revision-hash";

/// Creates and deletes what is missing or too much, and writes what is there.
pub(super) fn sync(work: &mut Work<'_, '_>, key: &str) {
    let Some(set) = work.cluster.cache.get("DaemonSet", key) else { return };
    let update = hash_of(&set);
    let mut pods: BTreeMap<String, Arc<Value>> = BTreeMap::new();
    let mut surplus = Vec::new();
    for one in work.cluster.cache.owned("Pod", text(&set, "/metadata/uid")) {
        let node = node_of(&one).to_owned();
        if let Some(second) = pods.insert(node, Arc::clone(&one)) {
            // one that goes makes room for the next
            let (kept, other) = if pod::is_going(&one) { (second, one) } else { (one, second) };
            pods.insert(node_of(&kept).to_owned(), kept);
            surplus.extend((!pod::is_going(&other)).then_some(other));
        }
    }
    let nodes: Vec<String> = work
        .cluster
        .cache
        .all("Node")
        .filter(|node| takes(&set, node))
        .map(|node| text(node, "/metadata/name").to_owned())
        .collect();
    if set["metadata"]["deletionTimestamp"].is_null() {
        let name = format!("{}-{update}", text(&set, "/metadata/name"));
        revisions::keep(work, &set, &name);
        surplus.extend(pods.iter().filter(|(node, _)| !nodes.contains(node)).map(|(_, pod)| Arc::clone(pod)));
        for pod in surplus.iter().filter(|pod| !pod::is_going(pod)) {
            delete(work, &set, pod);
        }
        for node in nodes.iter().filter(|node| !pods.contains_key(*node)) {
            if !create(work, &set, node, &update) {
                work.refused(Role::DaemonSet, key);
                break;
            }
        }
        for pod in pods.values().filter(|pod| pod::is_over(pod) && !pod::is_going(pod)) {
            let words = format!(
                "Found failed daemon pod {}/{} on node {}, will try to kill it",
                text(pod, "/metadata/namespace"),
                text(pod, "/metadata/name"),
                node_of(pod)
            );
            work.say(&set, Said::warning("FailedDaemonPod", &words), COMPONENT);
            delete(work, &set, pod);
        }
        roll(work, &set, &pods, &update);
    }
    write_status(work, &set, &nodes, &pods, &update);
}

/// The node of a pod, or the one it waits for.
fn node_of(pod: &Value) -> &str {
    let bound = text(pod, "/spec/nodeName");
    if !bound.is_empty() {
        return bound;
    }
    text(
        pod,
        "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchFields/0/values/0",
    )
}

/// Whether a node has the labels that the template wants.
fn takes(set: &Value, node: &Value) -> bool {
    let wanted = set["spec"]["template"]["spec"]["nodeSelector"].as_object().into_iter().flatten();
    wanted.into_iter().all(|(name, value)| node["metadata"]["labels"][name] == *value)
}

/// Creates the pod of a node; false when it may not be.
fn create(work: &mut Work<'_, '_>, set: &Value, node: &str, update: &str) -> bool {
    let template = &set["spec"]["template"];
    let mut labels = template["metadata"]["labels"].clone();
    labels[HASH] = json!(update);
    labels["pod-template-generation"] = json!(set["metadata"]["generation"].to_string());
    let mut pod = pod::from_template(set, template, &labels, &format!("{}-", text(set, "/metadata/name")));
    let field = json!({"key": "metadata.name", "operator": "In", "values": [node]});
    pod["spec"]["affinity"]["nodeAffinity"] = json!({"requiredDuringSchedulingIgnoredDuringExecution":
        {"nodeSelectorTerms": [{"matchFields": [field]}]}});
    pod::create(work, set, pod, COMPONENT).is_ok()
}

fn delete(work: &mut Work<'_, '_>, set: &Value, pod: &Value) {
    work.hand(MANAGER).delete(pod, None);
    let words = format!("Deleted pod: {}", text(pod, "/metadata/name"));
    work.say(set, Said::normal("SuccessfulDelete", &words), COMPONENT);
}

/// Replaces pods of an older template, as many at a time as may be missing.
fn roll(work: &mut Work<'_, '_>, set: &Value, pods: &BTreeMap<String, Arc<Value>>, update: &str) {
    if set["spec"]["updateStrategy"]["type"] == "OnDelete" {
        return;
    }
    let most = set["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"].as_i64().unwrap_or(1).max(1);
    let well = |pod: &Value| pod::is_ready(pod) && !pod::is_going(pod);
    let mut missing = count(pods.values().filter(|pod| !well(pod)).count());
    let old = |pod: &&Arc<Value>| pod["metadata"]["labels"][HASH] != update && !pod::is_going(pod);
    // what does not run anyway is replaced at once
    for pod in pods.values().filter(old) {
        if well(pod) && missing >= most {
            continue;
        }
        missing += i64::from(well(pod));
        delete(work, set, pod);
    }
}

fn write_status(
    work: &mut Work<'_, '_>,
    set: &Value,
    nodes: &[String],
    pods: &BTreeMap<String, Arc<Value>>,
    update: &str,
) {
    let there: Vec<&Arc<Value>> =
        nodes.iter().filter_map(|node| pods.get(node)).filter(|pod| !pod::is_going(pod)).collect();
    let ready = there.iter().filter(|pod| pod::is_ready(pod)).count();
    let updated = there.iter().filter(|pod| pod["metadata"]["labels"][HASH] == update).count();
    let mut status = json!({
        "observedGeneration": set["metadata"]["generation"],
        "currentNumberScheduled": there.len(),
        "desiredNumberScheduled": nodes.len(),
        "numberMisscheduled": pods.keys().filter(|node| !nodes.contains(node)).count(),
        "numberReady": ready,
    });
    // the API leaves counts of zero out
    let missing = nodes.len().saturating_sub(ready);
    for (field, value) in
        [("numberAvailable", ready), ("numberUnavailable", missing), ("updatedNumberScheduled", updated)]
    {
        if value > 0 {
            status[field] = json!(value);
        }
    }
    if number(set, "/status/observedGeneration") != number(set, "/metadata/generation") || status != set["status"] {
        work.hand(MANAGER).status(set, &status, |_| {});
    }
}
