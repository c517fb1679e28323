//! What every namespace gets as soon as it is there: an account for its pods, and the certificate they trust.

use serde_json::Value;

use crate::sim::manifest::meta::text;
use crate::sim::manifest::settings;
use crate::sim::store::Store;
use crate::sim::write::Writer;

const MANAGER: &str = "kube-controller-manager";

/// Looks at every Namespace.
pub(super) fn sync(store: &Store) {
    for namespace in store.values("Namespace", None) {
        let name = text(&namespace, "/metadata/name");
        if text(&namespace, "/status/phase") == "Terminating" {
            continue;
        }
        for wanted in settings::furniture(name, store.now()) {
            furnish(store, name, wanted);
        }
    }
}

fn furnish(store: &Store, namespace: &str, wanted: Value) {
    let (kind, name) = (text(&wanted, "/kind"), text(&wanted, "/metadata/name"));
    if store.get(kind, namespace, name).is_some() {
        return;
    }
    if let Err(failure) = Writer::new(store, MANAGER).create(wanted) {
        tracing::debug!(%failure, "the namespace is going");
    }
}
