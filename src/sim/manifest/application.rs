//! Applications (argoproj.io/v1alpha1), and each write their controller makes to one.

use crate::sim::manifest::app::{App, Release, ResourceRef};
use crate::sim::manifest::hook::Phase;
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
    meta["annotations"] =
        json!({"notifications.argoproj.io/subscribe.on-sync-failed.slack": format!("{}-alerts", app.project)});
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
    let results = results(app, &app.running_image(), usize::MAX, true);
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
            "sourceType": "Helm",
            "summary": {"images": [app.running_image()]},
            "sync": {
                "status": "Synced",
                "revision": app.head,
                "comparedTo": {"destination": destination, "source": app.source()},
            },
        },
    });
    let generated = json!({"metadata": {"annotations": meta_part(&object, "annotations"),
        "finalizers": {}, "labels": labels, "ownerReferences": {}}, "spec": object["spec"]});
    let entries = json!([
        managed::entry(API, "argocd-applicationset-controller", &generated, app.created),
        managed::entry(API, "argocd-application-controller", &json!({"status": object["status"]}), now),
    ]);
    object["metadata"]["managedFields"] = entries;
    object
}

fn meta_part(object: &Value, part: &str) -> Value {
    object["metadata"][part].clone()
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

/// Whether the sync engine sees more than one step: then health is awaited, and the last words differ.
#[must_use]
pub fn awaits_health(app: &App) -> bool {
    app.post_sync.is_some()
}

/// The message of a sync of this app that succeeded.
#[must_use]
pub fn ending(app: &App) -> &'static str {
    if awaits_health(app) { "successfully synced (no more tasks)" } else { "successfully synced (all tasks run)" }
}

/// Rows of `status.resources`, all Synced, in Argo CD's order (group, kind, name).
fn resources(app: &App) -> Vec<Value> {
    let mut all = app.resources();
    all.sort_by(|a, b| (a.group, a.kind, &a.name).cmp(&(b.group, b.kind, &b.name)));
    let mut rows: Vec<Value> = all
        .iter()
        .map(|resource| {
            let mut row = json!({"kind": resource.kind, "name": resource.name, "namespace": app.namespace,
                "status": "Synced", "version": "v1"});
            if !resource.group.is_empty() {
                row["group"] = json!(resource.group);
            }
            if resource.wave != 0 {
                row["syncWave"] = json!(resource.wave);
            }
            row
        })
        .collect();
    rows.extend(app.pre_sync.iter().map(|name| hook_row(app, name)));
    rows
}

fn hook_row(app: &App, name: &str) -> Value {
    // a hook that is still there is a row too, and looks like something to prune
    json!({"group": "batch", "kind": "Job", "name": name, "namespace": app.namespace, "version": "v1",
        "hook": true, "requiresPruning": true})
}

/// `operation` of a sync to `revision`, asked for by auto-sync or by a person.
#[must_use]
pub fn operation(app: &App, revision: &str, by: Option<&str>) -> Value {
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

/// One row of `syncResult.resources` about a hook.
#[must_use]
pub fn hook_result(app: &App, name: &str, phase: Phase, image: &str, done: bool) -> Value {
    let message =
        if done { "Reached expected number of succeeded pods".to_owned() } else { format!("job.batch/{name} created") };
    json!({
        "group": "batch", "version": "v1", "kind": "Job", "name": name, "namespace": app.namespace,
        "status": "Synced", "message": message, "hookType": phase.word(), "syncPhase": phase.word(),
        "hookPhase": if done { "Succeeded" } else { "Running" }, "images": [image],
    })
}

/// Rows of `syncResult.resources` when the first `steps` of `PreSync` hook, waves and `PostSync` hook were applied.
///
/// The last of them still runs unless `done`.
#[must_use]
pub fn results(app: &App, image: &str, steps: usize, done: bool) -> Vec<Value> {
    let all = steps_of(app);
    let steps = steps.min(all.len());
    let mut rows = Vec::new();
    for (index, step) in all.iter().take(steps).enumerate() {
        // without a hook after it, the last wave is never awaited: its rows stay Running
        let awaited = index + 1 < all.len() || awaits_health(app);
        let over = awaited && (done || index + 1 < steps);
        match step {
            Step::Hook(phase, name) => rows.push(hook_result(app, name, *phase, image, over)),
            Step::Wave(resources) => rows.extend(resources.iter().map(|resource| {
                let verb = if resource.is_workload() { "configured" } else { "unchanged" };
                let mut row = json!({
                    "group": resource.group, "version": "v1", "kind": resource.kind, "name": resource.name,
                    "namespace": app.namespace, "status": "Synced", "syncPhase": "Sync",
                    "message": format!("{} {verb}", resource.kubectl()),
                    "hookPhase": if over { "Succeeded" } else { "Running" },
                });
                if resource.is_workload() {
                    row["images"] = json!([image]);
                }
                row
            })),
        }
    }
    rows
}

/// One step of a sync: what is applied together.
#[derive(Debug, Clone)]
pub enum Step {
    /// A Job before or after the waves.
    Hook(Phase, String),
    /// The resources of one wave.
    Wave(Vec<ResourceRef>),
}

/// The steps of a sync of this app, in order.
#[must_use]
pub fn steps_of(app: &App) -> Vec<Step> {
    let mut steps: Vec<Step> = app.pre_sync.iter().map(|name| Step::Hook(Phase::Before, name.clone())).collect();
    let mut waves: Vec<Vec<ResourceRef>> = Vec::new();
    for resource in app.resources() {
        match waves.last_mut() {
            Some(wave) if wave.first().is_some_and(|first| first.wave == resource.wave) => wave.push(resource),
            _ => waves.push(vec![resource]),
        }
    }
    steps.extend(waves.into_iter().map(Step::Wave));
    steps.extend(app.post_sync.iter().map(|name| Step::Hook(Phase::After, name.clone())));
    steps
}

/// What a running sync says while it waits for a step.
#[must_use]
pub fn waiting_for(step: &Step) -> String {
    match step {
        Step::Hook(_, name) => format!("waiting for completion of hook batch/Job/{name}"),
        Step::Wave(resources) => {
            let first = resources.first().map(ResourceRef::path).unwrap_or_default();
            match resources.len() {
                0 | 1 => format!("waiting for healthy state of {first}"),
                more => format!("waiting for healthy state of {first} and {} more resources", more - 1),
            }
        }
    }
}

/// Asks for an operation: `operation` is set, the state of the last one goes.
pub fn ask(object: &mut Value, operation: &Value) {
    object["operation"] = operation.clone();
    if let Some(status) = object["status"].as_object_mut() {
        status.remove("operationState");
    }
}

/// The controller takes the operation up.
pub fn begin(object: &mut Value, at: Timestamp) {
    object["status"]["operationState"] =
        json!({"operation": object["operation"], "phase": "Running", "startedAt": stamp(at)});
    sign(object, at);
}

/// A comparison: which resources differ at which revision of Git. Only a full one moves `reconciledAt`.
pub fn compare(object: &mut Value, revision: &str, differing: &[ResourceRef], full: bool, at: Timestamp) {
    let status = &mut object["status"];
    for row in status["resources"].as_array_mut().into_iter().flatten() {
        if row["status"].is_null() {
            continue;
        }
        let differs =
            differing.iter().any(|resource| row["kind"] == resource.kind && row["name"] == resource.name.as_str());
        row["status"] = json!(if differs { "OutOfSync" } else { "Synced" });
    }
    status["sync"]["status"] = json!(if differing.is_empty() { "Synced" } else { "OutOfSync" });
    status["sync"]["revision"] = json!(revision);
    if full {
        status["reconciledAt"] = json!(stamp(at));
    }
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

/// Shows or hides a hook's Job among the app's resources.
pub fn show_hook(object: &mut Value, app: &App, name: &str, there: bool, at: Timestamp) {
    let Some(rows) = object["status"]["resources"].as_array_mut() else { return };
    rows.retain(|row| !(row["kind"] == "Job" && row["name"] == name));
    if there {
        rows.push(hook_row(app, name));
        rows.sort_by(|a, b| {
            a["group"].as_str().cmp(&b["group"].as_str()).then(a["name"].as_str().cmp(&b["name"].as_str()))
        });
    }
    sign(object, at);
}

/// The images that live pods of the app run, sorted.
pub fn set_images(object: &mut Value, images: &[String]) {
    let mut images = images.to_vec();
    images.sort();
    images.dedup();
    object["status"]["summary"]["images"] = json!(images);
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
