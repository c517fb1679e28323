//! Orphaned resources: what lies in a namespace and belongs to no Application.

use super::annotation::{self, TRACKING};
use super::condition::Condition;
use super::key::Key;
use super::project::glob;
use crate::sim::kinds::KINDS;
use crate::sim::manifest::meta::text;
use crate::sim::store::Store;
use serde_json::Value;

/// What every namespace has.
const USUAL: &[(&str, &str)] =
    &[("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt"), ("Service", "kubernetes")];

/// The warning about orphans in the destination of an Application, where its project wants to be warned.
#[must_use]
pub fn warning(store: &Store, project: &Value, app: &Value) -> Option<Condition> {
    let wanted = &project["spec"]["orphanedResources"];
    if wanted["warn"] != true {
        return None;
    }
    let namespace = text(app, "/spec/destination/namespace");
    let count: usize = KINDS
        .iter()
        .filter(|kind| kind.namespaced && kind.is_stored() && !kind.is_alias() && kind.kind != "Event")
        .flat_map(|kind| store.values(kind.kind, Some(namespace)))
        .filter(|object| is_orphan(object, wanted))
        .count();
    (count > 0).then(|| ("OrphanedResourceWarning", format!("Application has {count} orphaned resources")))
}

fn is_orphan(object: &Value, wanted: &Value) -> bool {
    let key = Key::of(object);
    let owned = object["metadata"]["ownerReferences"].as_array().is_some_and(|owners| !owners.is_empty());
    let usual = USUAL.iter().any(|(kind, name)| key.kind == *kind && key.name == *name);
    let mut rules = wanted["ignore"].as_array().into_iter().flatten();
    let ignored = rules.any(|rule| {
        let fits = |field: &str, value: &str| {
            let pattern = text(rule, field);
            (pattern.is_empty() && field != "/group") || glob(pattern, value)
        };
        fits("/group", &key.group) && fits("/kind", &key.kind) && fits("/name", &key.name)
    });
    !owned && !usual && !ignored && annotation::value(object, TRACKING).is_empty()
}
