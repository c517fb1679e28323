//! Namespaces and `ConfigMap`s.

use crate::sim::manifest::meta::metadata;
use jiff::Timestamp;
use serde_json::{Value, json};

/// An active Namespace.
#[must_use]
pub fn namespace(name: &str, created: Timestamp) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": metadata("Namespace", "", name, &json!({"kubernetes.io/metadata.name": name}), created),
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    })
}

/// A `ConfigMap` with settings of Argo CD; it looks at none without this label.
#[must_use]
pub fn config_map(namespace: &str, name: &str, data: &Value, created: Timestamp) -> Value {
    let labels = json!({"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "argocd"});
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata("ConfigMap", namespace, name, &labels, created),
        "data": data,
    })
}
