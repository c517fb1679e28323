//! From parameters to an Application.

use super::super::key::Key;
use super::super::record::remove;
use super::template::Language;
use crate::sim::manifest::meta::text;
use serde_json::{Map, Value, json};

const CASCADE: &str = "resources-finalizer.argocd.argoproj.io";

/// The Application a set makes of parameters; `own` is the template of the generator, which goes over the set's.
///
/// # Errors
/// The words of the condition.
pub(super) fn application(set: &Value, parameters: &Value, own: &Value) -> Result<Value, String> {
    let language = Language::of(set);
    let mut template = set["spec"]["template"].clone();
    merge(&mut template, own);
    let mut app = template;
    if parameters.as_object().is_some_and(|parameters| !parameters.is_empty()) {
        app = language.fill_all(&app, parameters)?;
    }
    let project = app["spec"]["project"].clone();
    let patch = text(set, "/spec/templatePatch");
    if !patch.is_empty() {
        let filled = language.fill(patch, parameters);
        let filled = filled.map_err(|words| format!("error replacing values in templatePatch: {words}"))?;
        let patch = serde_saphyr::from_str::<Value>(&filled)
            .map_err(|error| format!("error while converting template to json {filled:?}: {error}"))?;
        merge(&mut app, &patch);
        app["spec"]["project"] = project;
    }
    let finalizers = app["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty());
    if !finalizers && set["spec"]["syncPolicy"]["preserveResourcesOnDeletion"] != true {
        app["metadata"]["finalizers"] = json!([CASCADE]);
    }
    let api_version = "argoproj.io/v1alpha1";
    let mut metadata = json!({
        "name": app["metadata"]["name"],
        "namespace": set["metadata"]["namespace"],
        "ownerReferences": [{"apiVersion": api_version, "kind": "ApplicationSet", "name": set["metadata"]["name"],
            "uid": set["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true}],
    });
    for field in ["labels", "annotations", "finalizers"] {
        if !is_empty(&app["metadata"][field]) {
            metadata[field] = app["metadata"][field].clone();
        }
    }
    if text(&app, "/spec/project").is_empty() {
        app["spec"]["project"] = json!("default");
    }
    // what Go writes of a status that nobody has written to
    let status = json!({"health": {}, "sourceHydrator": {}, "summary": {},
        "sync": {"status": "", "comparedTo": {"destination": {}, "source": {"repoURL": ""}}}});
    Ok(json!({"apiVersion": api_version, "kind": "Application", "metadata": metadata, "spec": app["spec"],
        "status": status}))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// A merge patch: what it says replaces, null takes away.
fn merge(object: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_object() else { return };
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    for (key, value) in fields {
        match value {
            Value::Null => remove(object, key),
            Value::Object(_) => merge(&mut object[key], value),
            other => object[key] = other.clone(),
        }
    }
}

/// Whether an object is one that a set made.
pub(super) fn is_of(app: &Value, set: &str) -> bool {
    let owners = app["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    owners
        .into_iter()
        .any(|owner| owner["kind"] == "ApplicationSet" && owner["name"] == set && owner["controller"] == true)
        && Key::of(app).kind == "Application"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(spec: &Value) -> Value {
        let mut set = json!({"metadata": {"name": "s", "namespace": "argocd", "uid": "u"}, "spec": spec});
        set["spec"]["template"] = json!({"metadata": {"name": "{{.a}}", "labels": {"x": "{{.a}}"}},
            "spec": {"project": "p", "source": {"path": "{{.a}}"}, "syncPolicy": {"syncOptions": ["A=true"]}}});
        set["spec"]["goTemplate"] = json!(true);
        set
    }

    #[test]
    fn a_template_with_a_patch_makes_an_application() {
        let patch = "{{if .auto}}\nspec:\n  project: other\n  syncPolicy:\n    automated: {prune: {{.auto}}}\n    \
                     syncOptions: null\n{{end}}";
        let set = set(&json!({"templatePatch": patch}));
        let made = application(&set, &json!({"a": "x", "auto": true}), &Value::Null).unwrap();
        assert_eq!(
            made["spec"],
            json!({"project": "p", "source": {"path": "x"}, "syncPolicy": {"automated": {"prune": true}}})
        );
        assert_eq!(made["metadata"]["finalizers"], json!([CASCADE]));
        assert_eq!(made["metadata"]["ownerReferences"][0]["uid"], "u");
        assert!(is_of(&made, "s") && !is_of(&made, "t"));
        let made = application(&set, &json!({"a": "x", "auto": false}), &json!({"spec": {"project": "q"}})).unwrap();
        assert_eq!(
            made["spec"],
            json!({"project": "q", "source": {"path": "x"}, "syncPolicy": {"syncOptions": ["A=true"]}})
        );
    }

    #[test]
    fn resources_stay_when_the_set_says_so_and_errors_say_what_failed() {
        let preserving = set(&json!({"syncPolicy": {"preserveResourcesOnDeletion": true}}));
        let made = application(&preserving, &json!({"a": "x"}), &Value::Null).unwrap();
        assert!(made["metadata"]["finalizers"].is_null());
        let broken = set(&json!({"templatePatch": "just text"}));
        let words = application(&broken, &json!({"a": "x"}), &Value::Null);
        assert!(words.is_ok(), "a patch that is no object changes nothing");
        let broken = set(&json!({"templatePatch": "{{ .a.b }}"}));
        let words = application(&broken, &json!({"a": "x"}), &Value::Null).unwrap_err();
        assert!(
            words.starts_with("error replacing values in templatePatch: failed to execute go template {{ .a.b }}: ")
        );
        let broken = set(&json!({"templatePatch": "a: [1"}));
        assert!(
            application(&broken, &json!({"a": "x"}), &Value::Null).unwrap_err().starts_with("error while converting")
        );
    }
}
