//! Strategic merge patches: lists of built-in types merged by their keys.

use serde_json::{Map, Value};

use super::relation::{self, List};

const PATCH: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const ORDER: &str = "$setElementOrder/";
const DROP: &str = "$deleteFromPrimitiveList/";

/// Lays a strategic merge patch over an object of a built-in type.
pub fn merge(target: &mut Value, patch: &Value) {
    object(target, patch, &mut Vec::new());
}

fn object<'a>(target: &mut Value, patch: &'a Value, place: &mut Vec<&'a str>) {
    let Some(patch) = patch.as_object() else {
        patch.clone_into(target);
        return;
    };
    match patch.get(PATCH).and_then(Value::as_str) {
        Some("replace") => {
            *target = Value::Object(plain(patch));
            return;
        }
        Some("delete") => {
            *target = Value::Object(Map::new());
            return;
        }
        _ => {}
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(map) = target.as_object_mut() else { return };
    if let Some(keep) = patch.get(RETAIN).and_then(Value::as_array) {
        map.retain(|key, _| keep.iter().any(|k| k == key.as_str()));
    }
    for (key, value) in patch {
        if let Some(list) = key.strip_prefix(DROP) {
            if let (Some(Value::Array(items)), Some(gone)) = (map.get_mut(list), value.as_array()) {
                items.retain(|item| !gone.contains(item));
            }
        } else if !key.starts_with('$') {
            place.push(key);
            field(map, key, value, patch.get(&format!("{ORDER}{key}")), place);
            place.pop();
        }
    }
    // an order may come alone
    for (key, order) in patch {
        let Some(list) = key.strip_prefix(ORDER).filter(|list| !patch.contains_key(*list)) else { continue };
        place.push(list);
        if let Some(Value::Array(items)) = map.get_mut(list) {
            let live = items.clone();
            sort(items, &live, order, relation::list(false, place));
        }
        place.pop();
    }
}

fn field<'a>(
    map: &mut Map<String, Value>,
    key: &'a str,
    value: &'a Value,
    order: Option<&Value>,
    place: &mut Vec<&'a str>,
) {
    match value {
        Value::Null => drop(map.remove(key)),
        Value::Array(items) => {
            let how = relation::list(false, place);
            let there = map.entry(key).or_insert_with(|| Value::Array(Vec::new()));
            if !there.is_array() {
                *there = Value::Array(Vec::new());
            }
            let Some(there) = there.as_array_mut() else { return };
            let live = there.clone();
            list(there, items, how, place);
            if let Some(order) = order {
                sort(there, &live, order, how);
            }
        }
        Value::Object(_) => object(map.entry(key).or_insert(Value::Null), value, place),
        _ => drop(map.insert(key.to_owned(), value.clone())),
    }
}

fn list<'a>(target: &mut Vec<Value>, patch: &'a [Value], how: List, place: &mut Vec<&'a str>) {
    let replaces = patch.iter().any(|item| item[PATCH] == "replace");
    if how == List::Atomic || replaces {
        *target = patch.iter().filter(|item| item.get(PATCH).is_none()).cloned().collect();
        return;
    }
    for item in patch {
        let there = target.iter().position(|t| same(t, item, how));
        match (there, item[PATCH].as_str()) {
            (Some(at), Some("delete")) => drop(target.remove(at)),
            (Some(at), _) if item.is_object() => object(&mut target[at], item, place),
            // nothing to delete, or there already
            (None, Some("delete")) | (Some(_), _) => {}
            (None, _) => {
                let mut new = Value::Object(Map::new());
                object(&mut new, item, place);
                target.push(new);
            }
        }
    }
}

/// Whether two items are the same one: a strategic merge looks at the first key alone.
fn same(a: &Value, b: &Value, how: List) -> bool {
    match how {
        List::Map(keys) => keys.first().is_some_and(|key| a.get(*key).is_some() && a.get(*key) == b.get(*key)),
        List::Set | List::Atomic => a == b,
    }
}

/// Puts items in the order the client saw; what it did not know of keeps its place among what was there.
fn sort(items: &mut Vec<Value>, live: &[Value], order: &Value, how: List) {
    let Some(order) = order.as_array() else { return };
    let rank = |item: &Value| order.iter().position(|o| same(o, item, how));
    let place = |item: &Value| live.iter().position(|l| same(l, item, how));
    let (mut known, unknown): (Vec<Value>, Vec<Value>) = items.drain(..).partition(|item| rank(item).is_some());
    known.sort_by_key(rank);
    let mut known = known.into_iter().peekable();
    for item in unknown {
        while let Some(next) =
            known.next_if(|next| place(next).is_none_or(|at| place(&item).is_none_or(|own| at < own)))
        {
            items.push(next);
        }
        items.push(item);
    }
    items.extend(known);
}

/// A map without the words that are for the patch only.
fn plain(patch: &Map<String, Value>) -> Map<String, Value> {
    patch.iter().filter(|(key, _)| !key.starts_with('$')).map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn deployment() -> Value {
        json!({"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}, "template": {"spec": {
            "containers": [
                {"name": "api", "image": "api:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
                {"name": "proxy", "image": "proxy:1", "args": ["a", "b"]},
            ],
        }}}})
    }

    fn containers(patch: &Value) -> Value {
        let mut object = deployment();
        merge(&mut object, &json!({"spec": {"template": {"spec": patch}}}));
        object["spec"]["template"]["spec"]["containers"].clone()
    }

    #[test]
    fn keyed_lists_are_merged_and_others_replaced() {
        let list = containers(&json!({"containers": [
            {"name": "proxy", "args": ["c"]},
            {"name": "api", "image": "api:2", "env": [{"name": "B", "$patch": "delete"}, {"name": "C", "value": "3"}]},
            {"name": "new", "image": "new:1"},
        ]}));
        assert_eq!(list[0]["image"], "api:2");
        assert_eq!(list[0]["env"], json!([{"name": "A", "value": "1"}, {"name": "C", "value": "3"}]));
        assert_eq!(list[1], json!({"name": "proxy", "image": "proxy:1", "args": ["c"]}));
        assert_eq!(list[2]["name"], "new");
    }

    #[test]
    fn words_of_the_patch_are_obeyed_and_not_kept() {
        let order = json!([{"name": "proxy"}, {"name": "api"}]);
        let list =
            containers(&json!({"$setElementOrder/containers": order, "containers": [{"name": "api", "image": "x"}]}));
        assert_eq!((&list[0]["name"], &list[1]["name"]), (&json!("proxy"), &json!("api")));
        let list = containers(&json!({"containers": [{"$patch": "replace"}, {"name": "only"}]}));
        assert_eq!(list, json!([{"name": "only"}]));
        let mut object = deployment();
        let strategy = json!({"$retainKeys": ["type"], "type": "Recreate"});
        merge(&mut object, &json!({"spec": {"strategy": strategy, "template": {"$patch": "replace", "a": 1}}}));
        assert_eq!(object, json!({"spec": {"strategy": {"type": "Recreate"}, "template": {"a": 1}}}));
        let mut object = json!({"metadata": {"finalizers": ["a", "b"]}});
        merge(&mut object, &json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}));
        assert_eq!(object, json!({"metadata": {"finalizers": ["b"]}}));
    }

    fn environment() -> impl Strategy<Value = Value> {
        proptest::collection::btree_map("[A-D]", "[0-3]", 0..4).prop_map(|map| {
            let items: Vec<Value> = map.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
            json!({"spec": {"containers": [{"name": "api", "env": items}]}})
        })
    }

    proptest! {
        #[test]
        fn a_patch_done_twice_is_done_once(start in environment(), patch in environment()) {
            let mut once = start.clone();
            merge(&mut once, &patch);
            let mut twice = once.clone();
            merge(&mut twice, &patch);
            prop_assert_eq!(&once, &twice);
            // nothing that was there by another name is lost
            let names = |o: &Value| -> Vec<String> {
                let items = o.pointer("/spec/containers/0/env").unwrap().as_array().unwrap();
                items.iter().map(|i| i["name"].to_string()).collect()
            };
            for name in names(&start).iter().chain(&names(&patch)) {
                prop_assert!(names(&once).contains(name));
            }
        }
    }
}
