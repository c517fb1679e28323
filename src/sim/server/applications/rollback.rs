//! Back to an earlier deployment.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::desk::{Caller, Desk};
use super::super::refusal::Refusal;
use super::super::reply::Reply;
use super::super::request::Asked;
use super::operation;
use super::read::bare;
use super::sync::is_automated;

/// The body of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Wanted {
    id: i64,
    dry_run: bool,
    prune: bool,
    app_namespace: Option<String>,
    project: Option<String>,
}

/// Starts a rollback: the old revision with its source, applied without hooks. Windows are not asked.
pub(in crate::sim::server) fn rollback(
    desk: &Desk,
    caller: &Caller,
    asked: &Asked,
    name: &str,
) -> Result<Reply, Refusal> {
    let wanted: Wanted = asked.json()?;
    let place = (wanted.project.as_deref().unwrap_or_default(), wanted.app_namespace.as_deref().unwrap_or_default());
    let own = desk.setting("server.rbac.rollback.enforce.enable") == "true";
    let app = desk.app_in(caller, if own { "rollback" } else { "sync" }, place, name)?;
    if app["metadata"]["deletionTimestamp"].is_string() {
        return Err(Refusal::precondition("application is deleting"));
    }
    if is_automated(&app) {
        return Err(Refusal::precondition("rollback cannot be initiated when auto-sync is enabled"));
    }
    let history = app["status"]["history"].as_array().into_iter().flatten();
    let row = history.into_iter().find(|row| row["id"] == wanted.id).ok_or_else(|| {
        let words = format!("application {}/{name} does not have deployment with id {}", desk.namespace, wanted.id);
        Refusal::invalid(words)
    })?;
    let has_source = row["source"]["repoURL"].as_str().is_some_and(|url| !url.is_empty());
    let has_sources = row["sources"].as_array().is_some_and(|sources| !sources.is_empty());
    if !has_source && !has_sources {
        let words = "cannot rollback to revision deployed with Argo CD v0.11 or lower. sync to revision instead.";
        return Err(Refusal::precondition(words));
    }
    let mut sync = Map::new();
    sync.insert("syncStrategy".to_owned(), json!({"apply": {}}));
    for field in ["revision", "revisions", "source", "sources"] {
        if !row[field].is_null() && row[field] != "" {
            sync.insert(field.to_owned(), row[field].clone());
        }
    }
    for (field, set) in [("prune", wanted.prune), ("dryRun", wanted.dry_run)] {
        if set {
            sync.insert(field.to_owned(), Value::Bool(true));
        }
    }
    let options = &app["spec"]["syncPolicy"]["syncOptions"];
    if options.is_array() {
        sync.insert("syncOptions".to_owned(), options.clone());
    }
    let operation = json!({"sync": sync, "initiatedBy": {"username": caller.username()}, "retry": {}});
    let app = operation::begin(desk, name, &operation)?;
    desk.tell(caller, &app, "OperationStarted", &format!("initiated rollback to {}", wanted.id));
    Ok(Reply::Json(bare(app)))
}
