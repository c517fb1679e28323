//! What tells the pods of one template from those of another.

use crate::sim::manifest::meta::{template_hash, text};
use serde_json::Value;

/// The hash that pods of this workload carry.
#[must_use]
pub fn hash_of(workload: &Value) -> String {
    let template = &workload["spec"]["template"];
    template_hash(&format!("{} {template}", text(workload, "/metadata/name")))
}
