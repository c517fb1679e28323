//! `status.conditions`: what is wrong, in Argo CD's words.

use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The types a comparison decides about.
pub const COMPARED: &[&str] = &[
    "ComparisonError",
    "ExcludedResourceWarning",
    "OrphanedResourceWarning",
    "RepeatedResourceWarning",
    "SharedResourceWarning",
];
/// The types a look at the spec decides about.
pub const SPEC: &[&str] = &["InvalidSpecError", "UnknownError"];
/// The type auto-sync decides about.
pub const SYNC: &[&str] = &["SyncError"];

/// The type a deletion decides about.
pub const DELETION: &[&str] = &["DeletionError"];

/// One condition: its type and its message.
pub type Condition = (&'static str, String);

/// Puts `new` in the place of all conditions of the `decided` types; a message that stays keeps its time.
pub fn replace(status: &mut Value, decided: &[&str], new: &[Condition], at: Timestamp) {
    let old = status["conditions"].as_array().cloned().unwrap_or_default();
    let mut all: Vec<Value> =
        old.iter().filter(|one| !decided.iter().any(|kind| one["type"] == **kind)).cloned().collect();
    for (kind, message) in new {
        let same = old.iter().find(|one| one["type"] == *kind && one["message"] == **message);
        all.push(
            same.cloned().unwrap_or_else(|| json!({"type": kind, "message": message, "lastTransitionTime": stamp(at)})),
        );
    }
    all.sort_by(|a, b| (a["type"].as_str(), a["message"].as_str()).cmp(&(b["type"].as_str(), b["message"].as_str())));
    if all.is_empty() {
        if let Some(status) = status.as_object_mut() {
            status.remove("conditions");
        }
    } else {
        status["conditions"] = Value::Array(all);
    }
}
