//! What the controller writes about an Application: Events, status, operation.

use super::controller::Controller;
use crate::sim::manifest::event::{Reporter, Said, event};
use crate::sim::manifest::meta::text;
use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::Value;

const COMPONENT: &str = "argocd-application-controller";

impl Controller {
    /// The Application as it stands.
    pub(super) fn app(&self, name: &str) -> Option<Value> {
        self.home.get("Application", &self.namespace, name)
    }

    /// One write to an Application.
    pub(super) fn write(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let now = stamp(self.now);
        self.home.update("Application", &self.namespace, name, |app| {
            let before = app.clone();
            change(app);
            if *app == before {
                return;
            }
            let mut entries = app["metadata"]["managedFields"].as_array_mut().into_iter().flatten();
            if let Some(own) = entries.find(|entry| entry["manager"] == COMPONENT) {
                own["time"] = Value::from(now);
            }
        });
    }

    /// One Event about an Application.
    pub(super) fn say(&self, app: &Value, said: Said<'_>, at: Timestamp) {
        let by = Reporter { component: COMPONENT, host: "" };
        self.home.put(event(app, said, by, 1, at, at));
    }

    /// One write to an operation's state.
    pub(super) fn write_state(&self, name: &str, change: impl FnOnce(&mut Value)) {
        self.write(name, |app| {
            let state = &mut app["status"]["operationState"];
            if state.is_object() {
                change(state);
            }
        });
    }
}

/// Takes a field away.
pub(super) fn remove(object: &mut Value, field: &str) {
    if let Some(object) = object.as_object_mut() {
        object.remove(field);
    }
}

/// Puts text in a field, or takes the field away when there is none.
pub(super) fn put_text(object: &mut Value, field: &str, value: &str) {
    if value.is_empty() {
        remove(object, field);
    } else {
        object[field] = Value::from(value);
    }
}

/// Whether an operation in this phase is over.
pub(super) fn is_over(state: &Value) -> bool {
    matches!(text(state, "/phase"), "Succeeded" | "Failed" | "Error")
}
