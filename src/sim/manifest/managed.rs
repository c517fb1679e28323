//! `managedFields` of custom resources: which manager set which field, when.

use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// One entry: `manager` set these fields.
#[must_use]
pub fn entry(api_version: &str, manager: &str, fields: &Value, at: Timestamp) -> Value {
    json!({
        "manager": manager,
        "operation": "Update",
        "apiVersion": api_version,
        "time": stamp(at),
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    })
}

/// Every field of `part`, a piece of an object from its root (without `metadata.name` and what else nobody owns).
#[must_use]
pub fn fields(part: &Value) -> Value {
    let mut set = fields_of(part);
    // the metadata themselves are the server's
    if let Some(metadata) = set.get_mut("f:metadata").and_then(Value::as_object_mut) {
        metadata.remove(".");
    }
    Value::Object(set)
}

/// `set` without the fields of `taken`, which somebody else has.
#[must_use]
pub fn without(mut set: Value, taken: &Value) -> Value {
    if let Some(set) = set.as_object_mut() {
        take(set, taken);
    }
    set
}

fn take(set: &mut Map<String, Value>, taken: &Value) {
    for (name, taken) in taken.as_object().into_iter().flatten() {
        let whole = taken.as_object().is_none_or(Map::is_empty);
        let Some(own) = set.get_mut(name).and_then(Value::as_object_mut) else { continue };
        if whole {
            // of a field that has others in it only the field itself goes
            own.remove(".");
        } else {
            take(own, taken);
        }
        if own.is_empty() {
            set.remove(name);
        }
    }
}

fn fields_of(part: &Value) -> Map<String, Value> {
    let all = part.as_object().into_iter().flatten();
    all.map(|(name, value)| (format!("f:{name}"), field(name, value))).collect()
}

fn names(names: impl Iterator<Item = String>) -> Map<String, Value> {
    names.map(|name| (name, json!({}))).collect()
}

fn field(name: &str, value: &Value) -> Value {
    let mut set = match (name, value) {
        (_, Value::Object(map)) if !map.is_empty() => fields_of(value),
        // the only lists of a custom resource that are more than one field
        ("finalizers", Value::Array(items)) => names(items.iter().map(|item| format!("v:{item}"))),
        // put together by hand: a uid has nothing to escape, and a template's hole for one must stay as it is
        ("ownerReferences", Value::Array(items)) => {
            names(items.iter().map(|item| format!("k:{{\"uid\":\"{}\"}}", item["uid"].as_str().unwrap_or_default())))
        }
        _ => return json!({}),
    };
    set.insert(".".to_owned(), json!({}));
    Value::Object(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_taken_apart_and_lists_are_fields() {
        let part = json!({"metadata": {"finalizers": ["a"], "ownerReferences": [{"uid": "u", "name": "x"}]},
            "status": {"conditions": [{"type": "A"}], "summary": {}}});
        assert_eq!(
            fields(&part),
            json!({
                "f:metadata": {"f:finalizers": {".": {}, "v:\"a\"": {}},
                    "f:ownerReferences": {".": {}, "k:{\"uid\":\"u\"}": {}}},
                "f:status": {".": {}, "f:conditions": {}, "f:summary": {}},
            })
        );
    }

    #[test]
    fn what_another_has_is_left_out() {
        let status = fields(&json!({"status": {"health": {"status": "Healthy"}, "sourceHydrator": {}, "phase": "x"}}));
        let taken = fields(&json!({"status": {"health": {}, "sourceHydrator": {}}}));
        assert_eq!(without(status, &taken), json!({"f:status": {"f:health": {"f:status": {}}, "f:phase": {}}}));
    }
}
