//! External Secrets: every ExternalSecret gets its Secret, with made-up values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::sim::manifest::meta::{hex, text};
use crate::sim::store::Store;
use crate::sim::time::stamp;
use crate::sim::write::Writer;

const MANAGER: &str = "external-secrets";

/// Looks at every ExternalSecret.
pub(super) fn sync(store: &Store) {
    for external in store.list("ExternalSecret", None) {
        if !external["metadata"]["deletionTimestamp"].is_string() {
            one(store, &external);
        }
    }
}

fn one(store: &Store, external: &Value) {
    let (namespace, own) = (text(external, "/metadata/namespace"), text(external, "/metadata/name"));
    let target = Some(text(external, "/spec/target/name")).filter(|name| !name.is_empty()).unwrap_or(own);
    let entries = external["spec"]["data"].as_array().into_iter().flatten();
    let data: Map<String, Value> = entries
        .map(|entry| {
            let remote = format!("{} {}", text(entry, "/remoteRef/key"), text(entry, "/remoteRef/property"));
            (text(entry, "/secretKey").to_owned(), STANDARD.encode(hex(&remote, 24)).into())
        })
        .collect();
    let writer = Writer::new(store, MANAGER);
    let data = Value::Object(data);
    let made = match store.get("Secret", namespace, target) {
        Some(there) if there["data"] == data => Ok(None),
        Some(_) => writer.edit("Secret", namespace, target, |secret| secret["data"] = data.clone()).map(Some),
        None => writer.create(secret(external, namespace, target, &data)).map(Some),
    };
    let before = &external["status"]["conditions"][0];
    let condition = match made {
        Ok(None) if before["status"] == "True" => return,
        Ok(_) => ("True", "SecretSynced", "secret synced".to_owned()),
        Err(failure) => ("False", "SecretSyncedError", failure.to_string()),
    };
    if before["message"] == condition.2 && before["status"] == "False" {
        return;
    }
    let now = stamp(store.now());
    let status = json!({
        "binding": {"name": target},
        "conditions": [{"type": "Ready", "status": condition.0, "reason": condition.1, "message": condition.2,
            "lastTransitionTime": now}],
        "refreshTime": now,
        "syncedResourceVersion": format!("{}-{}", external["metadata"]["generation"], hex(&data.to_string(), 32)),
    });
    let written = writer.at("status").edit("ExternalSecret", namespace, own, |live| live["status"] = status.clone());
    if let Err(failure) = written {
        tracing::debug!(%failure, "the ExternalSecret has gone");
    }
}

fn secret(external: &Value, namespace: &str, name: &str, data: &Value) -> Value {
    let owner = json!({"apiVersion": external["apiVersion"], "kind": "ExternalSecret", "blockOwnerDeletion": true,
        "controller": true, "name": external["metadata"]["name"], "uid": external["metadata"]["uid"]});
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, "ownerReferences": [owner],
            "labels": {"reconcile.external-secrets.io/managed": "true"}},
        "type": "Opaque",
        "data": data,
    })
}
