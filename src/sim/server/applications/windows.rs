//! The sync windows of an Application.

use serde_json::{Value, json};

use super::super::super::argocd::inspect;
use super::super::desk::{Caller, Desk, project_of};
use super::super::refusal::Refusal;
use super::super::reply::Reply;
use super::super::request::Asked;

/// Answers with the windows that are about an Application, and whether it may be synced by hand now.
pub(in crate::sim::server) fn windows(
    desk: &Desk,
    caller: &Caller,
    asked: &Asked,
    name: &str,
) -> Result<Reply, Refusal> {
    let app = desk.app(caller, "get", asked, name)?;
    let project = desk.store.get("AppProject", &desk.namespace, project_of(&app)).unwrap_or_default();
    let now = desk.store.now();
    let (assigned, active) = inspect::windows(&desk.clusters, &project, &app, now);
    let mut answer = json!({"canSync": inspect::may_sync(&desk.clusters, &project, &app, now)});
    for (field, windows) in [("assignedWindows", assigned), ("activeWindows", active)] {
        if !windows.is_empty() {
            answer[field] = windows.iter().map(shown).collect();
        }
    }
    Ok(Reply::Json(answer))
}

fn shown(window: &Value) -> Value {
    json!({"kind": window["kind"], "schedule": window["schedule"], "duration": window["duration"],
        "manualSync": window["manualSync"] == true})
}
