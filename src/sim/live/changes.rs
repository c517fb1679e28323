//! Many small changes of generated Applications, evenly spread: what a large Argo CD looks like all day.

use crate::sim::live::{Agenda, Play};
use crate::sim::manifest::application;
use crate::sim::manifest::meta::{hex, text};
use crate::sim::populate::Stage;
use crate::sim::time::{minus, plus, stamp};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// How far behind the world's clock changes are made up for.
const MOST_BEHIND: Duration = Duration::from_secs(1);

/// Starts the changes: one every `pause`, to any of the Applications named.
pub fn begin(agenda: &mut Agenda, stage: &Stage, apps: Vec<String>, pause: Duration, now: Timestamp) {
    if apps.is_empty() || pause.is_zero() {
        return;
    }
    let storm = Storm { stage: stage.clone(), apps: Arc::new(apps), pause };
    agenda.at(plus(now, pause), move |play| storm.again(play));
}

struct Storm {
    stage: Stage,
    apps: Arc<Vec<String>>,
    pause: Duration,
}

impl Storm {
    fn again(self, play: &mut Play<'_>) {
        let index = play.random.usize(..self.apps.len());
        if let Some(name) = self.apps.get(index) {
            let (roll, at) = (play.random.u8(0..100), play.at);
            let serial = play.random.u64(..);
            let (store, namespace) = (&self.stage.store, &self.stage.argocd_namespace);
            store.update("Application", namespace, name, |object| change(object, roll, serial, at));
        }
        // from the moment this one was due, so that the rate holds; a machine slower than the storm leaves out what it
        // cannot do, or it would never do anything else again
        let next = plus(play.at, self.pause).max(minus(play.now, MOST_BEHIND));
        play.agenda.at(next, move |play| self.again(play));
    }
}

/// One change; `roll` (0 to 99) says which, so that most Applications stay well.
fn change(object: &mut Value, roll: u8, serial: u64, at: Timestamp) {
    let service = text(object, "/metadata/labels/component").to_owned();
    let cause = format!("apps/Deployment:{}/{service}", text(object, "/spec/destination/namespace"));
    let health = text(object, "/status/health/status").to_owned();
    if object["operation"].is_object() {
        let results = object["status"]["operationState"]["syncResult"]["resources"].as_array().cloned();
        application::remember(object, at);
        application::end(object, "successfully synced (all tasks run)", &results.unwrap_or_default(), at);
        set_sync(object, &service, true);
        return application::set_health(object, "Healthy", None, at);
    }
    match (roll, health.as_str()) {
        (0..40, "Healthy") => application::set_health(object, "Progressing", Some(&cause), at),
        (0..2, _) => application::set_health(object, "Degraded", Some(&cause), at),
        (2..55, "Progressing" | "Degraded" | "Missing") => application::set_health(object, "Healthy", None, at),
        (55..75, _) => {
            let synced = object["status"]["sync"]["status"] == "Synced";
            set_sync(object, &service, !synced);
            object["status"]["reconciledAt"] = json!(stamp(at));
        }
        (75..85, _) => start_sync(object, &cause, serial, at),
        _ => application::reconcile(object, &hex(&format!("{serial}"), 40), at),
    }
}

fn set_sync(object: &mut Value, service: &str, synced: bool) {
    let word = if synced { "Synced" } else { "OutOfSync" };
    for row in object["status"]["resources"].as_array_mut().into_iter().flatten() {
        if synced || (row["kind"] == "Deployment" && row["name"] == service) {
            row["status"] = json!(word);
        }
    }
    object["status"]["sync"]["status"] = json!(word);
}

fn start_sync(object: &mut Value, cause: &str, serial: u64, at: Timestamp) {
    let mut operation = object["status"]["operationState"]["operation"].clone();
    operation["sync"]["revision"] = json!(hex(&format!("{serial}"), 40));
    object["status"]["sync"]["revision"] = operation["sync"]["revision"].clone();
    object["operation"] = operation;
    let results = object["status"]["operationState"]["syncResult"]["resources"].as_array().cloned();
    application::begin(object, at);
    let service = text(object, "/metadata/labels/component").to_owned();
    let message = format!("waiting for healthy state of apps/Deployment/{service}");
    application::progress(object, &message, &results.unwrap_or_default(), at);
    application::set_health(object, "Progressing", Some(cause), at);
}
