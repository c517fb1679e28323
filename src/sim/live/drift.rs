//! Somebody edits an object by hand where nobody undoes it.

use super::controller::Controller;
use crate::sim::live::{Agenda, Play};
use crate::sim::manifest::app::App;
use crate::sim::manifest::application;
use crate::sim::manifest::managed;
use crate::sim::manifest::meta::text;
use crate::sim::populate::Stage;
use crate::sim::scenario::Drift;
use crate::sim::time::minus;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Has somebody edit an object of the app, as the scenario tells it.
pub fn begin(agenda: &mut Agenda, stage: &Stage, app: &App, drift: &Drift, now: Timestamp) {
    let (stage, app, drift) = (stage.clone(), app.clone(), drift.clone());
    agenda.at(minus(now, drift.age), move |play| edit(&stage, &app, &drift, play));
}

fn edit(stage: &Stage, app: &App, drift: &Drift, play: &mut Play<'_>) {
    let first = app.workloads.first().map(|work| (work.kind.word(), work.name.as_str()));
    let Some((kind, name)) = drift.object.as_deref().and_then(|object| object.split_once('/')).or(first) else {
        return;
    };
    let (namespace, at) = (app.namespace.as_str(), play.at);
    let replicas = drift.replicas.map(|replicas| ("/spec/replicas", json!(replicas)));
    let set: Vec<(&str, Value)> =
        replicas.into_iter().chain(drift.set.iter().map(|(path, value)| (path.as_str(), value.clone()))).collect();
    stage.store.update(kind, namespace, name, |object| {
        let mut part = json!({});
        for (path, value) in &set {
            put(object, path, value);
            put(&mut part, path, value);
            let field = path.split('/').skip(1).map(|key| format!("/f:{key}")).collect::<String>();
            let entries = object["metadata"]["managedFields"].as_array_mut().into_iter().flatten();
            for entry in entries.filter(|entry| entry["manager"] == "argocd-controller") {
                disown(&mut entry["fieldsV1"], &field);
            }
        }
        let entry = managed::entry(text(object, "/apiVersion"), &drift.manager, &part, at);
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

/// Sets the value at a JSON pointer, with the mappings that lead there.
fn put(object: &mut Value, path: &str, value: &Value) {
    let mut place = object;
    for key in path.split('/').skip(1) {
        place = match key.parse::<usize>() {
            Ok(index) if place.is_array() => match place.get_mut(index) {
                Some(place) => place,
                None => return,
            },
            _ if place.is_object() || place.is_null() => &mut place[key],
            _ => return,
        };
    }
    *place = value.clone();
}

/// Takes a field from its owner.
fn disown(fields: &mut Value, path: &str) {
    if let Some((parent, key)) = path.rsplit_once('/')
        && let Some(fields) = fields.pointer_mut(parent).and_then(Value::as_object_mut)
    {
        fields.remove(key);
    }
}
