//! Somebody edits an object by hand.

use crate::sim::live::Agenda;
use crate::sim::manifest::app::App;
use crate::sim::populate::Stage;
use crate::sim::scenario::Drift;
use crate::sim::time::{minus, plus};
use crate::sim::write::Writer;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// Has somebody edit an object of the app, as the scenario tells it; says when.
pub fn begin(agenda: &mut Agenda, stage: &Stage, app: &App, drift: &Drift, now: Timestamp) -> Timestamp {
    let at = drift.after.map_or_else(|| minus(now, drift.age), |after| plus(now, after));
    again(agenda, stage.clone(), app.clone(), drift.clone(), at);
    at
}

fn again(agenda: &mut Agenda, stage: Stage, app: App, drift: Drift, at: Timestamp) {
    agenda.at(at, move |play| {
        edit(&stage, &app, &drift);
        if let Some(every) = drift.every {
            let at = plus(play.at, every.max(Duration::from_mins(1)));
            again(play.agenda, stage, app, drift, at);
        }
    });
}

fn edit(stage: &Stage, app: &App, drift: &Drift) {
    let first = app.workloads().next().map(|work| (work.kind.as_str(), work.name.as_str()));
    let Some((kind, name)) = drift.object.as_deref().and_then(|object| object.split_once('/')).or(first) else {
        return;
    };
    let edited = Writer::new(&stage.store, &drift.manager).edit(kind, &app.namespace, name, |object| {
        if let Some(replicas) = drift.replicas {
            object["spec"]["replicas"] = json!(replicas);
        }
        for (path, value) in &drift.set {
            put(object, path, value);
        }
    });
    if let Err(failure) = edited {
        tracing::warn!(app = %app.name, kind, name, failure = %failure.message, "not edited by hand");
    }
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
