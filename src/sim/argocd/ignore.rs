//! `spec.ignoreDifferences`: fields that may differ from Git.

use super::annotation;
use super::key::Key;
use super::project::glob;
use crate::sim::manifest::meta::text;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// JSON pointers to the fields of an object that an Application does not compare; of jq expressions only plain paths
/// such as `.spec.replicas`.
#[must_use]
pub fn pointers(app: &Value, key: &Key) -> Vec<String> {
    let rules = app["spec"]["ignoreDifferences"].as_array().into_iter().flatten();
    let mut found = Vec::new();
    for rule in rules {
        let fits = |field: &str, value: &str| text(rule, field).is_empty() || text(rule, field) == value;
        if !glob(text(rule, "/group"), &key.group)
            || !glob(text(rule, "/kind"), &key.kind)
            || !fits("/name", &key.name)
            || !fits("/namespace", &key.namespace)
        {
            continue;
        }
        found.extend(paths(rule));
    }
    found
}

/// JSON pointers to the fields one rule names; of jq expressions only plain paths count.
#[must_use]
pub fn paths(rule: &Value) -> Vec<String> {
    let texts = |field: &str| rule[field].as_array().into_iter().flatten().filter_map(Value::as_str);
    let plain = |path: &&str| path.starts_with('.') && !path.contains(['[', '(', '|', '"', '?']);
    let expressions = texts("jqPathExpressions").filter(plain).map(|path| path.replace('.', "/"));
    texts("jsonPointers").map(str::to_owned).chain(expressions).collect()
}

/// An object without some of its fields.
#[must_use]
pub fn without(object: &Value, pointers: &[String]) -> Value {
    let mut object = object.clone();
    for pointer in pointers {
        let Some((parent, field)) = pointer.rsplit_once('/') else { continue };
        match object.pointer_mut(parent) {
            Some(Value::Object(map)) => drop(map.remove(&name(field))),
            Some(Value::Array(list)) => {
                if let Some(index) = field.parse().ok().filter(|index| *index < list.len()) {
                    list.remove(index);
                }
            }
            _ => {}
        }
    }
    object
}

/// Has a sync leave the ignored fields of live objects as they are, if its options say so.
pub fn respect(app: &Value, options: &Value, objects: &mut [Value], live: &BTreeMap<Key, Value>) {
    if !annotation::in_options(options, "RespectIgnoreDifferences=true") {
        return;
    }
    for object in objects {
        let key = Key::of(object);
        let Some(live) = live.get(&key) else { continue };
        for pointer in pointers(app, &key) {
            keep(object, live, &pointer);
        }
    }
}

/// Gives an object the field that a live one has there, or takes it away if the live one has none.
pub fn keep(object: &mut Value, live: &Value, pointer: &str) {
    match live.pointer(pointer) {
        Some(value) => put(object, pointer, value),
        None => *object = without(object, &[pointer.to_owned()]),
    }
}

fn put(object: &mut Value, pointer: &str, value: &Value) {
    let Some((parent, field)) = pointer.rsplit_once('/') else { return };
    let mut place = object;
    for step in parent.split('/').skip(1) {
        if !place.is_object() {
            // an item of a list: only one that is there
            match place.as_array_mut().and_then(|list| list.get_mut(step.parse::<usize>().ok()?)) {
                Some(item) => place = item,
                None => return,
            }
            continue;
        }
        place = &mut place[name(step)];
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
    }
    if let Some(map) = place.as_object_mut() {
        map.insert(name(field), value.clone());
    }
}

/// A step of a JSON pointer as it was before it was escaped.
fn name(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ignored_fields_are_taken_away_or_kept_as_they_are() {
        let app = json!({"spec": {"ignoreDifferences": [
            {"group": "apps", "kind": "*", "jsonPointers": ["/spec/replicas", "/metadata/annotations/a~1b"]},
            {"group": "apps", "kind": "Deployment", "name": "other", "jsonPointers": ["/spec"]},
            {"kind": "Service", "jqPathExpressions": [".spec.clusterIP", ".spec.ports[].nodePort"]}]}});
        let git = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "a", "annotations": {"a/b": "1"}}, "spec": {"replicas": 1, "x": 2}});
        let pointers_of = pointers(&app, &Key::of(&git));
        let stripped = without(&git, &pointers_of);
        assert_eq!((&stripped["spec"], &stripped["metadata"]["annotations"]), (&json!({"x": 2}), &json!({})));
        let mut live = git.clone();
        live["spec"]["replicas"] = json!(5);
        let live: BTreeMap<_, _> = [(Key::of(&git), live)].into();
        let mut objects = [git.clone()];
        respect(&app, &json!([]), &mut objects, &live);
        assert_eq!(objects[0]["spec"]["replicas"], 1);
        respect(&app, &json!(["RespectIgnoreDifferences=true"]), &mut objects, &live);
        assert_eq!(objects[0]["spec"]["replicas"], 5);
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}});
        assert_eq!(pointers(&app, &Key::of(&service)), ["/spec/clusterIP"]);
    }
}
