//! A live object as its screen shows it.

use serde_json::{Value, json};

use super::project::{message, moment};
use crate::domain::mask::{Masker, mask};
use crate::domain::text::clean;
use crate::domain::{LiveObject, ObjectCondition, Symbol, health};

/// Masks an object and writes it down; its managedFields apart, for they are longer than all the rest and few look at
/// them.
pub(in crate::source) fn of(mut object: Value) -> Result<LiveObject, serde_saphyr::ser::Error> {
    let health = health::of(&object).map(|(health, said)| (health, said.and_then(|said| message(&said))));
    let mut managed = object.pointer_mut("/metadata/managedFields").map(Value::take).filter(|m| !m.is_null());
    mask(&mut object);
    if let (Some(managed), Some(metadata)) = (&mut managed, object.get_mut("metadata").and_then(Value::as_object_mut)) {
        Masker::default().texts(managed);
        metadata.insert("managedFields".to_owned(), Value::Null);
    }
    let yaml = lines(&object)?;
    let place = yaml.iter().position(|line| &**line == "  managedFields: null");
    let managers = managed.as_ref().map_or_else(Vec::new, managers);
    let folded = match managed.zip(place) {
        // the first line is the `metadata` that is there already
        Some((managed, place)) => {
            let whole = lines(&json!({ "metadata": { "managedFields": managed } }))?;
            Some((place, whole.into_iter().skip(1).collect()))
        }
        None => None,
    };
    let conditions = items(&object, "/status/conditions").iter().map(condition).collect();
    Ok(LiveObject { yaml, folded, managers, conditions, health, actions: None, failed: None })
}

fn lines(object: &Value) -> Result<Vec<Box<str>>, serde_saphyr::ser::Error> {
    Ok(serde_saphyr::to_string(object)?.lines().map(Into::into).collect())
}

fn items<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    value.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn managers(managed: &Value) -> Vec<Symbol> {
    let rows = managed.as_array().into_iter().flatten();
    let mut names: Vec<Symbol> = rows.filter_map(|row| Some(row.get("manager")?.as_str()?.into())).collect();
    names.sort();
    names.dedup();
    names
}

fn condition(row: &Value) -> ObjectCondition {
    let text = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or_default();
    ObjectCondition {
        kind: clean(text("type")).as_ref().into(),
        status: clean(text("status")).as_ref().into(),
        reason: clean(text("reason")).as_ref().into(),
        message: message(text("message")).unwrap_or_default(),
        since: moment(text("lastTransitionTime")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Value {
        json!({
            "apiVersion": "v1", "kind": "Secret", "data": { "key": "aHVudGVyMg==" },
            "metadata": { "name": "s", "managedFields": [
                { "manager": "kubectl-edit", "fieldsV1": { "f:data": { "f:key": {} } } },
                { "manager": "argocd-controller", "fieldsV1": {} },
                { "manager": "kubectl-edit" }
            ] },
            "status": { "conditions": [{ "type": "Ready", "status": "False", "reason": "No\u{1b}[2J", "message": "why" }] }
        })
    }

    #[test]
    fn managed_fields_are_one_line_until_somebody_wants_them() {
        let shown = of(secret()).unwrap();
        let (place, folded) = shown.folded.unwrap();
        assert_eq!(&*shown.yaml[place], "  managedFields: null");
        assert!(folded.iter().any(|line| line.contains("f:key")), "{folded:?}");
        assert!(folded[0].starts_with("  managedFields:"), "{folded:?}");
        assert_eq!(shown.managers.iter().map(|m| &**m).collect::<Vec<_>>(), ["argocd-controller", "kubectl-edit"]);
        assert!(!shown.yaml.iter().any(|line| line.contains("f:key") || line.contains("aHVudGVyMg")));
    }

    #[test]
    fn conditions_are_told_clean() {
        let shown = of(secret()).unwrap();
        let told = &shown.conditions[0];
        assert_eq!((&*told.kind, &*told.status, &*told.reason, &*told.message), ("Ready", "False", "No", "why"));
    }

    #[test]
    fn an_object_without_managed_fields_has_nothing_folded() {
        let shown = of(json!({ "kind": "ConfigMap", "data": { "managedFields": "null" } })).unwrap();
        assert_eq!(shown.folded, None);
    }
}
