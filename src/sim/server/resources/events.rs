//! Events about an Application or one of its resources.

use serde_json::{Value, json};

use super::super::super::argocd::inspect;
use super::super::applications::read::bare;
use super::super::desk::{Caller, Desk};
use super::super::refusal::Refusal;
use super::super::reply::Reply;
use super::super::request::Asked;
use super::super::state::tree::tree;
use crate::sim::manifest::meta::text;

/// Answers with the Events about the Application, or about the resource the query names.
pub(in crate::sim::server) fn events(
    desk: &Desk,
    caller: &Caller,
    asked: &Asked,
    name: &str,
) -> Result<Reply, Refusal> {
    let app = desk.app(caller, "get", asked, name)?;
    let query = &asked.query;
    let (wanted, uid) = (query.get("resourceName"), query.get("resourceUID"));
    let (store, namespace, name, uid) = if wanted.is_empty() && uid.is_empty() {
        (desk.store.clone(), desk.namespace.clone(), name.to_owned(), text(&app, "/metadata/uid").to_owned())
    } else {
        let missing = || Refusal::invalid(format!("{wanted} not found as part of application {name}"));
        let tree = tree(desk, &app);
        let nodes = ["nodes", "orphanedNodes"].into_iter().filter_map(|list| tree[list].as_array()).flatten();
        let mut nodes = nodes.filter(|node| {
            text(node, "/name") == wanted
                && text(node, "/namespace") == query.get("resourceNamespace")
                && text(node, "/uid") == uid
        });
        nodes.next().ok_or_else(missing)?;
        let store = inspect::destination(&desk.clusters, &app).cloned().ok_or_else(missing)?;
        (store, query.get("resourceNamespace").to_owned(), wanted.to_owned(), uid.to_owned())
    };
    let version = store.resource_version();
    let about = |event: &Value| {
        let involved = &event["involvedObject"];
        text(involved, "/name") == name && text(involved, "/uid") == uid && text(involved, "/namespace") == namespace
    };
    let mut items: Vec<Value> = store.list("Event", Some(&namespace)).into_iter().filter(about).map(shown).collect();
    items.sort_by(|a, b| text(a, "/metadata/name").cmp(text(b, "/metadata/name")));
    let items = if items.is_empty() { Value::Null } else { items.into() };
    Ok(Reply::Json(json!({"metadata": {"resourceVersion": version.to_string()}, "items": items})))
}

/// What is empty is left out.
fn shown(event: Value) -> Value {
    let mut event = bare(event);
    if let Some(event) = event.as_object_mut() {
        event.retain(|field, value| {
            !(matches!(field.as_str(), "reportingComponent" | "reportingInstance" | "action") && value == "")
        });
    }
    event
}
