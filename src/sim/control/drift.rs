//! Somebody edits a live object by hand.

use serde_json::{Value, json};

use super::director::Director;
use crate::sim::store::Store;
use crate::sim::write::Writer;

/// Who edits when nobody is named.
const MANAGER: &str = "kubectl-edit";
const HOW: &str = "write `drift APP` for one more replica, or `drift APP [KIND/NAME] POINTER VALUE [by MANAGER]`, such as \
                   `drift frontend-staging Deployment/frontend /spec/replicas 3 by kubectl-scale`";

impl Director {
    /// Has somebody edit an object that an Application deployed: its first workload when none is named, by one more
    /// replica when nothing else is said. A value is JSON, or else taken as text.
    pub(super) fn drift(&self, app: &str, words: &[&str]) -> Result<String, String> {
        let (words, manager) = match words {
            [words @ .., "by", manager] => (words, *manager),
            words => (words, MANAGER),
        };
        let (object, set) = match words {
            [] => (None, None),
            [object] if object.contains('/') && !object.starts_with('/') => (Some(*object), None),
            [pointer, value] if pointer.starts_with('/') => (None, Some((*pointer, *value))),
            [object, pointer, value] if pointer.starts_with('/') => (Some(*object), Some((*pointer, *value))),
            _ => return Err(HOW.to_owned()),
        };
        let places = self.places.iter().map(|place| &place.stage);
        let mut found = places.filter_map(|stage| {
            let live = stage.store.get("Application", &stage.argocd_namespace, app)?;
            Some((&stage.store, live))
        });
        let (store, live) = found.next().ok_or_else(|| format!("there is no Application `{app}`"))?;
        let (kind, namespace, name) = target(&live, object)
            .ok_or_else(|| format!("{app} deploys no {}; {HOW}", object.unwrap_or("Deployment or StatefulSet")))?;
        edit(store, (&kind, &namespace, &name), set, manager)?;
        Ok(format!("{manager} edited {kind} {namespace}/{name}"))
    }
}

/// Kind, namespace and name of a resource of an Application.
fn target(app: &Value, wanted: Option<&str>) -> Option<(String, String, String)> {
    let resources = app["status"]["resources"].as_array()?;
    let is_meant = |resource: &&Value| match wanted.and_then(|wanted| wanted.split_once('/')) {
        Some((kind, name)) => resource["kind"] == kind && resource["name"] == name,
        None => matches!(resource["kind"].as_str(), Some("Deployment" | "StatefulSet")),
    };
    let resource = resources.iter().find(is_meant)?;
    let text = |field: &str| resource[field].as_str().unwrap_or_default().to_owned();
    Some((text("kind"), text("namespace"), text("name")))
}

fn edit(
    store: &Store,
    (kind, namespace, name): (&str, &str, &str),
    set: Option<(&str, &str)>,
    manager: &str,
) -> Result<(), String> {
    let mut missing = false;
    let edited = Writer::new(store, manager).edit(kind, namespace, name, |live| match set {
        None => live["spec"]["replicas"] = json!(live["spec"]["replicas"].as_i64().unwrap_or(1) + 1),
        Some((pointer, value)) => {
            let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
            missing = !put(live, pointer, value);
        }
    });
    match edited {
        Ok(_) if missing => Err(format!(
            "{kind} {namespace}/{name} has nothing that {} could be put into",
            set.map_or("it", |set| set.0)
        )),
        Ok(_) => Ok(()),
        Err(failure) => Err(format!("{kind} {namespace}/{name} is not edited: {}", failure.message)),
    }
}

/// Sets the value at a JSON pointer whose parent is there; false when it is not.
fn put(object: &mut Value, pointer: &str, value: Value) -> bool {
    if let Some(place) = object.pointer_mut(pointer) {
        *place = value;
        return true;
    }
    let Some((parent, key)) = pointer.rsplit_once('/') else { return false };
    let key = key.replace("~1", "/").replace("~0", "~");
    match object.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.insert(key, value);
            true
        }
        _ => false,
    }
}
