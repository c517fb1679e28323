//! Events in their second spelling, `events.k8s.io/v1`.

use serde_json::{Map, Value};

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

/// The fields of a core event under their new names; `eventTime` is always written.
pub(super) fn renamed(core: Map<String, Value>) -> Map<String, Value> {
    let new = |key: String| RENAMED.iter().find(|(old, _)| *old == key).map_or(key, |(_, new)| (*new).to_owned());
    let mut event: Map<String, Value> = core.into_iter().map(|(key, value)| (new(key), value)).collect();
    event.entry("eventTime").or_insert(Value::Null);
    event
}
