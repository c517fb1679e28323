//! Secrets as Argo CD shows them: every value a row of plus signs, the same for the same.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Masks the values of Secrets in several versions of one object: what is the same reads the same, what differs is four
/// signs longer than the one before. Anything but a core Secret stays as it is.
pub(in crate::sim) fn mask(versions: &mut [&mut Option<Value>]) {
    let is_secret = |object: &Value| object["kind"] == "Secret" && object["apiVersion"] == "v1";
    if !versions.iter().any(|version| version.as_ref().is_some_and(is_secret)) {
        return;
    }
    let mut applied: Vec<Option<Value>> = versions
        .iter()
        .map(|version| {
            let text = version.as_ref()?["metadata"]["annotations"][LAST_APPLIED].as_str()?;
            serde_json::from_str(text).ok()
        })
        .collect();
    let mut known: Map<String, Value> = Map::new();
    let all = versions.iter_mut().map(|version| &mut **version).chain(applied.iter_mut());
    for object in all.flatten() {
        fold(object);
        for (key, value) in object["data"].as_object_mut().into_iter().flatten() {
            let seen = known.entry(key.clone()).or_insert_with(|| Value::Array(Vec::new()));
            let Some(seen) = seen.as_array_mut() else { continue };
            let at = seen.iter().position(|one| one == value).unwrap_or_else(|| {
                seen.push(value.clone());
                seen.len() - 1
            });
            *value = "+".repeat(8 + 4 * at).into();
        }
    }
    for (version, applied) in versions.iter_mut().zip(applied) {
        let Some(last) = version.as_mut().and_then(|object| object["metadata"]["annotations"].get_mut(LAST_APPLIED))
        else {
            continue;
        };
        *last = applied.map_or_else(|| "++++++++".to_owned(), |applied| applied.to_string()).into();
    }
}

/// Masks one object.
pub(in crate::sim) fn masked(object: Value) -> Value {
    let mut only = Some(object);
    mask(&mut [&mut only]);
    only.unwrap_or_default()
}

/// `stringData` is a way to write `data`.
fn fold(object: &mut Value) {
    let Some(plain) = object.as_object_mut().and_then(|object| object.remove("stringData")) else { return };
    for (key, value) in plain.as_object().into_iter().flatten() {
        object["data"][key] = STANDARD.encode(value.as_str().unwrap_or_default()).into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equal_values_are_masked_alike_in_every_version() {
        let secret = |value: &str| {
            let applied = json!({"data": {"KEY": "b2xk"}}).to_string();
            Some(json!({"apiVersion": "v1", "kind": "Secret", "data": {"KEY": value},
                "metadata": {"annotations": {LAST_APPLIED: applied}}}))
        };
        let (mut target, mut live) = (secret("bmV3"), secret("b2xk"));
        mask(&mut [&mut target, &mut live]);
        let (target, live) = (target.unwrap(), live.unwrap());
        assert_eq!((&target["data"]["KEY"], &live["data"]["KEY"]), (&json!("++++++++"), &json!("++++++++++++")));
        let applied = live["metadata"]["annotations"][LAST_APPLIED].as_str().unwrap();
        assert_eq!(applied, r#"{"data":{"KEY":"++++++++++++"}}"#);
    }

    #[test]
    fn other_kinds_and_values_in_clear_are_seen_to() {
        let config = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"}});
        assert_eq!(masked(config.clone()), config);
        let shown = masked(json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "b"}}));
        assert_eq!(shown["data"]["a"], "++++++++");
        assert!(shown.get("stringData").is_none());
    }
}
