//! Somebody scales a workload by hand where nobody undoes it.

use super::controller::Controller;
use super::pods;
use crate::sim::live::{Agenda, Play};
use crate::sim::manifest::app::App;
use crate::sim::manifest::application;
use crate::sim::manifest::event::Said;
use crate::sim::manifest::managed;
use crate::sim::manifest::meta::text;
use crate::sim::populate::{Stage, say};
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
    let Some(workload) = stage.store.get(kind, namespace, name) else { return };
    let Some(owner) = pods::owner_of(stage, &workload) else { return };
    let there = pods::owned(stage, &owner).len();
    if owner["kind"] == "ReplicaSet" {
        let set = text(&owner, "/metadata/name");
        let words = format!("Scaled up replica set {set} from {there} to {replicas}");
        say(stage, &workload, Said::normal("ScalingReplicaSet", &words), "deployment-controller", at);
        stage.store.update("ReplicaSet", namespace, set, |set| set["spec"]["replicas"] = json!(replicas));
    }
    for ordinal in there..replicas as usize {
        let made = pods::create(stage, &workload, &owner, ordinal, play);
        let (stage, namespace) = (stage.clone(), namespace.to_owned());
        play.later(900, move |play| pods::start(&stage, &namespace, &made, 0, play));
    }
    let controller = Controller::new(stage, &app.name);
    let differing: Vec<_> =
        app.resources().into_iter().filter(|resource| resource.kind == kind && resource.name == name).collect();
    let (stage, kind, name, namespace) = (stage.clone(), kind.to_owned(), name.to_owned(), namespace.to_owned());
    play.later(200, move |play| {
        controller.announce(Some("OutOfSync"), None, play.at);
        controller.write(|object| {
            let revision = text(object, "/status/sync/revision").to_owned();
            application::compare(object, &revision, &differing, false, play.at);
        });
    });
    play.later(1_100, move |play| pods::recount(&stage, &namespace, &kind, &name, play));
}
