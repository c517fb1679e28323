//! What Git says of an app: its objects as `helm template` renders them, without anything a server adds.

use crate::sim::manifest::app::App;
use crate::sim::manifest::hook::{self, Phase};
use crate::sim::manifest::{settings, workload};
use serde_json::{Map, Value, json};

/// What was applied last, for the next three-way merge.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The objects of an app whose containers run `image`, hooks among them; with `hooks_fail` its hooks do.
#[must_use]
pub fn objects(app: &App, image: &str, hooks_fail: bool) -> Vec<Value> {
    let mut all = vec![settings::app_config(app, app.created)];
    if app.listens() {
        all.push(settings::app_service(app, app.created));
    }
    all.extend(app.workloads.iter().map(|work| workload::workload(app, work, image, app.created, app.created)));
    let hooks = [(&app.pre_sync, Phase::Before), (&app.post_sync, Phase::After)];
    for (name, phase) in hooks.into_iter().filter_map(|(name, phase)| Some((name.as_ref()?, phase))) {
        let mut job = hook::job(app, name, phase, image, app.created);
        if hooks_fail {
            job["spec"]["template"]["spec"]["containers"][0]["command"][2] = json!(hook::FAILING);
        }
        all.push(job);
    }
    all.iter().map(plain).collect()
}

/// A live object as it is after Git's was applied: it remembers what that was.
#[must_use]
pub fn applied(mut live: Value) -> Value {
    let wanted = plain(&live);
    live["metadata"]["annotations"][LAST_APPLIED] = json!(format!("{wanted}\n"));
    live
}

/// An object without what the API server and its controllers fill in.
fn plain(live: &Value) -> Value {
    let kind = live["kind"].as_str().unwrap_or_default();
    let meta = &live["metadata"];
    let mut metadata = only(meta, &["name", "namespace", "labels", "annotations"]);
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove(LAST_APPLIED);
    }
    if kind == "Job" {
        metadata.remove("labels");
    }
    let mut object = json!({"apiVersion": live["apiVersion"], "kind": kind, "metadata": metadata});
    if !live["data"].is_null() {
        object["data"] = live["data"].clone();
    }
    let fields: &[&str] = match kind {
        "Service" => &["ports", "selector"],
        "Job" => &["backoffLimit", "template"],
        "Deployment" => &["replicas", "selector", "template", "revisionHistoryLimit", "progressDeadlineSeconds"],
        "StatefulSet" => &["replicas", "selector", "template", "revisionHistoryLimit", "serviceName"],
        _ => return object,
    };
    let mut spec = only(&live["spec"], fields);
    if let Some(template) = spec.get_mut("template") {
        *template = pods(template, kind == "Job");
    }
    object["spec"] = Value::Object(spec);
    object
}

fn pods(template: &Value, of_job: bool) -> Value {
    let mut spec = only(&template["spec"], &["containers"]);
    for container in spec.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten() {
        let fields = ["name", "image", "command", "ports", "envFrom", "env", "resources"];
        *container = Value::Object(only(container, &fields));
    }
    if of_job {
        spec.insert("restartPolicy".to_owned(), template["spec"]["restartPolicy"].clone());
        return json!({ "spec": spec });
    }
    json!({"metadata": {"labels": template["metadata"]["labels"]}, "spec": spec})
}

fn only(object: &Value, fields: &[&str]) -> Map<String, Value> {
    let there = fields.iter().filter_map(|field| Some(((*field).to_owned(), object.get(field)?.clone())));
    there.filter(|(_, value)| !value.is_null()).collect()
}
