//! `managedFields`: which manager set which field, when.

use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Lists that Kubernetes merges by a key; every other list is one field. Custom resources have none of these.
const KEYED: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("env", &["name"]),
    ("conditions", &["type"]),
    ("podIPs", &["ip"]),
    ("ownerReferences", &["uid"]),
];

/// One entry: `manager` set every field of `part` (a piece of the object from its root, without `metadata.name`).
#[must_use]
pub fn entry(api_version: &str, manager: &str, part: &Value, at: Timestamp) -> Value {
    json!({
        "manager": manager,
        "operation": "Update",
        "apiVersion": api_version,
        "time": stamp(at),
        "fieldsType": "FieldsV1",
        "fieldsV1": fields(part, !api_version.starts_with("argoproj.io")),
    })
}

fn fields(part: &Value, keyed: bool) -> Value {
    let mut set = Map::new();
    for (name, value) in part.as_object().into_iter().flatten() {
        set.insert(format!("f:{name}"), field(name, value, keyed));
    }
    Value::Object(set)
}

fn field(name: &str, value: &Value, keyed: bool) -> Value {
    match value {
        Value::Object(map) if map.is_empty() => json!({}),
        Value::Object(_) => with_self(fields(value, keyed)),
        Value::Array(items) => {
            let keys = KEYED.iter().find(|(list, _)| keyed && *list == name).map(|(_, keys)| *keys);
            let Some(keys) = keys else { return json!({}) };
            let mut set = Map::new();
            for item in items {
                let key: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), item[*key].clone())).collect();
                set.insert(format!("k:{}", Value::Object(key)), with_self(fields(item, keyed)));
            }
            Value::Object(set)
        }
        _ => json!({}),
    }
}

/// Marks that the field itself, and not only what is in it, belongs to the manager.
fn with_self(mut set: Value) -> Value {
    set["."] = json!({});
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keyed_lists_are_sets_and_others_are_leaves() {
        let part = json!({"spec": {"containers": [{"name": "api", "command": ["sh"]}], "replicas": 2}});
        assert_eq!(
            fields(&part, true),
            json!({"f:spec": {".": {}, "f:replicas": {}, "f:containers":
                {"k:{\"name\":\"api\"}": {".": {}, "f:name": {}, "f:command": {}}}}})
        );
        assert_eq!(
            fields(&json!({"status": {"conditions": [{"type": "A"}]}}), false)["f:status"]["f:conditions"],
            json!({})
        );
    }
}
