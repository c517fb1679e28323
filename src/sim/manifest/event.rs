//! Events (core/v1) in the words of the controllers that send them.

use crate::sim::manifest::meta::{hex, text, uid};
use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Who sends an event: `source.component` and, for a kubelet, the node.
#[derive(Debug, Clone, Copy)]
pub struct Reporter<'a> {
    /// The component, such as `kubelet`.
    pub component: &'a str,
    /// The node, empty for everything but kubelets.
    pub host: &'a str,
}

/// What an event says.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// `Normal` or `Warning`.
    pub kind: &'a str,
    /// The reason in one word.
    pub reason: &'a str,
    /// The sentence.
    pub message: &'a str,
}

impl<'a> Said<'a> {
    /// A `Normal` event.
    #[must_use]
    pub fn normal(reason: &'a str, message: &'a str) -> Self {
        Self { kind: "Normal", reason, message }
    }
    /// A `Warning` event.
    #[must_use]
    pub fn warning(reason: &'a str, message: &'a str) -> Self {
        Self { kind: "Warning", reason, message }
    }
}

/// The name of the event about `object` that says this, without the moment: what later ones are counted into.
#[must_use]
pub fn key(object: &Value, said: Said<'_>) -> String {
    hex(&format!("{} {} {} {}", text(object, "/metadata/uid"), said.kind, said.reason, said.message), 12)
}

/// A first event about `object`. Its name is `<object>.<the nanosecond>`, so that events are listed in their order; what is
/// said makes up the digits below a millisecond, lest two of one moment collide.
#[must_use]
pub fn event(object: &Value, said: Said<'_>, by: Reporter<'_>, count: u32, first: Timestamp, last: Timestamp) -> Value {
    let name = text(object, "/metadata/name");
    let kind = text(object, "/kind");
    // cluster-wide objects have their events in `default`
    let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or("default");
    let below = i128::from_str_radix(&key(object, said), 16).unwrap_or_default() % 1_000_000;
    let tail = format!("{:016x}", last.as_nanosecond().div_euclid(1_000_000) * 1_000_000 + below);
    let mut involved = json!({
        "kind": kind,
        "name": name,
        "uid": object["metadata"]["uid"],
        "apiVersion": object["apiVersion"],
    });
    if object["metadata"]["namespace"].is_string() {
        involved["namespace"] = json!(namespace);
    }
    if object["metadata"]["resourceVersion"].is_string() {
        involved["resourceVersion"] = object["metadata"]["resourceVersion"].clone();
    }
    if kind == "Pod" && by.component == "kubelet" {
        let container = text(object, "/spec/containers/0/name");
        involved["fieldPath"] = json!(format!("spec.containers{{{container}}}"));
    }
    let mut source = json!({ "component": by.component });
    if !by.host.is_empty() {
        source["host"] = json!(by.host);
    }
    let argocd = by.component.starts_with("argocd");
    let mut event = json!({
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {
            "name": format!("{name}.{tail}"),
            "namespace": namespace,
            "uid": uid(&["Event", namespace, name, &tail]),
            "creationTimestamp": stamp(first),
        },
        "involvedObject": involved,
        "reason": said.reason,
        "message": said.message,
        "source": source,
        "firstTimestamp": stamp(first),
        "lastTimestamp": stamp(last),
        "count": count,
        "type": said.kind,
        "eventTime": null,
        "reportingComponent": if argocd { "" } else { by.component },
        "reportingInstance": by.host,
    });
    if kind == "Application" {
        event["metadata"]["annotations"] = json!({
            "dest-namespace": object["spec"]["destination"]["namespace"],
            "dest-server": object["spec"]["destination"]["server"],
        });
    }
    event
}

/// Puts on record who wrote an event: a manager, in one of the two spellings.
pub fn sign(event: &mut Value, manager: &str, api_version: &str, at: Timestamp) {
    let mut set = serde_json::Map::new();
    for (name, value) in event.as_object().into_iter().flatten() {
        let spelled = match (api_version, name.as_str()) {
            (_, "apiVersion" | "kind" | "metadata") => continue,
            ("v1", name) => name,
            (_, "involvedObject") => "regarding",
            (_, "message") => "note",
            (_, "reportingComponent") => "reportingController",
            (_, name) => name,
        };
        let owned = match value {
            Value::Null => continue,
            Value::String(text) if text.is_empty() => continue,
            Value::Object(map) if name == "source" => {
                map.keys().map(|key| (format!("f:{key}"), json!({}))).collect::<Value>()
            }
            _ => json!({}),
        };
        if name != "source" || owned.as_object().is_some_and(|map| !map.is_empty()) {
            set.insert(format!("f:{spelled}"), owned);
        }
    }
    event["metadata"]["managedFields"] = json!([{"manager": manager, "operation": "Update", "apiVersion": api_version,
        "time": stamp(at), "fieldsType": "FieldsV1", "fieldsV1": set}]);
}
