//! The `ReplicaSet`s of a Deployment: found, numbered, made, scaled, forgotten.

use super::limits;
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::{owned_by, text};
use crate::sim::manifest::workload::hash_of;
use crate::sim::workload::cluster::Work;
use crate::sim::workload::hand::MANAGER;
use crate::sim::workload::pod::replicas;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) const COMPONENT: &str = "deployment-controller";

/// The annotation that numbers the templates of a Deployment.
pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAX: &str = "deployment.kubernetes.io/max-replicas";

/// A Deployment's `ReplicaSet`s.
#[derive(Debug, Default)]
pub(super) struct Sets {
    /// The one of the present template.
    pub newest: Option<Arc<Value>>,
    /// The others, oldest first.
    pub old: Vec<Arc<Value>>,
}

impl Sets {
    /// As they were last seen.
    pub fn of(work: &Work<'_, '_>, deployment: &Value) -> Self {
        let mut all = work.cluster.cache.owned("ReplicaSet", text(deployment, "/metadata/uid"));
        let born = |set: &Value| text(set, "/metadata/creationTimestamp").to_owned();
        all.sort_by_key(|set| (born(set), revision(set), key(set)));
        // several of one template should not be, but the oldest would be the one
        let newest = all.iter().position(|set| same_template(set, deployment)).map(|index| all.remove(index));
        Self { newest, old: all }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.old.iter().chain(&self.newest)
    }
}

fn key(set: &Value) -> String {
    text(set, "/metadata/name").to_owned()
}

/// The number of an object's template.
pub(super) fn revision(object: &Value) -> i64 {
    object["metadata"]["annotations"][REVISION].as_str().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// Whether a `ReplicaSet` was made of the present template: the same but for the label its maker added.
fn same_template(set: &Value, deployment: &Value) -> bool {
    let mut template = set["spec"]["template"].clone();
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        labels.remove("pod-template-hash");
    }
    template == deployment["spec"]["template"]
}

/// The `ReplicaSet` of the present template with its number right, made if there is none and it may be made. Says
/// whether the Deployment has to be told (its own number, or a new set).
pub(super) fn newest(work: &mut Work<'_, '_>, deployment: &Value, sets: &mut Sets, make: bool) -> bool {
    let number = sets.old.iter().map(|set| revision(set)).max().unwrap_or_default() + 1;
    if let Some(set) = sets.newest.clone() {
        let wanted = number.max(revision(&set));
        if revision(&set) != wanted {
            change(work, &set, |live| live["metadata"]["annotations"][REVISION] = json!(wanted.to_string()));
        }
        return revision(deployment) != wanted;
    }
    if !make {
        return false;
    }
    let hash = hash_of(deployment);
    let mut labels = deployment["spec"]["template"]["metadata"]["labels"].clone();
    labels["pod-template-hash"] = json!(hash);
    let mut template = deployment["spec"]["template"].clone();
    template["metadata"]["labels"] = labels.clone();
    let mut selector = deployment["spec"]["selector"].clone();
    selector["matchLabels"]["pod-template-hash"] = json!(hash);
    let count = rolled(deployment, sets, 0);
    let mut spec = json!({"replicas": count, "selector": selector, "template": template});
    if deployment["spec"]["minReadySeconds"].is_number() {
        spec["minReadySeconds"] = deployment["spec"]["minReadySeconds"].clone();
    }
    let mut annotations = deployment["metadata"]["annotations"].clone();
    if !annotations.is_object() {
        annotations = json!({});
    }
    if let Some(map) = annotations.as_object_mut() {
        map.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    annotations[DESIRED] = json!(replicas(deployment).to_string());
    annotations[MAX] = json!((replicas(deployment) + limits::of(deployment).surge).to_string());
    annotations[REVISION] = json!(number.to_string());
    let name = format!("{}-{hash}", text(deployment, "/metadata/name"));
    let set = json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {"name": name, "namespace": deployment["metadata"]["namespace"], "labels": labels,
            "annotations": annotations, "ownerReferences": owned_by(deployment), "generation": 1},
        "spec": spec,
        "status": {"replicas": 0},
    });
    let Some(made) = work.hand(MANAGER).create(set) else { return false };
    if count > 0 {
        let words = format!("Scaled up replica set {name} from 0 to {count}");
        work.say(deployment, Said::normal("ScalingReplicaSet", &words), COMPONENT);
    }
    sets.newest = Some(made);
    true
}

/// How many pods the newest `ReplicaSet` may have now, when it has `present`.
pub(super) fn rolled(deployment: &Value, sets: &Sets, present: i64) -> i64 {
    let wanted = replicas(deployment);
    if limits::recreates(deployment) {
        return wanted;
    }
    let most = wanted + limits::of(deployment).surge;
    let all: i64 = sets.old.iter().map(|set| replicas(set)).sum::<i64>() + present;
    if all >= most { present } else { present + (most - all).min(wanted - present) }
}

/// Scales a `ReplicaSet`, and says so; as it is then, none when its count was right already.
pub(super) fn scale(work: &mut Work<'_, '_>, deployment: &Value, set: &Arc<Value>, count: i64) -> Option<Arc<Value>> {
    let wanted = replicas(deployment);
    let notes = [(DESIRED, wanted.to_string()), (MAX, (wanted + limits::of(deployment).surge).to_string())];
    let noted = notes.iter().all(|(name, value)| set["metadata"]["annotations"][*name] == value.as_str());
    let before = replicas(set);
    if noted && before == count {
        return None;
    }
    let scaled = change(work, set, |live| {
        for (name, value) in &notes {
            live["metadata"]["annotations"][*name] = json!(value);
        }
        live["spec"]["replicas"] = json!(count);
    });
    if before == count {
        return None;
    }
    let way = if count > before { "up" } else { "down" };
    let words = format!("Scaled {way} replica set {} from {before} to {count}", text(set, "/metadata/name"));
    work.say(deployment, Said::normal("ScalingReplicaSet", &words), COMPONENT);
    scaled
}

fn change(work: &mut Work<'_, '_>, set: &Value, change: impl FnMut(&mut Value)) -> Option<Arc<Value>> {
    let (namespace, name) = (text(set, "/metadata/namespace"), text(set, "/metadata/name"));
    work.hand(MANAGER).change("ReplicaSet", namespace, name, change)
}

/// Of the old `ReplicaSet`s without pods only the newest few are kept to roll back to.
pub(super) fn forget(work: &mut Work<'_, '_>, deployment: &Value, sets: &Sets) {
    let kept = deployment["spec"]["revisionHistoryLimit"].as_u64().unwrap_or(10);
    let mut idle: Vec<&Arc<Value>> = sets
        .old
        .iter()
        .filter(|set| {
            replicas(set) == 0
                && set["status"]["replicas"].as_i64().unwrap_or_default() == 0
                && set["status"]["observedGeneration"].as_i64() >= set["metadata"]["generation"].as_i64()
                && set["metadata"]["deletionTimestamp"].is_null()
        })
        .collect();
    idle.sort_by_key(|set| revision(set));
    let surplus = sets.old.len().saturating_sub(usize::try_from(kept).unwrap_or(usize::MAX));
    for set in idle.into_iter().take(surplus) {
        work.hand(MANAGER).delete(set, None);
    }
}
