//! Syncs asked for by people.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::super::argocd::inspect;
use super::super::desk::{Caller, Desk, open, project_of};
use super::super::refusal::{Code, Refusal};
use super::super::reply::Reply;
use super::super::request::Asked;
use super::operation;
use super::read::bare;
use crate::sim::manifest::meta::text;

/// Hexadecimal digits of a commit.
const COMMIT: usize = 40;

/// The body of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Wanted {
    revision: Option<String>,
    dry_run: Option<bool>,
    prune: Option<bool>,
    strategy: Option<Value>,
    resources: Option<Vec<Value>>,
    manifests: Option<Vec<String>>,
    infos: Option<Vec<Value>>,
    retry_strategy: Option<Value>,
    sync_options: Option<Value>,
    app_namespace: Option<String>,
    project: Option<String>,
    source_positions: Option<Vec<usize>>,
    revisions: Option<Vec<String>>,
}

/// Starts a sync.
pub(in crate::sim::server) fn sync(desk: &Desk, caller: &Caller, asked: &Asked, name: &str) -> Result<Reply, Refusal> {
    let wanted: Wanted = asked.json()?;
    let place = (wanted.project.as_deref().unwrap_or_default(), wanted.app_namespace.as_deref().unwrap_or_default());
    let app = desk.app_in(caller, "get", place, name)?;
    let project = desk.store.get("AppProject", &desk.namespace, project_of(&app)).unwrap_or_default();
    if !inspect::may_sync(&desk.clusters, &project, &app, desk.store.now()) {
        return Err(Refusal::new(Code::PermissionDenied, "cannot sync: blocked by sync window"));
    }
    let object = desk.rbac_name(&app);
    desk.require(caller, "applications", "sync", &object)?;
    let dry_run = wanted.dry_run == Some(true);
    if wanted.manifests.is_some() {
        desk.require(caller, "applications", "override", &object)?;
        if is_automated(&app) && !dry_run {
            let words = "cannot use local sync when Automatic Sync Policy is enabled unless for dry run";
            return Err(Refusal::precondition(words));
        }
    }
    if app["metadata"]["deletionTimestamp"].is_string() {
        return Err(Refusal::precondition("application is deleting"));
    }
    let revisions = resolve(desk, &app, &wanted, dry_run)?;
    let policy = &app["spec"]["syncPolicy"];
    let mut sync = Map::new();
    let multiple = is_multiple(&app);
    let commits: Vec<&String> = revisions.iter().map(|(commit, _)| commit).collect();
    if multiple {
        sync.insert("sources".to_owned(), app["spec"]["sources"].clone());
        sync.insert("revisions".to_owned(), json!(commits));
    } else {
        sync.insert("source".to_owned(), app["spec"]["source"].clone());
        if let Some(commit) = commits.first().filter(|commit| !commit.is_empty()) {
            sync.insert("revision".to_owned(), json!(commit));
        }
    }
    for (field, set) in [("prune", wanted.prune), ("dryRun", wanted.dry_run)] {
        if set == Some(true) {
            sync.insert(field.to_owned(), json!(true));
        }
    }
    let options = wanted.sync_options.map_or_else(|| policy["syncOptions"].clone(), |given| given["items"].clone());
    let mut put = |field: &str, value: Value| {
        if !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()) {
            sync.insert(field.to_owned(), value);
        }
    };
    put("syncOptions", options);
    put("syncStrategy", wanted.strategy.unwrap_or_default());
    let is_partial = wanted.resources.as_ref().is_some_and(|list| !list.is_empty());
    put("resources", wanted.resources.into_iter().flatten().map(without_empty).collect());
    let is_local = wanted.manifests.is_some();
    put("manifests", json!(wanted.manifests));
    let mut operation = json!({"sync": sync, "initiatedBy": {"username": caller.username()}, "retry": {}});
    let retry = wanted.retry_strategy.unwrap_or_else(|| policy["retry"].clone());
    if retry.is_object() {
        operation["retry"] = retry;
    }
    if let Some(infos) = wanted.infos.filter(|infos| !infos.is_empty()) {
        operation["info"] = infos.into();
    }
    let app = operation::begin(desk, name, &operation)?;
    let partial = if is_partial { "partial " } else { "" };
    let shown: Vec<&str> = revisions.iter().map(|(_, shown)| shown.as_str()).collect();
    let words = if is_local {
        format!("initiated {partial}sync locally")
    } else {
        format!("initiated {partial}sync to {}", shown.join(","))
    };
    desk.tell(caller, &app, "OperationStarted", &words);
    Ok(Reply::Json(bare(app)))
}

/// What a client leaves empty is left out.
fn without_empty(mut resource: Value) -> Value {
    if let Some(resource) = resource.as_object_mut() {
        resource.retain(|_, value| !value.is_null() && value != "");
    }
    resource
}

fn is_multiple(app: &Value) -> bool {
    app["spec"]["sources"].as_array().is_some_and(|sources| !sources.is_empty())
}

/// Whether the controller syncs the Application by itself.
pub(in crate::sim::server) fn is_automated(app: &Value) -> bool {
    let automated = &app["spec"]["syncPolicy"]["automated"];
    automated.is_object() && automated["enabled"] != false
}

/// The commit of each source, and how it is shown.
fn resolve(desk: &Desk, app: &Value, wanted: &Wanted, dry_run: bool) -> Result<Vec<(String, String)>, Refusal> {
    if wanted.manifests.is_some() {
        return Ok(vec![(String::new(), String::new())]);
    }
    let repository = open(&desk.repository);
    let foreign = |asked: &str, own: &str| {
        let own_or_head = if own.is_empty() { "HEAD" } else { own };
        !asked.is_empty() && is_automated(app) && !dry_run && asked != own_or_head
    };
    let refuse = |asked: &str, own: &str| {
        Refusal::precondition(format!("Cannot sync to {asked}: auto-sync currently set to {own}"))
    };
    let mut found = Vec::new();
    for (index, source) in inspect::sources(app).into_iter().enumerate() {
        let own = text(source, "/targetRevision");
        let asked = if is_multiple(app) {
            let positions = wanted.source_positions.iter().flatten();
            let at = positions.zip(wanted.revisions.iter().flatten()).find(|(at, _)| **at == index + 1);
            at.map_or("", |(_, revision)| revision)
        } else {
            wanted.revision.as_deref().unwrap_or_default()
        };
        if foreign(asked, own) {
            return Err(refuse(asked, own));
        }
        let asked = if asked.is_empty() { own } else { asked };
        if asked.len() == COMMIT
            && asked.bytes().all(|byte| byte.is_ascii_hexdigit())
            && text(source, "/chart").is_empty()
        {
            found.push((asked.to_owned(), asked.to_owned()));
            continue;
        }
        let commit = repository.resolve(source, asked).map_err(|error| {
            Refusal::precondition(format!("error resolving repo revision: rpc error: code = Unknown desc = {error}"))
        })?;
        let shown = format!("{} ({commit})", if asked.is_empty() { "HEAD" } else { asked });
        found.push((commit, shown));
    }
    Ok(found)
}
