//! Making a live object fit to be shown: nothing secret, nothing that steers a terminal, nothing only machines read.

use serde_json::Value;

use crate::domain::text::{clean_lines, without_credentials};

/// What stands for what is not shown.
const MASKED: &str = "••••••••";
/// A copy of the whole object as it was applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Parts of names of environment variables that hold what nobody should see.
const SECRET_NAMES: [&str; 7] = ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL", "API_KEY", "PRIVATE_KEY"];

/// Masks and cleans an object in place.
pub(in crate::source) fn mask(object: &mut Value) {
    mask_secret(object);
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    let copy = object.pointer("/metadata/annotations").and_then(|a| a.get(LAST_APPLIED)).and_then(Value::as_str);
    // a copy that cannot be read is not shown: it may hold anything
    let masked = copy.map(|copy| match serde_json::from_str::<Value>(copy) {
        Ok(mut copy) => {
            mask(&mut copy);
            copy.to_string()
        }
        Err(_) => MASKED.to_owned(),
    });
    if let (Some(masked), Some(annotations)) =
        (masked, object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut))
    {
        annotations.insert(LAST_APPLIED.to_owned(), Value::String(masked));
    }
    mask_texts(object);
}

/// A value fit to be shown: masked and cleaned as a whole object is.
#[must_use]
pub fn masked(mut value: Value) -> Value {
    mask(&mut value);
    value
}

fn mask_secret(object: &mut Value) {
    if object.get("kind").and_then(Value::as_str) != Some("Secret") {
        return;
    }
    for field in ["data", "stringData"] {
        match object.get_mut(field) {
            Some(Value::Object(entries)) => {
                for value in entries.values_mut() {
                    *value = Value::String(MASKED.to_owned());
                }
            }
            Some(other) => *other = Value::String(MASKED.to_owned()),
            None => {}
        }
    }
}

/// Cleans and masks the texts in a part of an object.
pub(in crate::source) fn mask_texts(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let std::borrow::Cow::Owned(cleaned) = clean_lines(text) {
                *text = cleaned;
            }
            if text.contains("://") && text.contains('@') {
                *text = text.split(' ').map(without_credentials).collect::<Vec<_>>().join(" ");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_texts),
        Value::Object(fields) => {
            let named = fields.get("name").and_then(Value::as_str).map(str::to_ascii_uppercase);
            if named.is_some_and(|name| SECRET_NAMES.iter().any(|part| name.contains(part)))
                && let Some(value @ Value::String(_)) = fields.get_mut("value")
            {
                *value = Value::String(MASKED.to_owned());
            }
            fields.values_mut().for_each(mask_texts);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_of_a_secret_is_left() {
        let copy = json!({ "kind": "Secret", "data": { "key": "aHVudGVyMg==" } }).to_string();
        let mut secret = json!({
            "kind": "Secret", "data": { "key": "aHVudGVyMg==" }, "stringData": { "other": "hunter2" },
            "metadata": { "name": "s", "managedFields": [{}], "annotations": { LAST_APPLIED: copy } }
        });
        mask(&mut secret);
        let text = secret.to_string();
        assert!(!text.contains("hunter2") && !text.contains("aHVudGVyMg") && !text.contains("managedFields"), "{text}");
        assert_eq!(secret["data"]["key"], MASKED);

        let mut broken = json!({ "kind": "Secret", "metadata": { "annotations": { LAST_APPLIED: "hunter2{" } } });
        mask(&mut broken);
        assert!(!broken.to_string().contains("hunter2"));
    }

    #[test]
    fn credentials_elsewhere_are_masked_and_texts_are_cleaned() {
        let mut pod = json!({ "kind": "Pod", "spec": { "containers": [{ "env": [
            { "name": "DB_PASSWORD", "value": "hunter2" },
            { "name": "DB_PASSWORD_FROM", "valueFrom": { "secretKeyRef": { "name": "s", "key": "k" } } },
            { "name": "DB_URL", "value": "postgres://app:hunter2@db/app" },
            { "name": "LOG_LEVEL", "value": "info\u{1b}[2J" }
        ] }] } });
        mask(&mut pod);
        let env = &pod["spec"]["containers"][0]["env"];
        assert!(!pod.to_string().contains("hunter2"), "{pod}");
        assert_eq!((&env[0]["value"], &env[3]["value"]), (&json!(MASKED), &json!("info")));
        assert_eq!(env[1]["valueFrom"]["secretKeyRef"]["name"], "s");
    }
}
