//! What a comparison found of each resource: desired, live and predicted state.

use serde_json::{Value, json};

use super::super::super::argocd::inspect;
use super::super::desk::{Desk, open};
use super::mask::mask;
use crate::sim::manifest::meta::text;

/// The resources of an Application from all sides, hooks among them, as Argo CD keeps them.
///
/// # Errors
/// The words of the conditions when no comparison could be made.
pub(in crate::sim) fn managed(desk: &Desk, app: &Value) -> Result<Vec<Value>, String> {
    let compared = {
        let repository = open(&desk.repository);
        inspect::sides(&desk.clusters, &**repository, app)
    };
    let all = compared.map_err(|words| words.join(";"))?;
    let shown = all.into_iter().map(|mut sides| {
        mask(&mut [&mut sides.target, &mut sides.live, &mut sides.normalized, &mut sides.predicted]);
        let state = |object: &Option<Value>| object.as_ref().map_or_else(|| "null".to_owned(), Value::to_string);
        let mut item = json!({
            "kind": sides.key.kind,
            "name": sides.key.name,
            "targetState": state(&sides.target),
            "liveState": state(&sides.live),
            "normalizedLiveState": state(&sides.normalized),
            "predictedLiveState": state(&sides.predicted),
        });
        let version = sides.live.as_ref().map(|live| text(live, "/metadata/resourceVersion").to_owned());
        let named = [("group", sides.key.group), ("namespace", sides.key.namespace)];
        for (field, value) in named.into_iter().chain([("resourceVersion", version.unwrap_or_default())]) {
            if !value.is_empty() {
                item[field] = value.into();
            }
        }
        for (field, is) in [("hook", sides.is_hook), ("modified", sides.is_modified)] {
            if is {
                item[field] = true.into();
            }
        }
        item
    });
    Ok(shown.collect())
}
