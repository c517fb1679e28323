//! One Application, its tree and its resources.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::argocd::inspect;
use super::super::super::write::{Address, Patch, Writer};
use super::super::desk::{Caller, Desk, open};
use super::super::fields::Selection;
use super::super::refusal::Refusal;
use super::super::reply::Reply;
use super::super::request::Asked;
use super::super::state::managed::managed;
use super::super::state::tree::tree;
use crate::sim::manifest::meta::text;

/// Who asks for a refresh waits so long at most.
const PATIENCE: Duration = Duration::from_secs(60);
const REFRESH: &str = "argocd.argoproj.io/refresh";

/// Answers with an Application; with `refresh` once it has been compared again.
pub(in crate::sim::server) async fn get(
    desk: &Desk,
    caller: &Caller,
    asked: &Asked,
    name: &str,
) -> Result<Reply, Refusal> {
    if asked.query.all("project").chain(asked.query.all("projects")).count() > 1 {
        let words = "multiple projects specified - the get endpoint accepts either zero or one project";
        return Err(Refusal::invalid(words));
    }
    let mut app = desk.app(caller, "get", asked, name)?;
    if let Some(how) = asked.query.given("refresh") {
        app = refreshed(desk, &app, if how == "hard" { "hard" } else { "normal" }).await?;
    }
    fill_health(desk, &mut app);
    Ok(Reply::Json(bare(app)))
}

/// Asks for a comparison and waits until it is done.
async fn refreshed(desk: &Desk, app: &Value, how: &str) -> Result<Value, Refusal> {
    let name = text(app, "/metadata/name");
    let mut changed = desk.store.subscribe("Application");
    let known = {
        let repository = open(&desk.repository);
        inspect::sources(app).iter().all(|source| {
            !matches!(repository.resolve(source, ""), Err(super::super::super::argocd::SourceError::NoRepository))
        })
    };
    let now = desk.store.now().to_string();
    let patch = json!({"metadata": {"annotations": {
        REFRESH: how, "argocd.argoproj.io/refresh-timestamp": now,
        "argocd.argoproj.io/hydrate": how, "argocd.argoproj.io/hydrate-timestamp": now,
    }}});
    if !known {
        // nobody looks at Applications of repositories the world does not have
        return Ok(app.clone());
    }
    let writer = Writer::new(&desk.store, "argocd-server");
    writer.patch(&Address::new("Application", &desk.namespace, name)?, &Patch::Merge(patch))?;
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            changed.borrow_and_update();
            let app = desk.store.get("Application", &desk.namespace, name);
            let app = app.ok_or_else(|| Refusal::not_found("applications", name))?;
            if inspect::annotation(&app, REFRESH).is_empty() {
                return Ok(app);
            }
            // the store outlives its server
            let _ = changed.changed().await;
        }
    });
    waited.await.unwrap_or_else(|_| Err(Refusal::unknown("application refresh deadline exceeded")))
}

/// Fills in how the resources are, which is kept in the tree only.
pub(in crate::sim::server) fn fill_health(desk: &Desk, app: &mut Value) {
    let Some(store) = inspect::destination(&desk.clusters, app).cloned() else { return };
    if app["status"]["resourceHealthSource"] != "appTree" {
        return;
    }
    for row in app["status"]["resources"].as_array_mut().into_iter().flatten() {
        let live = store.get(text(row, "/kind"), text(row, "/namespace"), text(row, "/name"));
        if let Some(health) = live.as_ref().and_then(inspect::health_of) {
            row["health"] = health;
        }
    }
}

/// An object as the API shows it, without its type.
pub(in crate::sim::server) fn bare(mut object: Value) -> Value {
    if let Some(object) = object.as_object_mut() {
        object.remove("apiVersion");
        object.remove("kind");
    }
    object
}

/// Whether a resource is one the query asks for.
fn is_asked_for(asked: &Asked, item: &Value) -> bool {
    ["namespace", "name", "group", "kind"].iter().all(|field| {
        let wanted = asked.query.get(field);
        wanted.is_empty() || text(item, &format!("/{field}")) == wanted
    })
}

/// Answers with the resources from all sides; hooks are left out.
pub(in crate::sim::server) fn managed_resources(
    desk: &Desk,
    caller: &Caller,
    asked: &Asked,
    name: &str,
) -> Result<Reply, Refusal> {
    let app = desk.app(caller, "get", asked, name)?;
    wrong_spec(&app)?;
    // an Application that was compared, and nothing could be found out, has nothing to show
    let items = managed(desk, &app).unwrap_or_default();
    let items: Vec<Value> =
        items.into_iter().filter(|item| item["hook"] != true && is_asked_for(asked, item)).collect();
    let answer = if items.is_empty() { json!({}) } else { json!({"items": items}) };
    Ok(Reply::Json(match Selection::parse(asked.query.get("fields")) {
        Some(selection) => selection.of(&answer.to_string()).parse().unwrap_or(answer),
        None => answer,
    }))
}

/// Answers with the tree.
pub(in crate::sim::server) fn resource_tree(
    desk: &Desk,
    caller: &Caller,
    asked: &Asked,
    name: &str,
) -> Result<Reply, Refusal> {
    let app = desk.app(caller, "get", asked, name)?;
    Ok(Reply::Json(tree(desk, &app)))
}

/// An Application with a wrong spec has nothing to show: its conditions are the answer.
fn wrong_spec(app: &Value) -> Result<(), Refusal> {
    let conditions = app["status"]["conditions"].as_array().into_iter().flatten();
    let wrong: Vec<String> = conditions
        .filter(|one| one["type"] == "InvalidSpecError")
        .map(|one| format!("{}: {}", text(one, "/type"), text(one, "/message")))
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(Refusal::unknown(wrong.join(";"))) }
}
