//! Somebody scales a workload by hand where nobody undoes it.

use super::controller::Controller;
use crate::sim::live::{Agenda, Play};
use crate::sim::manifest::app::App;
use crate::sim::manifest::application;
use crate::sim::manifest::managed;
use crate::sim::manifest::meta::text;
use crate::sim::populate::Stage;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Has `manager` set the replicas of the app's first workload at a moment.
pub fn begin(agenda: &mut Agenda, stage: &Stage, app: &App, manager: &str, replicas: u32, at: Timestamp) {
    let (stage, app, manager) = (stage.clone(), app.clone(), manager.to_owned());
    agenda.at(at, move |play| scale(&stage, &app, &manager, replicas, play));
}

fn scale(stage: &Stage, app: &App, manager: &str, replicas: u32, play: &mut Play<'_>) {
    let Some(work) = app.workloads.first() else { return };
    let (kind, name, namespace) = (work.kind.word(), work.name.as_str(), app.namespace.as_str());
    let at = play.at;
    stage.store.update(kind, namespace, name, |object| {
        object["spec"]["replicas"] = json!(replicas);
        let entries = object["metadata"]["managedFields"].as_array_mut().into_iter().flatten();
        for entry in entries.filter(|entry| entry["manager"] == "argocd-controller") {
            if let Some(fields) = entry.pointer_mut("/fieldsV1/f:spec").and_then(Value::as_object_mut) {
                fields.remove("f:replicas");
            }
        }
        let entry = managed::entry("apps/v1", manager, &json!({"spec": {"replicas": replicas}}), at);
        if let Some(entries) = object["metadata"]["managedFields"].as_array_mut() {
            entries.push(entry);
        }
    });
    let controller = Controller::new(stage, &app.name);
    let differing: Vec<_> =
        app.resources().into_iter().filter(|resource| resource.kind == kind && resource.name == name).collect();
    play.later(200, move |play| {
        controller.announce(Some("OutOfSync"), None, play.at);
        controller.write(|object| {
            let revision = text(object, "/status/sync/revision").to_owned();
            application::compare(object, &revision, &differing, false, play.at);
        });
    });
}
