//! The health of Applications follows that of their workloads.

use super::controller::Controller;
use crate::sim::live::{Agenda, Play};
use crate::sim::manifest::app::{App, ResourceRef};
use crate::sim::manifest::meta::{number, text};
use crate::sim::populate::Stage;
use crate::sim::time::plus;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// From a workload's write to the Application's.
const NOTICE: Duration = Duration::from_millis(80);

/// Lets the health of the apps of a cluster follow what happens from `from` on.
pub fn begin(agenda: &mut Agenda, stage: &Stage, apps: &[App], from: Timestamp) {
    let apps: Arc<[App]> = apps.into();
    let kinds = ["Deployment", "StatefulSet"];
    let mut seen = [0; 2];
    let wakes = kinds.iter().map(|kind| stage.store.subscribe(kind)).collect();
    let all = (stage.clone(), Arc::clone(&apps));
    agenda.at(from, move |play| {
        for app in all.1.iter() {
            follow(&all.0, app, play);
        }
    });
    let stage = stage.clone();
    agenda.observe(wakes, move |at, agenda| {
        let mut changed = BTreeSet::new();
        for (kind, seen) in kinds.iter().zip(&mut seen) {
            let Ok((changes, complete)) = stage.store.changes(kind, *seen, usize::MAX) else {
                // history was forgotten: what is there now has changed, for all anybody knows
                *seen = stage.store.resource_version();
                changed.extend(0..apps.len());
                continue;
            };
            *seen = complete;
            for change in changes {
                let (namespace, name) = (change.object.namespace(), change.object.name());
                changed.extend(apps.iter().position(|app| owns(app, kind, namespace, name)));
            }
        }
        if at < from {
            return;
        }
        for index in changed {
            let (stage, apps) = (stage.clone(), Arc::clone(&apps));
            agenda.at(plus(at, NOTICE), move |play| {
                if let Some(app) = apps.get(index) {
                    follow(&stage, app, play);
                }
            });
        }
    });
}

fn owns(app: &App, kind: &str, namespace: &str, name: &str) -> bool {
    app.namespace == namespace && app.workloads.iter().any(|work| work.kind.word() == kind && work.name == name)
}

fn follow(stage: &Stage, app: &App, play: &Play<'_>) {
    let controller = Controller::new(stage, &app.name);
    let workloads: Vec<ResourceRef> = app.resources().into_iter().filter(ResourceRef::is_workload).collect();
    let mut worst: Option<(&str, ResourceRef)> = None;
    for resource in workloads {
        let Some(object) = stage.store.get(resource.kind, &app.namespace, &resource.name) else { continue };
        match (of(&object), &worst) {
            ("Degraded", _) => worst = Some(("Degraded", resource)),
            ("Progressing", None) => worst = Some(("Progressing", resource)),
            _ => {}
        }
    }
    match worst {
        Some((health, resource)) => controller.set_health(health, Some(&resource.cause(&app.namespace)), play.at),
        None => controller.set_health("Healthy", None, play.at),
    }
}

/// The health of a Deployment or `StatefulSet`, by Argo CD's rules.
pub(super) fn of(object: &Value) -> &'static str {
    let status = &object["status"];
    let count = |field: &str| status[field].as_i64().unwrap_or_default();
    let wanted = object["spec"]["replicas"].as_i64().unwrap_or(1);
    if number(object, "/metadata/generation") > count("observedGeneration") {
        return "Progressing";
    }
    if object["kind"] == "StatefulSet" {
        let rolled = status["updateRevision"] == status["currentRevision"];
        return if count("readyReplicas") >= wanted && rolled { "Healthy" } else { "Progressing" };
    }
    let conditions = status["conditions"].as_array().into_iter().flatten();
    let late = conditions.into_iter().any(|condition| text(condition, "/reason") == "ProgressDeadlineExceeded");
    let updated = count("updatedReplicas");
    if late {
        "Degraded"
    } else if updated < wanted || count("replicas") > updated || count("availableReplicas") < updated {
        "Progressing"
    } else {
        "Healthy"
    }
}
