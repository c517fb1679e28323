//! Changes of what an Application says: created, replaced, patched.

use serde_json::{Value, json};

use super::super::super::argocd::inspect;
use super::super::super::write::{Patch, Writer};
use super::super::desk::{Caller, Desk, project_of};
use super::super::refusal::{Code, Refusal};
use super::super::reply::Reply;
use super::super::request::Asked;
use super::read::bare;
use crate::sim::manifest::meta::text;

/// Patches an Application; of its metadata only labels, annotations and finalizers change, and of the rest only the spec.
pub(in crate::sim::server) fn patch(desk: &Desk, caller: &Caller, asked: &Asked, name: &str) -> Result<Reply, Refusal> {
    let request: Value = asked.json()?;
    let place = (text(&request, "/project"), text(&request, "/appNamespace"));
    let app = desk.app_in(caller, "get", place, name)?;
    desk.require(caller, "applications", "update", &desk.rbac_name(&app))?;
    let given = text(&request, "/patch");
    let patch: Value =
        serde_json::from_str(given).map_err(|error| Refusal::unknown(format!("error decoding json patch: {error}")))?;
    let patch = match text(&request, "/patchType") {
        "json" | "" => Patch::Json(patch.as_array().cloned().unwrap_or_default()),
        "merge" => Patch::Merge(patch),
        other => return Err(Refusal::invalid(format!("Patch type '{other}' is not supported"))),
    };
    let mut wanted = app;
    patch
        .onto(&mut wanted)
        .map_err(|failure| Refusal::unknown(format!("error applying patch: {}", failure.message)))?;
    Ok(Reply::Json(bare(replace(desk, caller, name, &wanted)?)))
}

/// Replaces what an Application says.
pub(in crate::sim::server) fn update(
    desk: &Desk,
    caller: &Caller,
    asked: &Asked,
    name: &str,
) -> Result<Reply, Refusal> {
    let wanted: Value = asked.json()?;
    let there = desk.app(caller, "get", asked, name)?;
    for app in [&wanted, &there] {
        desk.require(caller, "applications", "update", &named(desk, app, name))?;
    }
    Ok(Reply::Json(bare(replace(desk, caller, name, &wanted)?)))
}

/// Replaces the spec of an Application.
pub(in crate::sim::server) fn update_spec(
    desk: &Desk,
    caller: &Caller,
    asked: &Asked,
    name: &str,
) -> Result<Reply, Refusal> {
    let spec: Value = asked.json()?;
    let mut wanted = desk.app(caller, "get", asked, name)?;
    desk.require(caller, "applications", "update", &desk.rbac_name(&wanted))?;
    wanted["spec"] = spec;
    Ok(Reply::Json(replace(desk, caller, name, &wanted)?["spec"].take()))
}

/// Creates an Application, or with `upsert` replaces the one that is there.
pub(in crate::sim::server) fn create(desk: &Desk, caller: &Caller, asked: &Asked) -> Result<Reply, Refusal> {
    let mut wanted: Value = asked.json()?;
    let name = text(&wanted, "/metadata/name").to_owned();
    desk.require(caller, "applications", "create", &named(desk, &wanted, &name))?;
    check(desk, &wanted, &name)?;
    if let Some(there) = desk.store.get("Application", &desk.namespace, &name) {
        if there["spec"] == wanted["spec"] {
            return Ok(Reply::Json(bare(there)));
        }
        if !asked.query.is_set("upsert") {
            let words = "existing application spec is different, use upsert flag to force update";
            return Err(Refusal::invalid(words));
        }
        desk.require(caller, "applications", "update", &desk.rbac_name(&there))?;
        return Ok(Reply::Json(bare(replace(desk, caller, &name, &wanted)?)));
    }
    wanted["apiVersion"] = json!("argoproj.io/v1alpha1");
    wanted["kind"] = json!("Application");
    wanted["metadata"]["namespace"] = json!(desk.namespace);
    let written = Writer::new(&desk.store, "argocd-server").create(wanted)?.value();
    desk.tell(caller, &written, "ResourceCreated", "created application");
    Ok(Reply::Json(bare(written)))
}

fn named(desk: &Desk, app: &Value, name: &str) -> String {
    let mut app = app.clone();
    app["metadata"]["name"] = json!(name);
    desk.rbac_name(&app)
}

fn replace(desk: &Desk, caller: &Caller, name: &str, wanted: &Value) -> Result<Value, Refusal> {
    check(desk, wanted, name)?;
    let mut respecified = false;
    let written = Writer::new(&desk.store, "argocd-server").edit("Application", &desk.namespace, name, |app| {
        respecified = app["spec"] != wanted["spec"];
        app["spec"] = wanted["spec"].clone();
        for field in ["labels", "annotations", "finalizers"] {
            match &wanted["metadata"][field] {
                Value::Null => {
                    if let Some(metadata) = app["metadata"].as_object_mut() {
                        metadata.remove(field);
                    }
                }
                given => app["metadata"][field] = given.clone(),
            }
        }
    })?;
    let written = written.value();
    if respecified {
        desk.tell(caller, &written, "ResourceUpdated", "updated application spec");
    }
    Ok(written)
}

/// Refuses what no project would take.
fn check(desk: &Desk, app: &Value, name: &str) -> Result<(), Refusal> {
    if desk.store.get("AppProject", &desk.namespace, project_of(app)).is_none() {
        let words = format!("app is not allowed in project \"{}\", or the project does not exist", project_of(app));
        return Err(Refusal::new(Code::InvalidArgument, words));
    }
    let wrong = inspect::wrong_spec(&desk.store, &desk.namespace, &desk.clusters, app);
    if wrong.is_empty() {
        return Ok(());
    }
    let wrong: Vec<String> = wrong.into_iter().map(|words| format!("InvalidSpecError: {words}")).collect();
    Err(Refusal::invalid(format!("application spec for {name} is invalid: {}", wrong.join(";"))))
}
