//! Events in their second spelling, `events.k8s.io/v1`.

use serde_json::{Map, Value, json};

/// Old and new name of the fields that were renamed.
const RENAMED: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];

/// An event in its second spelling as a core one.
pub(super) fn core(event: Value) -> Value {
    let Value::Object(event) = event else { return event };
    let old = |key: String| RENAMED.iter().find(|(_, new)| *new == key).map_or(key, |(old, _)| (*old).to_owned());
    Value::Object(event.into_iter().map(|(key, value)| (old(key), value)).collect())
}

/// Fields that are written even when the event has none.
const TIMES: &[&str] = &["eventTime", "deprecatedFirstTimestamp", "deprecatedLastTimestamp"];

/// The fields of a core event under their new names.
pub(super) fn renamed(core: Map<String, Value>) -> Map<String, Value> {
    let new = |key: String| RENAMED.iter().find(|(old, _)| *old == key).map_or(key, |(_, new)| (*new).to_owned());
    let told = core.into_iter().filter(|(_, value)| value.as_str() != Some(""));
    let mut event: Map<String, Value> = told.map(|(key, value)| (new(key), value)).collect();
    for time in TIMES {
        event.entry(*time).or_insert(Value::Null);
    }
    event.entry("deprecatedSource").or_insert_with(|| json!({}));
    event
}
