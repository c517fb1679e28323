//! The three-way merge of client-side apply: what a live object becomes when a configuration is applied to it.

use super::annotation::{LAST_APPLIED, value};
use super::key::group;
use crate::sim::write::relation::{self, List};
use serde_json::{Map, Value};

/// The live object as it would be after applying `target`: what the last configuration had and this one has not is
/// taken away, what this one says is laid over, and everything else stays, defaults and hand-made additions alike.
#[must_use]
pub fn apply(live: &Value, target: &Value) -> Value {
    let last: Value = serde_json::from_str(value(live, LAST_APPLIED)).unwrap_or_else(|_| target.clone());
    let (mut target, mut last) = (target.clone(), last);
    for side in [&mut target, &mut last] {
        fold_secret(side);
        if let Some(object) = side.as_object_mut() {
            object.remove("status");
        }
    }
    let custom = group(&target) == "argoproj.io" || group(&target).matches('.').count() > 1;
    let mut merged = live.clone();
    objects(&mut merged, &last, &target, custom, &mut Vec::new());
    merged
}

/// Whether applying `target` would change more than what describes the object itself.
#[must_use]
pub fn differs(live: &Value, target: &Value) -> bool {
    let strip = |mut object: Value| {
        if let Some(object) = object.as_object_mut() {
            object.remove("status");
            object.remove("apiVersion");
        }
        if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
            annotations.remove(LAST_APPLIED);
        }
        object
    };
    strip(apply(live, target)) != strip(live.clone())
}

/// An object as the API server keeps it, where it is a Secret.
pub fn fold_secret(object: &mut Value) {
    if object["kind"] == "Secret" {
        crate::sim::write::fold_secret(object);
    }
}

fn objects<'a>(live: &mut Value, last: &'a Value, target: &'a Value, custom: bool, place: &mut Vec<&'a str>) {
    static NOTHING: Value = Value::Null;
    let (Some(wanted), true) = (target.as_object(), live.is_object()) else {
        target.clone_into(live);
        return;
    };
    let Some(live) = live.as_object_mut() else { return };
    for (name, old) in last.as_object().into_iter().flatten() {
        if !old.is_null() && wanted.get(name).is_none_or(Value::is_null) && !(place.is_empty() && name == "status") {
            live.remove(name);
        }
    }
    for (name, new) in wanted {
        if new.is_null() {
            continue;
        }
        let old = last.get(name).unwrap_or(&NOTHING);
        place.push(name);
        match live.get_mut(name) {
            Some(there) => values(there, old, new, custom, place),
            None if is_empty(new) => {}
            None => drop(live.insert(name.clone(), without_nulls(new))),
        }
        place.pop();
    }
}

fn values<'a>(live: &mut Value, last: &'a Value, target: &'a Value, custom: bool, place: &mut Vec<&'a str>) {
    match (&*live, target) {
        (Value::Object(_), Value::Object(_)) => objects(live, last, target, custom, place),
        (Value::Array(_), Value::Array(wanted)) => lists(live, last, wanted, custom, place),
        (Value::Null, empty) if is_empty(empty) => {}
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => {}
        _ => *live = without_nulls(target),
    }
}

fn lists<'a>(live: &mut Value, last: &'a Value, wanted: &'a [Value], custom: bool, place: &mut Vec<&'a str>) {
    static NOTHING: Value = Value::Null;
    let Some(there) = live.as_array_mut() else { return };
    let names: Vec<&str> = place.clone();
    // a patch of a custom resource knows nothing of lists
    let keys = match if custom { List::Atomic } else { relation::list(custom, &names) } {
        List::Map(keys) => keys,
        List::Set => {
            let old = last.as_array();
            there.retain(|one| wanted.contains(one) || !old.is_some_and(|old| old.contains(one)));
            there.extend(wanted.iter().filter(|one| !there.contains(one)).cloned().collect::<Vec<_>>());
            return;
        }
        List::Atomic => {
            // one field; but what the server filled into its items is no difference
            if there.len() == wanted.len() {
                for (one, new) in there.iter_mut().zip(wanted) {
                    values(one, new, new, custom, place);
                }
            } else {
                *there = wanted.iter().map(without_nulls).collect();
            }
            return;
        }
    };
    let Some(key) = keys.first() else { return };
    let same = |a: &Value, b: &Value| a[*key] == b[*key];
    let old = last.as_array().map(Vec::as_slice).unwrap_or_default();
    there.retain(|one| wanted.iter().any(|new| same(one, new)) || !old.iter().any(|was| same(one, was)));
    for new in wanted {
        let was = old.iter().find(|was| same(was, new)).unwrap_or(&NOTHING);
        match there.iter_mut().find(|one| same(one, new)) {
            Some(one) => values(one, was, new, custom, place),
            None => there.push(without_nulls(new)),
        }
    }
}

/// What the server does not keep: an empty map or list says the same as none.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect::<Map<_, _>>())
        }
        Value::Array(list) => Value::Array(list.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn live(last: &Value) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "a", "annotations": {LAST_APPLIED: last.to_string()}},
            "spec": {"replicas": 2, "strategy": {"type": "RollingUpdate"},
                "template": {"spec": {"containers": [{"name": "api", "image": "x:1", "imagePullPolicy": "Always",
                    "env": [{"name": "A", "value": "1"}, {"name": "HAND", "value": "made"}]}]}}},
        })
    }

    fn target(image: &str, env: &Value) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
            "spec": {"replicas": 2, "paused": null, "template": {"spec": {"nodeSelector": {}, "containers": [
                {"name": "api", "image": image, "env": env}]}}}})
    }

    #[test]
    fn defaults_nulls_and_additions_by_hand_are_no_difference() {
        let last = target("x:1", &json!([{"name": "A", "value": "1"}]));
        assert!(!differs(&live(&last), &last));
        assert!(differs(&live(&last), &target("x:2", &json!([{"name": "A", "value": "1"}]))));
    }

    #[test]
    fn what_git_no_longer_says_goes_and_what_it_never_said_stays() {
        let last = target("x:1", &json!([{"name": "A", "value": "1"}]));
        let merged = apply(&live(&last), &target("x:1", &json!([])));
        let env = &merged["spec"]["template"]["spec"]["containers"][0]["env"];
        assert_eq!(*env, json!([{"name": "HAND", "value": "made"}]));
    }

    #[test]
    fn string_data_is_data() {
        let target = json!({"kind": "Secret", "apiVersion": "v1", "metadata": {}, "stringData": {"a": "b"}});
        let live = json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"annotations": {LAST_APPLIED: target.to_string()}}, "data": {"a": "Yg=="}});
        assert!(!differs(&live, &target));
    }
}
