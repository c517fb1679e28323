//! Actions on resources, those every Argo CD brings along.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::super::manifest::meta::owned_by;
use super::super::super::store::Store;
use super::super::super::write::{Address, Patch, Writer};
use super::super::applications::sync::is_automated;
use super::super::desk::{Caller, Desk};
use super::super::refusal::{Code, Refusal};
use super::super::reply::Reply;
use super::super::request::Asked;
use super::find::{self, Named};
use super::object::named;
use crate::sim::manifest::meta::text;

/// A resource, or the Application itself when that is named.
fn subject(
    desk: &Desk,
    caller: &Caller,
    action: &str,
    (name, project, namespace): (&str, &str, &str),
    named: Named<'_>,
) -> Result<(Value, Store, Value), Refusal> {
    let app = desk.app_in(caller, action, (project, namespace), name)?;
    if named.kind == "Application" && named.group == "argoproj.io" && named.name == name {
        return Ok((app.clone(), desk.store.clone(), app));
    }
    let (store, live) = find::live(desk, &app, named)?;
    Ok((app, store, live))
}

/// Answers with what can be done to a resource now.
pub(in crate::sim::server) fn list(desk: &Desk, caller: &Caller, asked: &Asked, name: &str) -> Result<Reply, Refusal> {
    let place = (name, asked.query.get("project"), asked.query.get("appNamespace"));
    let (_, _, live) = subject(desk, caller, "get", place, named(asked))?;
    let actions = of(&live);
    Ok(Reply::Json(if actions.is_empty() { json!({}) } else { json!({"actions": actions}) }))
}

/// The actions of an object, by name.
fn of(object: &Value) -> Vec<Value> {
    let action = |name: &str, icon: &str| json!({"name": name, "iconClass": format!("fa fa-fw fa-{icon}")});
    let restart = || action("restart", "redo");
    let scale = || {
        let mut scale = action("scale", "plus-circle");
        scale["params"] = json!([{"name": "replicas"}]);
        scale
    };
    let off = |mut action: Value, off: bool| {
        if off {
            action["disabled"] = json!(true);
        }
        action
    };
    let spec = &object["spec"];
    match (text(object, "/apiVersion"), text(object, "/kind")) {
        ("apps/v1", "Deployment") => {
            let paused = spec["paused"] == true;
            let (pause, resume) = (action("pause", "pause-circle"), action("resume", "play-circle"));
            vec![off(pause, paused), restart(), off(resume, !paused), scale()]
        }
        ("apps/v1", "StatefulSet") => vec![restart(), scale()],
        ("apps/v1", "DaemonSet") => vec![restart()],
        ("batch/v1", "CronJob") => {
            let mut create = action("create-job", "plus");
            create["displayName"] = json!("Create Job");
            let other = if spec["suspend"] == true { action("resume", "play") } else { action("suspend", "pause") };
            vec![create, other]
        }
        ("batch/v1", "Job") => {
            let ends = ["Complete", "Failed", "FailureTarget", "SuccessCriteriaMet"];
            let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
            let is_over = |one: &Value| ends.contains(&text(one, "/type")) && one["status"] == "True";
            if conditions.into_iter().any(is_over) {
                return Vec::new();
            }
            let held = spec["suspend"] == true;
            let mut actions = vec![if held { action("resume", "play") } else { action("suspend", "pause") }];
            if object["status"].is_object() {
                actions.push(action("terminate", "stop"));
            }
            actions
        }
        ("argoproj.io/v1alpha1", "Application") => {
            let word = if is_automated(object) { "Disable Auto-Sync" } else { "Enable Auto-Sync" };
            vec![json!({"name": "toggle-auto-sync", "displayName": word})]
        }
        _ => Vec::new(),
    }
}

/// Runs an action as clients have named it since parameters came along: everything is in the body.
pub(in crate::sim::server) fn run(desk: &Desk, caller: &Caller, asked: &Asked, name: &str) -> Result<Reply, Refusal> {
    let body: Value = asked.json()?;
    let of = |field: &str| body[field].as_str().unwrap_or_default();
    let named = Named { group: of("group"), kind: of("kind"), namespace: of("namespace"), name: of("resourceName") };
    let parameters = body["resourceActionParameters"].as_array().cloned().unwrap_or_default();
    perform(desk, caller, (name, of("project"), of("appNamespace")), named, (of("action"), &parameters))
}

/// Runs an action the way it was named before: the resource in the query, the action as a JSON string.
pub(in crate::sim::server) fn run_named_in_query(
    desk: &Desk,
    caller: &Caller,
    asked: &Asked,
    name: &str,
) -> Result<Reply, Refusal> {
    let action: String = asked.json()?;
    let place = (name, asked.query.get("project"), asked.query.get("appNamespace"));
    perform(desk, caller, place, named(asked), (&action, &[]))
}

fn perform(
    desk: &Desk,
    caller: &Caller,
    place: (&str, &str, &str),
    named: Named<'_>,
    (action, parameters): (&str, &[Value]),
) -> Result<Reply, Refusal> {
    let verb = format!("action/{}/{}/{action}", named.group, named.kind);
    let (app, store, live) = subject(desk, caller, &verb, place, named)?;
    if !of(&live).iter().any(|known| known["name"] == action) {
        return Err(Refusal::new(Code::Unknown, "error getting Lua resource action: built-in script does not exist"));
    }
    let now = desk.store.now();
    let writer = Writer::new(&store, "argocd-server");
    if action == "create-job" {
        writer.create(job_of(&live, now))?;
    } else {
        let patch = change(&live, action, parameters, now)?;
        let address = Address::new(named.kind, text(&live, "/metadata/namespace"), named.name)?;
        writer.patch(&address, &Patch::Merge(patch))?;
    }
    let words = if text(&live, "/kind") == "Application" {
        format!("ran action {action}")
    } else {
        format!("ran action {action} on resource {}/{}/{}", named.group, named.kind, named.name)
    };
    desk.tell(caller, &app, "ResourceActionRan", &words);
    Ok(Reply::Json(json!({})))
}

/// What an action changes, as a merge patch.
fn change(object: &Value, action: &str, parameters: &[Value], now: Timestamp) -> Result<Value, Refusal> {
    let at = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    Ok(match action {
        "restart" => json!({"spec": {"template": {"metadata": {"annotations":
            {"kubectl.kubernetes.io/restartedAt": at}}}}}),
        "pause" => json!({"spec": {"paused": true}}),
        "suspend" => json!({"spec": {"suspend": true}}),
        "resume" if object["kind"] == "Deployment" => json!({"spec": {"paused": null}}),
        "resume" => json!({"spec": {"suspend": false}}),
        "terminate" => json!({"spec": {"activeDeadlineSeconds": 1}}),
        "toggle-auto-sync" => json!({"spec": {"syncPolicy": {"automated": {"enabled": !is_automated(object)}}}}),
        _ => {
            let given = parameters.iter().find(|one| one["name"] == "replicas").map(|one| text(one, "/value"));
            let replicas: u32 = given.and_then(|given| given.parse().ok()).ok_or_else(|| {
                let words = format!("invalid number: {}", given.unwrap_or("nil"));
                Refusal::new(Code::Unknown, format!("error executing Lua resource action: {words}"))
            })?;
            json!({"spec": {"replicas": replicas}})
        }
    })
}

/// The Job a CronJob would start by itself, started by hand.
fn job_of(cron: &Value, now: Timestamp) -> Value {
    let template = &cron["spec"]["jobTemplate"];
    let mut metadata = json!({
        "name": format!("{}-{}", text(cron, "/metadata/name"), now.strftime("%y%m%d%H%M")),
        "namespace": cron["metadata"]["namespace"],
        "annotations": template["metadata"]["annotations"],
        "ownerReferences": owned_by(cron),
    });
    if template["metadata"]["labels"].is_object() {
        metadata["labels"] = template["metadata"]["labels"].clone();
    }
    if !metadata["annotations"].is_object() {
        metadata["annotations"] = json!({});
    }
    metadata["annotations"]["cronjob.kubernetes.io/instantiate"] = json!("manual");
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]})
}
