//! What applying an object would make of the live one, as Argo CD predicts it: what the object does not name stays.

use serde_json::Value;

use super::keys::{item, matched};
use crate::domain::Step;

/// `live` after `target` was applied to it. What was applied before and `target` does not name any more goes.
#[must_use]
pub fn predict(live: &Value, target: &Value, before: Option<&Value>) -> Value {
    match (live, target) {
        (Value::Object(live), Value::Object(target)) => {
            let mut out = live.clone();
            let before = before.and_then(Value::as_object);
            for name in before.into_iter().flat_map(serde_json::Map::keys).filter(|name| !target.contains_key(*name)) {
                out.remove(name);
            }
            for (name, wanted) in target {
                let before = before.and_then(|before| before.get(name));
                match live.get(name) {
                    Some(there) => drop(out.insert(name.clone(), predict(there, wanted, before))),
                    None => drop(out.insert(name.clone(), wanted.clone())),
                }
            }
            Value::Object(out)
        }
        (Value::Array(live), Value::Array(target)) => lists(live, target, before).into(),
        _ => target.clone(),
    }
}

fn lists(live: &[Value], target: &[Value], before: Option<&Value>) -> Vec<Value> {
    let Some(pairs) = matched(target, live) else { return target.to_vec() };
    let before = before.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let earlier = |step: &Step| match step {
        Step::Item(keys) => item(before, keys),
        _ => None,
    };
    let merged = pairs.items.into_iter().filter_map(|(step, wanted, there)| match (wanted, there) {
        (Some(wanted), Some(there)) => Some(predict(there, wanted, earlier(&step))),
        (Some(wanted), None) => Some(wanted.clone()),
        // applied before and not any more: it goes; else somebody else's
        (None, there) => there.filter(|_| earlier(&step).is_none()).cloned(),
    });
    merged.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_named_stays_and_what_is_not_named_any_more_goes() {
        let live = json!({ "a": 1, "old": 1, "hand": 1, "list": [{ "name": "x", "v": 1, "d": 0 }, { "name": "hand" }, { "name": "old" }] });
        let target = json!({ "a": 2, "list": [{ "name": "x", "v": 2 }, { "name": "new" }] });
        let before = json!({ "a": 1, "old": 1, "list": [{ "name": "x", "v": 1 }, { "name": "old" }] });
        let wanted = json!({ "a": 2, "hand": 1,
            "list": [{ "name": "x", "v": 2, "d": 0 }, { "name": "new" }, { "name": "hand" }] });
        assert_eq!(predict(&live, &target, Some(&before)), wanted);
    }
}
