//! Applications (argoproj.io/v1alpha1), and each write their controller makes to one.

use crate::sim::manifest::app::{App, Hook, Release, ResourceRef};
use crate::sim::manifest::managed;
use crate::sim::manifest::meta::{metadata, number, owned_by};
use crate::sim::time::{minus, stamp};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

const API: &str = "argoproj.io/v1alpha1";
/// Rows of history Argo CD keeps unless the spec says otherwise.
const HISTORY: usize = 10;
/// How long the syncs of the past took.
const SYNC: Duration = Duration::from_secs(21);

/// An Application at rest: Synced, Healthy, its last sync succeeded.
#[must_use]
pub fn application(app: &App, owner: &Value, now: Timestamp) -> Value {
    let labels = json!({"environment": app.environment, "component": app.service, "team": app.team});
    let mut meta = metadata("Application", &app.argocd_namespace, &app.name, &labels, app.created);
    meta["annotations"] = json!({"notifications.argoproj.io/subscribe.on-sync-failed.slack": format!("{}-alerts", app.project),
            "argocd.argoproj.io/manifest-generate-paths": app.concerns()});
    meta["finalizers"] = json!(["resources-finalizer.argocd.argoproj.io"]);
    meta["ownerReferences"] = owned_by(owner);
    meta["generation"] = json!(20 + 7 * app.releases.len());
    let destination = json!({"namespace": app.namespace, "server": "https://kubernetes.default.svc"});
    let mut spec = json!({
        "destination": destination,
        "project": app.project,
        "source": app.source(),
        "syncPolicy": {"syncOptions": ["CreateNamespace=true", "PruneLast=true"]},
    });
    if let Some(automated) = app.automated {
        spec["syncPolicy"]["automated"] = json!({"prune": automated.prune, "selfHeal": automated.self_heal});
        spec["syncPolicy"]["retry"] = retry();
    }
    let last = app.release();
    let history: Vec<Value> =
        app.releases.iter().enumerate().map(|(id, release)| history_row(app, id, release)).collect();
    let kept = history.len().saturating_sub(HISTORY);
    let results = results(app);
    let asked = operation(app, &last.revision, last.by.as_deref());
    let mut object = json!({
        "apiVersion": API,
        "kind": "Application",
        "metadata": meta,
        "spec": spec,
        "status": {
            "controllerNamespace": app.argocd_namespace,
            "health": {"status": "Healthy", "lastTransitionTime": stamp(last.at)},
            "history": history[kept..],
            "operationState": {
                "operation": asked,
                "phase": "Succeeded",
                "message": ending(app),
                "startedAt": stamp(minus(last.at, SYNC)),
                "finishedAt": stamp(last.at),
                "syncResult": {"resources": results, "revision": last.revision, "source": app.source()},
            },
            "reconciledAt": stamp(now),
            "resourceHealthSource": "appTree",
            "resources": resources(app),
            "sourceHydrator": {},
            "sourceType": if app.values.is_some() { "Helm" } else { "Directory" },
            "summary": {"images": app.images()},
            "sync": {
                "status": "Synced",
                "revision": app.head,
                "comparedTo": {"destination": destination, "source": app.source()},
            },
        },
    });
    // an ApplicationSet sends whole objects, with all that an empty status is made of
    let metadata = &object["metadata"];
    let empty = json!({"health": {}, "sourceHydrator": {}, "summary": {},
        "sync": {"comparedTo": {"destination": {}, "source": {}}}});
    let generated = json!({"metadata": {"annotations": metadata["annotations"], "finalizers": metadata["finalizers"],
        "labels": labels, "ownerReferences": metadata["ownerReferences"]}, "spec": object["spec"], "status": empty});
    let (generated, status) = (managed::fields(&generated), managed::fields(&json!({"status": object["status"]})));
    let entries = json!([
        managed::entry(API, "argocd-applicationset-controller", &generated, app.created),
        managed::entry(API, "argocd-application-controller", &managed::without(status, &generated), now),
    ]);
    object["metadata"]["managedFields"] = entries;
    object
}

fn retry() -> Value {
    json!({"limit": 2, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "1m"}})
}

fn initiator(by: Option<&str>) -> Value {
    by.map_or_else(|| json!({"automated": true}), |name| json!({"username": name}))
}

fn history_row(app: &App, id: usize, release: &Release) -> Value {
    json!({
        "id": id,
        "revision": release.revision,
        "source": app.source(),
        "deployStartedAt": stamp(minus(release.at, SYNC)),
        "deployedAt": stamp(release.at),
        "initiatedBy": initiator(release.by.as_deref()),
    })
}

/// Whether something runs when everything is healthy.
fn has_ending(app: &App) -> bool {
    app.hooks.iter().any(|hook| hook.phase == "PostSync")
}

/// The message of a sync of this app that succeeded; with a hook at the end it differs.
fn ending(app: &App) -> &'static str {
    if has_ending(app) { "successfully synced (no more tasks)" } else { "successfully synced (all tasks run)" }
}

/// Rows of `status.resources`, all Synced, in Argo CD's order (group, kind, name).
fn resources(app: &App) -> Vec<Value> {
    let mut all: Vec<(&ResourceRef, bool)> = app.resources.iter().map(|resource| (resource, false)).collect();
    // a hook that is still there is a row too, and looks like something to prune
    all.extend(app.hooks.iter().filter(|hook| hook.stays).map(|hook| (&hook.job, true)));
    all.sort_by_key(|(one, _)| (&one.group, &one.kind, &one.name));
    all.into_iter()
        .map(|(resource, is_hook)| {
            let mut row = json!({"kind": resource.kind, "name": resource.name, "namespace": app.namespace,
                "version": resource.version});
            if !resource.group.is_empty() {
                row["group"] = json!(resource.group);
            }
            if is_hook {
                row["hook"] = json!(true);
                row["requiresPruning"] = json!(true);
                return row;
            }
            row["status"] = json!("Synced");
            if resource.wave != 0 {
                row["syncWave"] = json!(resource.wave);
            }
            row
        })
        .collect()
}

/// `operation` of a sync to `revision`, asked for by auto-sync or by a person.
fn operation(app: &App, revision: &str, by: Option<&str>) -> Value {
    let mut operation = json!({
        "initiatedBy": initiator(by),
        "retry": if by.is_some() { json!({}) } else { retry() },
        "sync": {"revision": revision, "source": app.source(), "syncOptions": ["CreateNamespace=true", "PruneLast=true"]},
    });
    if app.automated.is_some_and(|automated| automated.prune) && by.is_none() {
        operation["sync"]["prune"] = json!(true);
    }
    operation
}

/// A row of `syncResult.resources` about a hook that succeeded.
fn hook_result(app: &App, hook: &Hook) -> Value {
    let job = &hook.job;
    json!({
        "group": job.group, "version": job.version, "kind": job.kind, "name": job.name, "namespace": app.namespace,
        "status": "Synced", "message": "Reached expected number of succeeded pods", "hookType": hook.phase,
        "syncPhase": hook.phase, "hookPhase": "Succeeded", "images": job.images,
    })
}

/// Rows of `syncResult.resources` of a sync that succeeded: `PreSync` hook, waves, `PostSync` hook.
fn results(app: &App) -> Vec<Value> {
    let last = app.resources.last().map(|resource| resource.wave);
    let hooks = |before: bool| {
        let some = app.hooks.iter().filter(move |hook| (hook.phase == "PreSync") == before);
        some.map(|hook| hook_result(app, hook))
    };
    let mut rows: Vec<Value> = hooks(true).collect();
    rows.extend(app.resources.iter().map(|resource| {
        let verb = if resource.is_workload() { "configured" } else { "unchanged" };
        // without a hook after it, the last wave is never awaited: its rows stay Running
        let awaited = Some(resource.wave) != last || has_ending(app);
        let mut row = json!({
            "group": resource.group, "version": resource.version, "kind": resource.kind, "name": resource.name,
            "namespace": app.namespace, "status": "Synced", "syncPhase": "Sync",
            "message": format!("{} {verb}", resource.kubectl()),
            "hookPhase": if awaited { "Succeeded" } else { "Running" },
        });
        if !resource.images.is_empty() {
            row["images"] = json!(resource.images);
        }
        row
    }));
    rows.extend(hooks(false));
    rows
}

/// The controller takes the operation up.
pub fn begin(object: &mut Value, at: Timestamp) {
    object["status"]["operationState"] =
        json!({"operation": object["operation"], "phase": "Running", "startedAt": stamp(at)});
    sign(object, at);
}

/// Moves the comparison's time alone: what a reconcile that finds nothing new writes.
pub fn reconcile(object: &mut Value, revision: &str, at: Timestamp) {
    object["status"]["sync"]["revision"] = json!(revision);
    object["status"]["reconciledAt"] = json!(stamp(at));
    sign(object, at);
}

/// Sets the health, with the workload that is to blame unless the app is Healthy.
pub fn set_health(object: &mut Value, health: &str, cause: Option<&str>, at: Timestamp) {
    let old = &object["status"]["health"];
    let since = if old["status"] == health { old["lastTransitionTime"].clone() } else { json!(stamp(at)) };
    object["status"]["health"] = json!({"status": health, "lastTransitionTime": since});
    if let Some(cause) = cause {
        object["status"]["health"]["message"] = json!(format!("Caused by {cause}"));
    }
    sign(object, at);
}

/// What a running operation says and has done so far.
pub fn progress(object: &mut Value, message: &str, results: &[Value], at: Timestamp) {
    let asked = object["operation"]["sync"].clone();
    let state = &mut object["status"]["operationState"];
    state["message"] = json!(message);
    state["syncResult"] = json!({"revision": asked["revision"], "source": asked["source"]});
    if !results.is_empty() {
        state["syncResult"]["resources"] = json!(results);
    }
    sign(object, at);
}

/// The history row of the running operation, written just before the operation ends.
pub fn remember(object: &mut Value, at: Timestamp) {
    let asked = object["operation"].clone();
    let started = object["status"]["operationState"]["startedAt"].clone();
    let Some(history) = object["status"]["history"].as_array_mut() else { return };
    let id = history.last().map_or(0, |row| number(row, "/id") + 1);
    history.push(json!({"id": id, "revision": asked["sync"]["revision"], "source": asked["sync"]["source"],
        "deployStartedAt": started, "deployedAt": stamp(at), "initiatedBy": asked["initiatedBy"]}));
    let kept = history.len().saturating_sub(HISTORY);
    history.drain(..kept);
    sign(object, at);
}

/// Ends the running operation.
pub fn end(object: &mut Value, message: &str, results: &[Value], at: Timestamp) {
    progress(object, message, results, at);
    let state = &mut object["status"]["operationState"];
    state["phase"] = json!("Succeeded");
    state["finishedAt"] = json!(stamp(at));
    if let Some(object) = object.as_object_mut() {
        object.remove("operation");
    }
}

/// Adds a condition, or replaces the one of its type.
pub fn set_condition(object: &mut Value, kind: &str, message: &str, at: Timestamp) {
    let mut conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
    conditions.retain(|condition| condition["type"] != kind);
    conditions.push(json!({"type": kind, "message": message, "lastTransitionTime": stamp(at)}));
    object["status"]["conditions"] = json!(conditions);
}

/// Marks the controller's entry in `managedFields` with the moment of its write.
fn sign(object: &mut Value, at: Timestamp) {
    let entries = object["metadata"]["managedFields"].as_array_mut().into_iter().flatten();
    for entry in entries.filter(|entry| entry["manager"] == "argocd-application-controller") {
        entry["time"] = json!(stamp(at));
    }
}
