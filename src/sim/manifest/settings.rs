//! Namespaces, Services and `ConfigMap`s.

use crate::sim::manifest::app::{App, ResourceRef};
use crate::sim::manifest::meta::{hex, metadata};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

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

/// A Service with a cluster address of its own. `ports` are (name, port, target).
#[must_use]
pub fn service(namespace: &str, name: &str, selector: &Value, ports: &[(&str, u16, u16)], created: Timestamp) -> Value {
    let bytes = hex(&format!("{namespace}/{name}"), 4);
    let number = u16::from_str_radix(&bytes, 16).unwrap_or_default();
    let address = format!("10.96.{}.{}", number >> 8, (number & 0xff).max(10));
    let ports: Vec<Value> = ports
        .iter()
        .map(|(name, port, target)| json!({"name": name, "protocol": "TCP", "port": port, "targetPort": target}))
        .collect();
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata("Service", namespace, name, selector, created),
        "spec": {
            "ports": ports,
            "selector": selector,
            "clusterIP": address,
            "clusterIPs": [address],
            "type": "ClusterIP",
            "sessionAffinity": "None",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
        },
        "status": {"loadBalancer": {}},
    })
}

/// A `ConfigMap` nobody manages.
#[must_use]
pub fn config_map(namespace: &str, name: &str, data: &Value, created: Timestamp) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata("ConfigMap", namespace, name, &json!({}), created),
        "data": data,
    })
}

/// The Service of an app, in front of its first workload.
#[must_use]
pub fn app_service(app: &App, created: Timestamp) -> Value {
    let Some(first) = app.workloads.first() else { return Value::Null };
    let ports: Vec<(&str, u16, u16)> = first
        .ports
        .iter()
        .map(|(name, port)| (name.as_str(), if name == "http" { 80 } else { *port }, *port))
        .collect();
    let object = service(&app.namespace, &app.service, &app.pod_labels(first), &ports, created);
    tracked(app, object, "Service", 0)
}

/// The `ConfigMap` of an app.
#[must_use]
pub fn app_config(app: &App, created: Timestamp) -> Value {
    let data: Map<String, Value> = app.config.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    let object = config_map(&app.namespace, &format!("{}-config", app.service), &Value::Object(data), created);
    tracked(app, object, "ConfigMap", -1)
}

fn tracked(app: &App, mut object: Value, kind: &'static str, wave: i64) -> Value {
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let resource = ResourceRef { group: "", kind, name, wave };
    let mut annotations = json!({"argocd.argoproj.io/tracking-id": app.tracking_id(&resource)});
    if wave != 0 {
        annotations["argocd.argoproj.io/sync-wave"] = json!(wave.to_string());
    }
    object["metadata"]["annotations"] = annotations;
    object
}
