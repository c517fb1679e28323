//! The provisioner of volumes: every claim gets what it asks for.

use serde_json::json;

use crate::sim::manifest::meta::text;
use crate::sim::store::Store;

/// Looks at every PersistentVolumeClaim.
pub(super) fn sync(store: &Store) {
    for claim in store.list("PersistentVolumeClaim", None) {
        if text(&claim, "/status/phase") == "Bound" {
            continue;
        }
        let (namespace, name) = (text(&claim, "/metadata/namespace"), text(&claim, "/metadata/name"));
        // no writer: people may not say which volume is theirs once they have asked
        store.update("PersistentVolumeClaim", namespace, name, |claim| {
            let volume = format!("pvc-{}", text(claim, "/metadata/uid"));
            let asked = claim["spec"]["resources"]["requests"].clone();
            claim["spec"]["volumeName"] = json!(volume);
            claim["status"] = json!({"phase": "Bound", "accessModes": claim["spec"]["accessModes"], "capacity": asked});
        });
    }
}
