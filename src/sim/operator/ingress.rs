//! The ingress controller: every Ingress gets the address of the balancer.

use serde_json::json;

use crate::sim::manifest::meta::text;
use crate::sim::store::Store;
use crate::sim::write::Writer;

const MANAGER: &str = "nginx-ingress-controller";
/// Where the balancer is: the first node.
const ADDRESS: &str = "192.168.49.2";

/// Looks at every Ingress.
pub(super) fn sync(store: &Store) {
    for ingress in store.list("Ingress", None) {
        if ingress["status"]["loadBalancer"]["ingress"].is_array() {
            continue;
        }
        let (namespace, name) = (text(&ingress, "/metadata/namespace"), text(&ingress, "/metadata/name"));
        let status = json!({"loadBalancer": {"ingress": [{"ip": ADDRESS}]}});
        let written = Writer::new(store, MANAGER).at("status").edit("Ingress", namespace, name, |live| {
            live["status"] = status.clone();
        });
        if let Err(failure) = written {
            tracing::debug!(%failure, "the Ingress has gone");
        }
    }
}
