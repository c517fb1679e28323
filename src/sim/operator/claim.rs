//! The provisioner of volumes: every claim gets what it asks for, and what no claim wants any more goes.

use serde_json::{Value, json};

use crate::sim::manifest::meta::{metadata, text};
use crate::sim::manifest::settings::{PROVISIONER, STORAGE_CLASS};
use crate::sim::store::Store;

/// Looks at every `PersistentVolumeClaim`.
pub(super) fn sync(store: &Store) {
    let claims = store.list("PersistentVolumeClaim", None);
    for claim in claims.iter().filter(|claim| text(claim, "/status/phase") != "Bound") {
        let (namespace, name) = (text(claim, "/metadata/namespace"), text(claim, "/metadata/name"));
        let volume = format!("pvc-{}", text(claim, "/metadata/uid"));
        store.put(made(store, &volume, claim));
        // no writer: people may not say which volume is theirs once they have asked
        store.update("PersistentVolumeClaim", namespace, name, |claim| {
            let asked = claim["spec"]["resources"]["requests"].clone();
            claim["spec"]["volumeName"] = json!(volume);
            if claim["spec"]["storageClassName"].is_null() {
                claim["spec"]["storageClassName"] = json!(STORAGE_CLASS);
            }
            claim["status"] = json!({"phase": "Bound", "accessModes": claim["spec"]["accessModes"], "capacity": asked});
        });
    }
    for volume in store.list("PersistentVolume", None) {
        let own = text(&volume, "/spec/claimRef/uid");
        let provisioned = !volume["metadata"]["annotations"]["pv.kubernetes.io/provisioned-by"].is_null();
        if provisioned && claims.iter().all(|claim| text(claim, "/metadata/uid") != own) {
            store.delete("PersistentVolume", "", text(&volume, "/metadata/name"));
        }
    }
}

/// The volume of a claim.
fn made(store: &Store, name: &str, claim: &Value) -> Value {
    let (namespace, own) = (text(claim, "/metadata/namespace"), text(claim, "/metadata/name"));
    let class = claim["spec"]["storageClassName"].as_str().unwrap_or(STORAGE_CLASS);
    let mut volume = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": metadata("PersistentVolume", "", name, &json!({}), store.now()),
        "spec": {
            "accessModes": claim["spec"]["accessModes"],
            "capacity": claim["spec"]["resources"]["requests"],
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace, "name": own,
                "uid": claim["metadata"]["uid"], "resourceVersion": claim["metadata"]["resourceVersion"]},
            "hostPath": {"path": format!("/tmp/hostpath-provisioner/{namespace}/{own}"), "type": ""},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": class,
            "volumeMode": "Filesystem",
        },
        "status": {"phase": "Bound"},
    });
    volume["metadata"]["annotations"] = json!({"pv.kubernetes.io/provisioned-by": PROVISIONER});
    volume
}
