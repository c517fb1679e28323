//! A live object: shown, patched, deleted.

use serde_json::{Value, json};

use super::super::super::write::{Address, DeleteOptions, Patch, Propagation, Writer};
use super::super::desk::{Caller, Desk};
use super::super::refusal::Refusal;
use super::super::reply::Reply;
use super::super::request::Asked;
use super::super::state::mask::masked;
use super::find::{self, Named};
use crate::sim::manifest::meta::text;

pub(super) fn named(asked: &Asked) -> Named<'_> {
    let of = |name| asked.query.get(name);
    Named { group: of("group"), kind: of("kind"), namespace: of("namespace"), name: of("resourceName") }
}

/// Answers with a live object as text; Secrets are masked.
pub(in crate::sim::server) fn get(desk: &Desk, caller: &Caller, asked: &Asked, name: &str) -> Result<Reply, Refusal> {
    let app = desk.app(caller, "get", asked, name)?;
    let (_, live) = find::live(desk, &app, named(asked))?;
    Ok(manifest(live))
}

fn manifest(object: Value) -> Reply {
    Reply::Json(json!({"manifest": masked(object).to_string()}))
}

/// What policies call a change of one resource.
fn action(verb: &str, named: Named<'_>) -> String {
    format!("{verb}/{}/{}/{}/{}", named.group, named.kind, named.namespace, named.name)
}

/// Patches a live object; the body is the patch as a JSON string.
pub(in crate::sim::server) fn patch(desk: &Desk, caller: &Caller, asked: &Asked, name: &str) -> Result<Reply, Refusal> {
    let named = named(asked);
    let app = desk.app(caller, &action("update", named), asked, name)?;
    let (store, live) = find::live(desk, &app, named)?;
    let given: String = asked.json()?;
    let patch: Value = serde_json::from_str(&given).map_err(|error| Refusal::invalid(error.to_string()))?;
    let patch = match asked.query.get("patchType") {
        "application/json-patch+json" => Patch::Json(patch.as_array().cloned().unwrap_or_default()),
        "application/strategic-merge-patch+json" => Patch::Strategic(patch),
        _ => Patch::Merge(patch),
    };
    let address = Address::new(named.kind, text(&live, "/metadata/namespace"), named.name)?;
    let written = Writer::new(&store, "argocd-server").patch(&address, &patch)?;
    let words = format!("patched resource {}/{} '{}'", named.group, named.kind, named.name);
    desk.tell(caller, &app, "ResourceUpdated", &words);
    Ok(manifest(written.value()))
}

/// Deletes a live object.
pub(in crate::sim::server) fn delete(
    desk: &Desk,
    caller: &Caller,
    asked: &Asked,
    name: &str,
) -> Result<Reply, Refusal> {
    let named = named(asked);
    let app = desk.app(caller, &action("delete", named), asked, name)?;
    let (store, live) = find::live(desk, &app, named)?;
    let options = if asked.query.is_set("orphan") {
        DeleteOptions { propagation: Some(Propagation::Orphan), ..DeleteOptions::default() }
    } else if asked.query.is_set("force") {
        DeleteOptions { propagation: Some(Propagation::Background), grace: Some(0), ..DeleteOptions::default() }
    } else {
        DeleteOptions { propagation: Some(Propagation::Foreground), ..DeleteOptions::default() }
    };
    let namespace = text(&live, "/metadata/namespace");
    Writer::new(&store, "argocd-server").delete(named.kind, namespace, named.name, &options)?;
    let words = format!("deleted resource {}/{} '{}'", named.group, named.kind, named.name);
    desk.tell(caller, &app, "ResourceDeleted", &words);
    Ok(Reply::Json(json!({})))
}
