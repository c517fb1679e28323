//! What quotas say is used.

use crate::sim::manifest::meta::text;
use crate::sim::store::Store;
use crate::sim::write::{Writer, quota};

const MANAGER: &str = "kube-controller-manager";

/// Counts anew for every `ResourceQuota`.
pub(super) fn sync(store: &Store) {
    for one in store.list("ResourceQuota", None) {
        let status = quota::status(store, &one);
        if status == one["status"] {
            continue;
        }
        let (namespace, name) = (text(&one, "/metadata/namespace"), text(&one, "/metadata/name"));
        let writer = Writer::new(store, MANAGER).at("status");
        if let Err(failure) = writer.edit("ResourceQuota", namespace, name, |live| live["status"] = status.clone()) {
            tracing::debug!(%failure, "the quota has gone");
        }
    }
}
