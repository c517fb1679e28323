//! The `StatefulSet` controller: pods with names, one after another.

use super::cache::key_of;
use super::cluster::{Role, Work};
use super::hand::MANAGER;
use super::pod::{self, count, replicas};
use super::revisions;
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::{number, text};
use crate::sim::manifest::workload::hash_of;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const COMPONENT: &str = "statefulset-controller";

/// Does the next thing for a `StatefulSet`, and writes what is there.
pub(super) fn sync(work: &mut Work<'_, '_>, key: &str) {
    let Some(set) = work.cluster.cache.get("StatefulSet", key) else { return };
    let name = text(&set, "/metadata/name").to_owned();
    let update = format!("{name}-{}", hash_of(&set));
    let mut pods: BTreeMap<i64, Arc<Value>> = BTreeMap::new();
    for one in work.cluster.cache.owned("Pod", text(&set, "/metadata/uid")) {
        let ordinal = text(&one, "/metadata/name").strip_prefix(&format!("{name}-")).and_then(|tail| tail.parse().ok());
        if let Some(ordinal) = ordinal {
            pods.insert(ordinal, one);
        }
    }
    if set["metadata"]["deletionTimestamp"].is_null() {
        revisions::keep(work, &set, &update);
        step(work, &set, &pods, &update);
    }
    write_status(work, key, &set, &pods, &update);
}

fn revision(pod: &Value) -> &str {
    text(pod, "/metadata/labels/controller-revision-hash")
}

/// One thing: replace what failed, create what is missing in order, remove what is too much from the end, then what is
/// of an older template from the end. In order means that whatever comes before is ready first.
fn step(work: &mut Work<'_, '_>, set: &Value, pods: &BTreeMap<i64, Arc<Value>>, update: &str) {
    let wanted = replicas(set);
    let parallel = set["spec"]["podManagementPolicy"] == "Parallel";
    let well = |pod: &Value| pod::is_ready(pod) && !pod::is_going(pod);
    for ordinal in 0..wanted {
        match pods.get(&ordinal) {
            None => {
                create(work, set, ordinal, update);
                if !parallel {
                    return;
                }
            }
            Some(pod) if pod::is_over(pod) && !pod::is_going(pod) => {
                let reason = if text(pod, "/status/phase") == "Failed" { "failed" } else { "succeeded" };
                let words = format!(
                    "StatefulSet {}/{} is recreating {reason} Pod {}",
                    text(set, "/metadata/namespace"),
                    text(set, "/metadata/name"),
                    text(pod, "/metadata/name")
                );
                work.say(set, Said::warning("RecreatingFailedPod", &words), COMPONENT);
                return delete(work, set, pod);
            }
            Some(pod) if !parallel && !well(pod) => {
                // one that is broken and of an older template will never get ready: it is replaced all the same
                let stuck = !pod::is_going(pod) && revision(pod) != update && text(pod, "/status/phase") == "Pending";
                if stuck {
                    delete(work, set, pod);
                }
                return;
            }
            Some(_) => {}
        }
    }
    let surplus: Vec<&Arc<Value>> = pods.range(wanted..).rev().map(|(_, pod)| pod).collect();
    for pod in surplus {
        if pod::is_going(pod) {
            if !parallel {
                return;
            }
            continue;
        }
        delete(work, set, pod);
        if !parallel {
            return;
        }
    }
    if set["spec"]["updateStrategy"]["type"] == "OnDelete" {
        return;
    }
    let partition = number(set, "/spec/updateStrategy/rollingUpdate/partition");
    for (_, pod) in pods.range(partition.min(wanted)..wanted).rev() {
        if pod::is_going(pod) {
            return;
        }
        if revision(pod) != update {
            return delete(work, set, pod);
        }
        if !well(pod) {
            return;
        }
    }
}

fn create(work: &mut Work<'_, '_>, set: &Value, ordinal: i64, update: &str) {
    let template = &set["spec"]["template"];
    let set_name = text(set, "/metadata/name");
    let name = format!("{set_name}-{ordinal}");
    let mut labels = template["metadata"]["labels"].clone();
    labels["controller-revision-hash"] = json!(update);
    labels["apps.kubernetes.io/pod-index"] = json!(ordinal.to_string());
    labels["statefulset.kubernetes.io/pod-name"] = json!(name);
    let mut pod = pod::from_template(set, template, &labels, &format!("{set_name}-"));
    pod["metadata"]["name"] = json!(name);
    pod["spec"]["hostname"] = json!(name);
    if set["spec"]["serviceName"].is_string() {
        pod["spec"]["subdomain"] = set["spec"]["serviceName"].clone();
    }
    for template in set["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten() {
        claim(work, set, template, &mut pod);
    }
    match work.hand(MANAGER).try_create(pod) {
        Ok(_) => {
            let words = format!("Create Pod {name} in StatefulSet {set_name} successful");
            work.say(set, Said::normal("SuccessfulCreate", &words), COMPONENT);
        }
        // one of that name is only not seen yet
        Err(failure) if failure.reason == "AlreadyExists" => {}
        Err(failure) => {
            let words = format!("create Pod {name} in StatefulSet {set_name} failed error: {failure}");
            work.say(set, Said::warning("FailedCreate", &words), COMPONENT);
            work.refused(Role::StatefulSet, &key_of(set));
        }
    }
}

/// A volume that outlives the pod: claimed with its first life.
fn claim(work: &mut Work<'_, '_>, set: &Value, template: &Value, pod: &mut Value) {
    let (volume, pod_name) = (text(template, "/metadata/name"), text(pod, "/metadata/name").to_owned());
    let name = format!("{volume}-{pod_name}");
    let mounted = json!({"name": volume, "persistentVolumeClaim": {"claimName": name}});
    match pod["spec"]["volumes"].as_array_mut() {
        Some(volumes) => volumes.insert(0, mounted),
        None => pod["spec"]["volumes"] = json!([mounted]),
    }
    let namespace = text(set, "/metadata/namespace");
    if work.cluster.stage.store.get("PersistentVolumeClaim", namespace, &name).is_some() {
        return;
    }
    let metadata = json!({"name": name, "namespace": namespace, "labels": set["spec"]["selector"]["matchLabels"]});
    let mut spec = template["spec"].clone();
    spec["volumeMode"] = json!("Filesystem");
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec,
        "status": {"phase": "Pending"}});
    if work.hand(MANAGER).create(claim).is_some() {
        let words =
            format!("create Claim {name} Pod {pod_name} in StatefulSet {} success", text(set, "/metadata/name"));
        work.say(set, Said::normal("SuccessfulCreate", &words), COMPONENT);
    }
}

fn delete(work: &mut Work<'_, '_>, set: &Value, pod: &Value) {
    work.hand(MANAGER).delete(pod, None);
    let (name, set_name) = (text(pod, "/metadata/name"), text(set, "/metadata/name"));
    let words = format!("Delete Pod {name} in StatefulSet {set_name} successful");
    work.say(set, Said::normal("SuccessfulDelete", &words), COMPONENT);
}

fn write_status(work: &mut Work<'_, '_>, key: &str, set: &Value, pods: &BTreeMap<i64, Arc<Value>>, update: &str) {
    let at = work.at();
    let wanted = replicas(set);
    let before = text(set, "/status/currentRevision");
    let current = if before.is_empty() { update } else { before };
    let least = number(set, "/spec/minReadySeconds");
    let alive: Vec<&Arc<Value>> = pods.values().filter(|pod| !pod::is_over(pod)).collect();
    let of = |wanted: &str| alive.iter().filter(|pod| !pod::is_going(pod) && revision(pod) == wanted).count();
    let mut next: Option<Timestamp> = None;
    let mut available = 0;
    for pod in alive.iter().filter(|pod| !pod::is_going(pod)) {
        match pod::available(pod, least, at) {
            Ok(()) => available += 1,
            Err(due) => next = next.into_iter().chain(due).min(),
        }
    }
    let ready = alive.iter().filter(|pod| !pod::is_going(pod) && pod::is_ready(pod)).count();
    let updated = of(update);
    // the update is over once every pod has it and is ready
    let whole = count(updated) == wanted && count(ready) == wanted && count(alive.len()) == wanted;
    let current = if whole { update } else { current };
    let mut status = json!({
        "observedGeneration": set["metadata"]["generation"],
        "replicas": alive.len(),
        "availableReplicas": available,
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": 0,
    });
    // the API leaves counts of zero out
    for (field, value) in [("readyReplicas", ready), ("currentReplicas", of(current)), ("updatedReplicas", updated)] {
        if value > 0 {
            status[field] = json!(value);
        }
    }
    if status != set["status"] {
        work.hand(MANAGER).status(set, &status, |_| {});
    }
    if let Some(due) = next {
        work.again(Role::StatefulSet, key, Duration::try_from(due.duration_since(at)).unwrap_or_default());
    }
}
