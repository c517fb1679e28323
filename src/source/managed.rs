//! Argo CD's own comparison of an Application's resources, as argocd-server answers it and as it lies in its cache.

use serde_json::Value;

use super::argocd::ManagedResource;
use crate::domain::mask::Masker;
use crate::domain::text::clean;
use crate::domain::{ObjectName, Pair};

/// Both states of every object. Secrets that Argo CD did not mask are masked, objects without any state are left out.
#[must_use]
pub fn pairs(items: &[Value]) -> Vec<Pair> {
    let mut pairs = unmasked(items);
    pairs.iter_mut().for_each(mask);
    pairs
}

/// The same, with what Argo CD did not mask.
pub(super) fn unmasked(items: &[Value]) -> Vec<Pair> {
    items.iter().map(pair).collect()
}

/// The same of what argocd-server has answered.
pub(super) fn from_server(resources: Vec<ManagedResource>) -> Vec<Pair> {
    let pair = |resource: ManagedResource| {
        let states = [resource.target, resource.predicted_live, resource.normalized_live, resource.live];
        let name = [&resource.group, &resource.kind, &resource.namespace, &resource.name].map(|text| text.as_ref());
        built(name, states, resource.hook, resource.modified)
    };
    resources.into_iter().map(pair).collect()
}

fn pair(item: &Value) -> Pair {
    let text = |field: &str| item.get(field).and_then(Value::as_str).unwrap_or_default();
    // a state is a text that holds JSON, `null` for none
    let state = |field: &str| serde_json::from_str::<Value>(text(field)).ok().filter(Value::is_object);
    let states = ["targetState", "predictedLiveState", "normalizedLiveState", "liveState"].map(state);
    let is = |field: &str| item.get(field).and_then(Value::as_bool).unwrap_or_default();
    built(["group", "kind", "namespace", "name"].map(text), states, is("hook"), is("modified"))
}

/// `states` are target, desired, live and whole.
fn built([group, kind, namespace, name]: [&str; 4], states: [Option<Value>; 4], hook: bool, modified: bool) -> Pair {
    let version = states.iter().flatten().find_map(|state| state.get("apiVersion")?.as_str());
    let version = version.map_or("", |version| version.rsplit('/').next().unwrap_or_default());
    let symbol = |text: &str| clean(text).as_ref().into();
    let object = ObjectName {
        group: symbol(group),
        version: symbol(version),
        kind: symbol(kind),
        namespace: symbol(namespace),
        name: symbol(name),
    };
    let [target, desired, live, whole] = states;
    Pair { object, hook, target, desired, live, whole, differs: Some(modified), unread: None }
}

/// Masks all states of an object, the same value the same in each.
pub(super) fn mask(pair: &mut Pair) {
    let mut masker = Masker::default();
    for state in [&mut pair.target, &mut pair.desired, &mut pair.live, &mut pair.whole].into_iter().flatten() {
        masker.object(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn states_are_read_and_what_is_secret_in_them_is_not() {
        let secret = |value: &str| json!({ "apiVersion": "v1", "kind": "Secret", "data": { "k": value } }).to_string();
        let item = json!({ "kind": "Secret", "name": "s", "namespace": "n", "targetState": secret("aHVudGVyMg=="),
            "predictedLiveState": secret("aHVudGVyMg=="), "normalizedLiveState": secret("b3RoZXI="), "liveState": "null" });
        let pair = pairs(&[item]).remove(0);
        let said = format!("{pair:?}");
        assert!(!said.contains("aHVudGVyMg") && !said.contains("b3RoZXI"), "{said}");
        assert_eq!(pair.target.as_ref().unwrap()["data"], pair.desired.as_ref().unwrap()["data"]);
        assert_ne!(pair.desired.as_ref().unwrap()["data"], pair.live.as_ref().unwrap()["data"]);
        assert_eq!((pair.whole, &*pair.object.version), (None, "v1"));
    }
}
