//! What Argo CD's application controller writes: an event first, then the status it announces.

use crate::sim::manifest::application;
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::text;
use crate::sim::populate::{Stage, say};
use jiff::Timestamp;
use serde_json::Value;

const COMPONENT: &str = "argocd-application-controller";

/// The controller, acting on one Application.
#[derive(Debug, Clone)]
pub(super) struct Controller {
    pub(super) stage: Stage,
    pub(super) app: String,
}

impl Controller {
    pub(super) fn new(stage: &Stage, app: &str) -> Self {
        Self { stage: stage.clone(), app: app.to_owned() }
    }

    /// The Application as it stands.
    pub(super) fn object(&self) -> Option<Value> {
        self.stage.store.get("Application", &self.stage.argocd_namespace, &self.app)
    }

    /// One write.
    pub(super) fn write(&self, change: impl FnOnce(&mut Value)) {
        self.stage.store.update("Application", &self.stage.argocd_namespace, &self.app, change);
    }

    /// One event about the Application.
    pub(super) fn say(&self, reason: &str, message: &str, at: Timestamp) {
        if let Some(object) = self.object() {
            say(&self.stage, &object, Said::normal(reason, message), COMPONENT, at);
        }
    }

    /// Whether an operation runs or is asked for.
    pub(super) fn busy(&self) -> bool {
        self.object().is_some_and(|object| object["operation"].is_object())
    }

    /// Announces what the next write changes of sync status and health, with what is to blame.
    pub(super) fn announce(&self, sync: Option<&str>, health: Option<(&str, Option<&str>)>, at: Timestamp) {
        let Some(object) = self.object() else { return };
        if let Some(sync) = sync {
            let old = text(&object, "/status/sync/status");
            if old != sync {
                self.say("ResourceUpdated", &format!("Updated sync status: {old} -> {sync}"), at);
            }
        }
        if let Some((health, cause)) = health {
            let old = text(&object, "/status/health/status");
            if old != health {
                let cause = cause.map(|cause| format!(" (Caused by {cause})")).unwrap_or_default();
                self.say("ResourceUpdated", &format!("Updated health status: {old} -> {health}{cause}"), at);
            }
        }
    }

    /// Event and write of a health that changed.
    pub(super) fn set_health(&self, health: &str, cause: Option<&str>, at: Timestamp) {
        if self.object().is_some_and(|object| object["status"]["health"]["status"] == health) {
            return;
        }
        self.announce(None, Some((health, cause)), at);
        self.write(|object| application::set_health(object, health, cause, at));
    }
}
