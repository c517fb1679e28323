//! Disruption budgets: how many pods of an application may be evicted at a time.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::sim::labels;
use crate::sim::manifest::meta::{number, text};
use crate::sim::store::Store;
use crate::sim::time::stamp;
use crate::sim::write::Writer;

const MANAGER: &str = "kube-controller-manager";

/// Counts anew for every `PodDisruptionBudget`.
pub(super) fn sync(store: &Store) {
    for budget in store.list("PodDisruptionBudget", None) {
        let status = status(store, &budget);
        if status == budget["status"] {
            continue;
        }
        let (namespace, name) = (text(&budget, "/metadata/namespace"), text(&budget, "/metadata/name"));
        let writer = Writer::new(store, MANAGER).at("status");
        let written = writer.edit("PodDisruptionBudget", namespace, name, |live| live["status"] = status.clone());
        if let Err(failure) = written {
            tracing::debug!(%failure, "the budget has gone");
        }
    }
}

/// The budgets that a pod counts for, each with its status at this moment.
pub(in crate::sim) fn of_pod(store: &Store, pod: &Value) -> Vec<(Value, Value)> {
    let budgets = store.list("PodDisruptionBudget", pod["metadata"]["namespace"].as_str());
    let own = budgets.into_iter().filter(|budget| covers(budget, pod));
    own.map(|budget| (status(store, &budget), budget)).map(|(status, budget)| (budget, status)).collect()
}

/// Whether a pod is ready, which is what budgets call healthy.
pub(in crate::sim) fn is_healthy(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    let mut ready = conditions.filter(|one| one["type"] == "Ready");
    ready.any(|one| one["status"] == "True") && pod["metadata"]["deletionTimestamp"].is_null()
}

/// A budget without a selector is about no pod, one with an empty selector about all.
fn covers(budget: &Value, pod: &Value) -> bool {
    let selector = &budget["spec"]["selector"];
    selector.is_object() && labels::selects(selector, |name| Some(pod["metadata"]["labels"][name].as_str()?.to_owned()))
}

fn status(store: &Store, budget: &Value) -> Value {
    let mut pods = store.list("Pod", budget["metadata"]["namespace"].as_str());
    pods.retain(|pod| covers(budget, pod) && !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed"));
    let healthy = amount(pods.iter().filter(|pod| is_healthy(pod)).count());
    let (least, most) = (&budget["spec"]["minAvailable"], &budget["spec"]["maxUnavailable"]);
    let (expected, desired) = if !most.is_null() {
        let expected = wanted(store, &pods);
        (expected, (expected - share(most, expected)).max(0))
    } else if least.is_string() {
        let expected = wanted(store, &pods);
        (expected, share(least, expected))
    } else {
        (amount(pods.len()), least.as_i64().unwrap_or(1))
    };
    let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
    let generation = budget["metadata"]["generation"].clone();
    let (word, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let old = &budget["status"]["conditions"][0];
    let since = if old["status"] == word { old["lastTransitionTime"].clone() } else { json!(stamp(store.now())) };
    json!({
        "conditions": [{"type": "DisruptionAllowed", "status": word, "reason": reason, "message": "",
            "lastTransitionTime": since, "observedGeneration": generation}],
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "disruptionsAllowed": allowed,
        "expectedPods": expected,
        "observedGeneration": generation,
    })
}

/// How many pods the controllers of these want, each counted once.
fn wanted(store: &Store, pods: &[Value]) -> i64 {
    let mut all: BTreeMap<String, i64> = BTreeMap::new();
    for pod in pods {
        let namespace = text(pod, "/metadata/namespace");
        let mut owner = controller(store, namespace, pod);
        // the Deployment knows better what is wanted than its sets do during a rollout
        if let Some(above) = owner.as_ref().and_then(|owner| controller(store, namespace, owner)) {
            owner = Some(above);
        }
        if let Some(owner) = owner {
            all.insert(text(&owner, "/metadata/uid").to_owned(), number(&owner, "/spec/replicas"));
        }
    }
    all.into_values().sum()
}

fn controller(store: &Store, namespace: &str, object: &Value) -> Option<Value> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == true)?;
    store.get(text(owner, "/kind"), namespace, text(owner, "/name"))
}

/// A number of pods, or a share of them in per cent, rounded up.
fn share(bound: &Value, of: i64) -> i64 {
    let percent = bound.as_str().and_then(|text| text.strip_suffix('%')?.parse::<i64>().ok());
    percent.map_or_else(|| bound.as_i64().unwrap_or_default(), |percent| (of * percent + 99) / 100)
}

fn amount(things: usize) -> i64 {
    i64::try_from(things).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str, ready: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "shop", "labels": {"app": "web"},
                "ownerReferences": [{"kind": "StatefulSet", "name": "web", "controller": true}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}})
    }

    #[test]
    fn a_budget_counts_what_may_go() {
        let store = Store::new();
        store.put(json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"replicas": 4},
            "metadata": {"name": "web", "namespace": "shop", "uid": "u"}}));
        for (name, ready) in [("web-0", "True"), ("web-1", "True"), ("web-2", "False")] {
            store.put(pod(name, ready));
        }
        // bounds; healthy, desired, allowed, expected
        let table = [
            (json!({"minAvailable": 1}), [2, 1, 1, 3]),
            (json!({"minAvailable": 2}), [2, 2, 0, 3]),
            (json!({"minAvailable": "30%"}), [2, 2, 0, 4]),
            (json!({"maxUnavailable": 3}), [2, 1, 1, 4]),
            (json!({"maxUnavailable": "30%"}), [2, 2, 0, 4]),
        ];
        for (mut spec, expected) in table {
            spec["selector"] = json!({"matchLabels": {"app": "web"}});
            let budget = json!({"metadata": {"name": "b", "namespace": "shop"}, "spec": spec});
            let told = status(&store, &budget);
            let fields = ["currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods"];
            assert_eq!(fields.map(|field| told[field].as_i64().unwrap()), expected, "{budget}");
        }
        let nobody = json!({"metadata": {"namespace": "shop"}, "spec": {"minAvailable": 0}});
        assert_eq!(status(&store, &nobody)["disruptionsAllowed"], 0);
    }
}
