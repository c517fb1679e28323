//! Revisions of an Application's sources as objects write them: one, or one for each source.

use super::target;
use crate::sim::manifest::meta::text;
use serde_json::{Value, json};

/// Those that an object names in `revisions` or `revision`; an empty one, and one that is missing, is what the source
/// follows.
#[must_use]
pub fn of(object: &Value) -> Vec<String> {
    let several: Vec<String> =
        object["revisions"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let one = text(object, "/revision");
    if several.is_empty() && !one.is_empty() { vec![one.to_owned()] } else { several }
}

/// Whether an operation, or the Application where it does not say, names its sources in a list.
#[must_use]
pub fn are_several(app: &Value, operation: &Value) -> bool {
    let is_list = |place: &Value| place["sources"].as_array().is_some_and(|sources| !sources.is_empty());
    is_list(&operation["sync"]) || !operation["sync"]["source"].is_object() && is_list(&app["spec"])
}

/// Sources and revisions as the result of an operation, or a deployment of the history, has them.
#[must_use]
pub fn deployed(app: &Value, operation: &Value, revisions: &[String]) -> Value {
    let sources = target::sources_of(app, operation);
    if are_several(app, operation) {
        return json!({"revision": "", "source": {"repoURL": ""}, "sources": sources, "revisions": revisions});
    }
    json!({"revision": revisions.first().map_or("", |revision| revision), "source": sources.first()})
}

/// How Events and messages name them.
#[must_use]
pub fn listed(revisions: &[String]) -> String {
    revisions.join(", ")
}
