//! Reading an object's fields for the printer.

use jiff::Timestamp;
use serde_json::Value;

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

/// `text`, or `<none>` in its place.
pub(super) fn or_none(text: &str) -> &str {
    if text.is_empty() { "<none>" } else { text }
}
