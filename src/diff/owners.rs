//! Who set which field: managedFields, asked by path.

use serde_json::{Map, Value};

use super::keys;
use crate::domain::text::clean;
use crate::domain::{FieldPath, Hand, Owner, Step, Symbol, Timestamp};

/// What is said of an object's fields.
pub(super) struct Owners<'v> {
    entries: Vec<(Owner, &'v Map<String, Value>)>,
}

impl<'v> Owners<'v> {
    /// Of a live object, whole.
    pub fn of(object: &'v Value) -> Self {
        let rows = object.pointer("/metadata/managedFields").and_then(Value::as_array);
        let entry = |row: &'v Value| {
            let text = |field: &str| clean(row.get(field).and_then(Value::as_str).unwrap_or_default()).as_ref().into();
            let time = row.get("time").and_then(Value::as_str).and_then(|at| at.parse::<Timestamp>().ok());
            let owner = Owner {
                manager: text("manager"),
                operation: text("operation"),
                subresource: text("subresource"),
                time,
            };
            Some((owner, row.get("fieldsV1")?.as_object()?))
        };
        Self { entries: rows.into_iter().flatten().filter_map(entry).collect() }
    }

    /// Each entry: who, and the fields.
    pub fn entries(&self) -> impl Iterator<Item = (&Owner, &'v Map<String, Value>)> {
        self.entries.iter().map(|(owner, fields)| (owner, *fields))
    }

    /// Who set the field at `path` of `live`, where `value` stands, as it is. Of several who agree on it, a person comes
    /// first, then who came last. Nobody is named for a field that none of them has.
    pub fn owner(&self, live: &Value, path: &FieldPath, value: &Value) -> Option<&Owner> {
        let owning = self.entries.iter().filter(|(_, fields)| owns(fields, live, &path.0, value));
        // a field several agree on: Argo CD wants it another way, so it is not the one who made it so
        owning.map(|(owner, _)| owner).min_by_key(|owner| {
            (owner.hand() == Hand::ArgoCd, owner.hand() == Hand::Controller, std::cmp::Reverse(owner.time))
        })
    }
}

/// Whether an entry has the field at a path, the whole that it is part of, or all that lies in it.
fn owns(fields: &Map<String, Value>, live: &Value, path: &[Step], value: &Value) -> bool {
    let mut fields = fields;
    for (n, step) in path.iter().enumerate() {
        let child = match step {
            Step::Key(name) => fields.get(&format!("f:{}", name.as_str())),
            Step::Item(names) => {
                // most keys are ruled out without being parsed: there may be thousands
                let may_be = |key: &str| names.iter().any(|(_, value)| key.contains(&**value));
                let found = fields.iter().find(|(key, _)| {
                    if !may_be(key) {
                        return false;
                    }
                    let item_keys =
                        key.strip_prefix("k:").and_then(|k| serde_json::from_str::<Map<String, Value>>(k).ok());
                    item_keys
                        .is_some_and(|found| !found.is_empty() && is_item(&found, names, || keys::at(live, &path[..n])))
                });
                found.map(|(_, fields)| fields)
            }
            Step::Index(index) => {
                let value = keys::at(live, &path[..n]).and_then(|list| list.get(index)).map(Value::to_string);
                value.and_then(|value| fields.get(&format!("v:{value}")))
            }
            // whoever has the list has its order
            Step::Order => return fields.is_empty() || fields.contains_key("."),
        };
        // the end of what is said: all below is the same manager's
        let Some(child) = child.and_then(Value::as_object) else { return n > 0 && fields.is_empty() };
        if child.is_empty() {
            return true;
        }
        fields = child;
    }
    covers(fields, value)
}

/// Whether these are the keys of the item that a step names; the API server may know it by fewer keys or by more.
fn is_item<'v>(keys: &Map<String, Value>, names: &[(Symbol, Symbol)], list: impl Fn() -> Option<&'v Value>) -> bool {
    let said = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    keys.iter().all(|(key, value)| {
        if let Some((_, wanted)) = names.iter().find(|(name, _)| **name == **key) {
            return *said(value) == **wanted;
        }
        let item = list().and_then(Value::as_array).and_then(|items| keys::item(items, names));
        item.and_then(|item| item.get(key)).is_some_and(|there| said(there) == said(value))
    })
}

/// Whether the fields name every leaf of a value.
fn covers(fields: &Map<String, Value>, value: &Value) -> bool {
    if fields.is_empty() {
        return true;
    }
    match value {
        Value::Object(there) if !there.is_empty() => there.iter().all(|(name, value)| {
            let child = fields.get(&format!("f:{name}")).and_then(Value::as_object);
            child.is_some_and(|child| covers(child, value))
        }),
        Value::Array(items) if !items.is_empty() => items.iter().all(|item| {
            let fits = |key: &str| {
                let keys = key.strip_prefix("k:").and_then(|k| serde_json::from_str::<Map<String, Value>>(k).ok());
                keys.is_some_and(|keys| keys.iter().all(|(key, value)| item.get(key) == Some(value)))
                    || key.strip_prefix("v:").and_then(|value| serde_json::from_str::<Value>(value).ok()).as_ref()
                        == Some(item)
            };
            let child = fields.iter().find(|(key, _)| fits(key)).and_then(|(_, child)| child.as_object());
            child.is_some_and(|child| covers(child, item))
        }),
        _ => fields.contains_key("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn name(value: &str) -> Step {
        Step::Item(vec![("name".into(), value.into())])
    }

    fn live() -> Value {
        json!({
            "metadata": { "managedFields": [
                { "manager": "argocd-controller", "operation": "Update", "time": "2026-01-01T00:00:00Z", "fieldsV1": {
                    "f:spec": { "f:selector": {}, "f:containers": { "k:{\"name\":\"api\"}": { ".": {}, "f:image": {}, "f:name": {} } } } } },
                { "manager": "kubectl-edit", "operation": "Update", "time": "2026-01-02T00:00:00Z", "fieldsV1": {
                    "f:spec": { "f:containers": { "k:{\"name\":\"api\"}": { "f:env": { ".": {}, "k:{\"name\":\"A\"}": { ".": {}, "f:name": {}, "f:value": {} } } } } } } },
                { "manager": "kubectl-scale", "operation": "Update", "subresource": "scale", "fieldsV1": { "f:spec": { "f:replicas": {} } } },
            ] },
            "spec": { "replicas": 3, "selector": { "a": { "b": 1 } }, "paused": true,
                "containers": [{ "name": "api", "image": "x", "env": [{ "name": "A", "value": "1" }] }] },
        })
    }

    #[test]
    fn a_field_is_whose_managed_fields_say() {
        let live = live();
        let owners = Owners::of(&live);
        let of = |steps: Vec<Step>| {
            owners
                .owner(&live, &FieldPath(steps.clone()), keys::at(&live, &steps).unwrap())
                .map(|owner| owner.manager.to_string())
        };
        let key = Step::key;
        let container = || vec![key("spec"), key("containers"), name("api")];
        let below = |more: Vec<Step>| container().into_iter().chain(more).collect::<Vec<_>>();
        assert_eq!(of(below(vec![key("image")])).as_deref(), Some("argocd-controller"));
        assert_eq!(of(below(vec![key("env"), name("A")])).as_deref(), Some("kubectl-edit"));
        assert_eq!(of(below(vec![key("env")])).as_deref(), Some("kubectl-edit"));
        assert_eq!(of(below(vec![key("env"), name("A"), key("value")])).as_deref(), Some("kubectl-edit"));
        assert_eq!(of(vec![key("spec"), key("replicas")]).as_deref(), Some("kubectl-scale"));
        // a part of a whole that is one manager's
        assert_eq!(of(vec![key("spec"), key("selector"), key("a"), key("b")]).as_deref(), Some("argocd-controller"));
        // nobody has it, or several have parts of it
        assert_eq!(of(vec![key("spec"), key("paused")]), None);
        assert_eq!(of(container()), None);
        assert_eq!(of(vec![key("spec")]), None);
    }
}
