//! Reading an object's fields for the printer.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// The moment at `pointer`, in seconds since 1970.
pub(super) fn moment(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer)?.as_str()?.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// When the object was created.
pub(super) fn created(object: &Value) -> Option<i64> {
    moment(object, "/metadata/creationTimestamp")
}

/// The text at `pointer`, or nothing.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The number at `pointer`, or 0.
pub(super) fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

/// The entries of the list at `pointer`.
pub(super) fn items<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// How many entries the map at `pointer` has.
pub(super) fn entries(object: &Value, pointer: &str) -> usize {
    object.pointer(pointer).and_then(Value::as_object).map_or(0, Map::len)
}

/// `text`, or `<none>` in its place.
pub(super) fn or_none(text: &str) -> &str {
    if text.is_empty() { "<none>" } else { text }
}

/// `field` of every entry at `pointer`, joined by commas.
pub(super) fn joined(object: &Value, pointer: &str, field: &str) -> String {
    items(object, pointer).iter().map(|i| text(i, field)).filter(|t| !t.is_empty()).collect::<Vec<_>>().join(",")
}

/// The map at `pointer` as `a=b,c=d`, or `<none>`.
pub(super) fn pairs(object: &Value, pointer: &str) -> String {
    let map = object.pointer(pointer).and_then(Value::as_object);
    let pairs: Vec<String> =
        map.into_iter().flatten().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default())).collect();
    or_none(&pairs.join(",")).to_owned()
}

/// The condition of a type whose status is True.
pub(super) fn holds(object: &Value, r#type: &str) -> bool {
    items(object, "/status/conditions").iter().any(|c| text(c, "/type") == r#type && text(c, "/status") == "True")
}
