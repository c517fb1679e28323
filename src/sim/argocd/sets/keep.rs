//! What of an Application is the set's, and what is left as somebody else wrote it.

use super::super::annotation::REFRESH;
use super::super::ignore;
use super::super::record::remove;
use crate::sim::manifest::meta::text;
use serde_json::{Value, json};

/// Annotations every set leaves alone.
const ANNOTATIONS: &[&str] = &["notified.notifications.argoproj.io", REFRESH, "argocd.argoproj.io/hydrate"];
/// Finalizers every set leaves alone, whatever stage they name.
const FINALIZERS: &[&str] = &["pre-delete-finalizer.argocd.argoproj.io", "post-delete-finalizer.argocd.argoproj.io"];

/// What a live Application becomes when the set writes what it generated.
pub(super) fn written(set: &Value, live: &Value, generated: &Value) -> Value {
    let mut new = live.clone();
    new["spec"] = generated["spec"].clone();
    for (field, always, also) in [("annotations", ANNOTATIONS, "annotations"), ("labels", &[], "labels")] {
        let mut wanted = generated["metadata"][field].as_object().cloned().unwrap_or_default();
        let preserved = set["spec"]["preservedFields"][also].as_array().into_iter().flatten();
        for key in always.iter().copied().chain(preserved.filter_map(Value::as_str)) {
            if let Some(there) = live["metadata"][field].get(key) {
                wanted.insert(key.to_owned(), there.clone());
            }
        }
        if wanted.is_empty() {
            remove(&mut new["metadata"], field);
        } else {
            new["metadata"][field] = Value::Object(wanted);
        }
    }
    let mut finalizers = generated["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    for there in live["metadata"]["finalizers"].as_array().into_iter().flatten() {
        let is_kept = there.as_str().is_some_and(|there| FINALIZERS.iter().any(|kept| there.starts_with(kept)));
        if is_kept && !finalizers.contains(there) {
            finalizers.push(there.clone());
        }
    }
    if finalizers.is_empty() {
        remove(&mut new["metadata"], "finalizers");
    } else {
        new["metadata"]["finalizers"] = json!(finalizers);
    }
    new["metadata"]["ownerReferences"] = generated["metadata"]["ownerReferences"].clone();
    let name = text(live, "/metadata/name");
    for rule in set["spec"]["ignoreApplicationDifferences"].as_array().into_iter().flatten() {
        let meant = text(rule, "/name");
        if meant.is_empty() || meant == name {
            for pointer in ignore::paths(rule) {
                ignore::keep(&mut new, live, &pointer);
            }
        }
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_only_where_the_set_says_so() {
        let set = json!({"spec": {
            "preservedFields": {"annotations": ["note"], "labels": ["tier"]},
            "ignoreApplicationDifferences": [
                {"jsonPointers": ["/spec/source/targetRevision"]}, {"jqPathExpressions": [".spec.syncPolicy.automated"]},
                {"name": "other", "jsonPointers": ["/spec/project"]}]}});
        let generated = json!({"metadata": {"name": "a", "labels": {"x": "1"}, "finalizers": ["f"], "ownerReferences": [1]},
            "spec": {"project": "p", "source": {"path": "y", "targetRevision": "main"}, "syncPolicy": {"automated": {}}}});
        let live = json!({"metadata": {"name": "a", "uid": "u", "finalizers": ["post-delete-finalizer.argocd.argoproj.io/cleanup"],
            "labels": {"tier": "t", "z": "2"}, "annotations": {"note": "n", "gone": "g", REFRESH: "hard"}},
            "spec": {"project": "q", "source": {"path": "z", "targetRevision": "v2"}, "syncPolicy": {}}, "status": {"s": 1}});
        let new = written(&set, &live, &generated);
        assert_eq!(
            new["spec"],
            json!({"project": "p", "source": {"path": "y", "targetRevision": "v2"}, "syncPolicy": {}})
        );
        assert_eq!(new["metadata"]["labels"], json!({"x": "1", "tier": "t"}));
        assert_eq!(new["metadata"]["annotations"], json!({"note": "n", REFRESH: "hard"}));
        let finalizers = json!(["f", "post-delete-finalizer.argocd.argoproj.io/cleanup"]);
        assert_eq!((&new["metadata"]["finalizers"], &new["status"]), (&finalizers, &json!({"s": 1})));
        let nothing = json!({"spec": {}});
        assert_eq!(written(&nothing, &new, &generated)["spec"], generated["spec"]);
    }
}
