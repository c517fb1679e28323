//! Pods as controllers see them: made from a template, counted, ranked.

use crate::sim::manifest::meta::{hex, owned_by, text};
use crate::sim::time::plus;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// A pod of an owner's template, without a name; `labels` are those of the template and what the owner adds.
pub(super) fn from_template(owner: &Value, template: &Value, labels: &Value, prefix: &str, serial: u64) -> Value {
    let mut spec = template["spec"].clone();
    let token = format!("kube-api-access-{}", hex(&format!("{prefix} {serial}"), 5));
    let volume = json!({"name": token, "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace",
            "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
    ]}});
    push(&mut spec["volumes"], volume);
    for list in ["initContainers", "containers"] {
        for container in spec[list].as_array_mut().into_iter().flatten() {
            let mount = json!({"name": token, "readOnly": true,
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"});
            push(&mut container["volumeMounts"], mount);
        }
    }
    let account = text(&spec, "/serviceAccountName").to_owned();
    let account = if account.is_empty() { "default".to_owned() } else { account };
    for (field, value) in [
        ("serviceAccountName", json!(account)),
        ("serviceAccount", json!(account)),
        ("enableServiceLinks", json!(true)),
        ("preemptionPolicy", json!("PreemptLowerPriority")),
        ("priority", json!(0)),
        ("restartPolicy", json!("Always")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("dnsPolicy", json!("ClusterFirst")),
        ("schedulerName", json!("default-scheduler")),
        ("securityContext", json!({})),
    ] {
        if spec[field].is_null() {
            spec[field] = value;
        }
    }
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        push(
            &mut spec["tolerations"],
            json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}),
        );
    }
    let quality = quality(&spec);
    let mut meta = json!({
        "generateName": prefix,
        "namespace": owner["metadata"]["namespace"],
        "generation": 1,
        "labels": labels,
        "ownerReferences": owned_by(owner),
    });
    if template["metadata"]["annotations"].is_object() {
        meta["annotations"] = template["metadata"]["annotations"].clone();
    }
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec,
        "status": {"phase": "Pending", "qosClass": quality}})
}

fn push(list: &mut Value, item: Value) {
    match list.as_array_mut() {
        Some(items) => items.push(item),
        None => *list = json!([item]),
    }
}

/// The class of service that requests and limits give.
fn quality(spec: &Value) -> &'static str {
    let containers = || spec["containers"].as_array().into_iter().flatten();
    let has = |container: &Value, part: &str| {
        container["resources"][part].as_object().is_some_and(|amounts| !amounts.is_empty())
    };
    let whole = |container: &Value| {
        let (limits, requests) = (&container["resources"]["limits"], &container["resources"]["requests"]);
        ["cpu", "memory"]
            .iter()
            .all(|what| limits[*what].is_string() && (requests[*what].is_null() || requests[*what] == limits[*what]))
    };
    if containers().all(whole) {
        "Guaranteed"
    } else if containers().any(|container| has(container, "requests") || has(container, "limits")) {
        "Burstable"
    } else {
        "BestEffort"
    }
}

/// A condition of a pod.
pub(super) fn condition<'a>(pod: &'a Value, kind: &str) -> Option<&'a Value> {
    pod["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

/// Whether its condition Ready is true.
pub(super) fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some_and(|ready| ready["status"] == "True")
}

/// Whether it has been ready for `least` seconds; else when it will have been, if it is ready at all.
pub(super) fn available(pod: &Value, least: i64, at: Timestamp) -> Result<(), Option<Timestamp>> {
    let Some(ready) = condition(pod, "Ready").filter(|ready| ready["status"] == "True") else { return Err(None) };
    let Ok(since) = text(ready, "/lastTransitionTime").parse::<Timestamp>() else { return Err(None) };
    let due = plus(since, Duration::from_secs(least.unsigned_abs()));
    if least == 0 || due <= at { Ok(()) } else { Err(Some(due)) }
}

/// Whether it was asked to go.
pub(super) fn is_going(pod: &Value) -> bool {
    pod["metadata"]["deletionTimestamp"].is_string()
}

/// Whether all its containers have ended for good.
pub(super) fn is_over(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// Whether nobody has found a node for it yet.
pub(super) fn is_unscheduled(pod: &Value) -> bool {
    text(pod, "/spec/nodeName").is_empty() && !is_going(pod) && !is_over(pod)
}

/// A count of an object's spec, one when it is not said.
pub(super) fn replicas(object: &Value) -> i64 {
    object["spec"]["replicas"].as_i64().unwrap_or(1)
}

/// How many of something, as statuses count.
pub(super) fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}
