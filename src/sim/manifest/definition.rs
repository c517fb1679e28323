//! Who set the fields of a `CustomResourceDefinition`: who installed it applied it, and the server took its names.

use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

const API: &str = "apiextensions.k8s.io/v1";
const NAMES: [&str; 5] = ["kind", "listKind", "plural", "shortNames", "singular"];
const CONDITION: [&str; 5] = ["lastTransitionTime", "message", "reason", "status", "type"];

/// `managedFields` of a definition with these labels, installed at a moment.
#[must_use]
pub fn managers(labels: &Value, at: Timestamp) -> Value {
    let names = set(&NAMES);
    let spec = json!({"f:group": {}, "f:names": names, "f:scope": {}, "f:versions": {}});
    let mut applied = json!({"f:spec": spec});
    let labels: Vec<&str> = labels.as_object().into_iter().flatten().map(|(label, _)| label.as_str()).collect();
    if !labels.is_empty() {
        applied["f:metadata"] = json!({"f:labels": set(&labels)});
    }
    let mut condition = set(&CONDITION);
    condition["."] = json!({});
    let conditions: Map<String, Value> = ["Established", "NamesAccepted"]
        .map(|kind| (format!("k:{{\"type\":\"{kind}\"}}"), condition.clone()))
        .into_iter()
        .collect();
    let taken = json!({"f:status": {"f:acceptedNames": names, "f:conditions": conditions}});
    json!([
        {"manager": "kubectl", "operation": "Apply", "apiVersion": API, "time": stamp(at), "fieldsType": "FieldsV1",
            "fieldsV1": applied},
        {"manager": "kube-apiserver", "operation": "Update", "apiVersion": API, "time": stamp(at),
            "fieldsType": "FieldsV1", "fieldsV1": taken, "subresource": "status"},
    ])
}

fn set(names: &[&str]) -> Value {
    names.iter().map(|name| (format!("f:{name}"), json!({}))).collect()
}
