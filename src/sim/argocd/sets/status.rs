//! `status` of a set: what it says about itself and about its Applications.

use crate::sim::manifest::meta::text;
use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Said when everything is as the set wants it.
const GENERATED: &str = "All applications have been generated successfully";
const PARAMETERS: &str = "Successfully generated parameters for all Applications";

/// What went wrong while a set was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// The reason of the condition.
    pub reason: &'static str,
    /// Its words.
    pub message: String,
    /// Whether parameters and templates were fine.
    pub has_parameters: bool,
}

/// Puts the three conditions and the health that follows from them into a status.
pub(super) fn conclude(status: &mut Value, trouble: Option<&Trouble>, at: Timestamp) {
    let message = trouble.map_or(GENERATED, |trouble| &trouble.message);
    let is_fine = trouble.is_none();
    let generated = trouble.is_none_or(|trouble| trouble.has_parameters);
    let word = |is: bool| if is { "True" } else { "False" };
    let reason = trouble.map_or("ApplicationSetUpToDate", |trouble| trouble.reason);
    let parameters = if generated { ("ParametersGenerated", PARAMETERS) } else { ("ErrorOccurred", message) };
    let done = if is_fine { "ApplicationSetUpToDate" } else { "ErrorOccurred" };
    let old = status["conditions"].as_array().cloned().unwrap_or_default();
    let condition = |kind: &str, is: bool, reason: &str, message: &str| {
        let same = |one: &&Value| {
            one["type"] == kind && one["status"] == word(is) && one["reason"] == reason && one["message"] == message
        };
        let new = json!({"type": kind, "status": word(is), "reason": reason, "message": message,
            "lastTransitionTime": stamp(at)});
        old.iter().find(same).cloned().unwrap_or(new)
    };
    status["conditions"] = json!([
        condition("ErrorOccurred", !is_fine, reason, message),
        condition("ParametersGenerated", generated, parameters.0, parameters.1),
        condition("ResourcesUpToDate", is_fine, done, message),
    ]);
    status["health"] = json!({"status": if is_fine { "Healthy" } else { "Degraded" }, "message": message});
}

/// Puts one row for each Application into a status; `apps` are in the order of their names.
pub(super) fn list(status: &mut Value, apps: &[Value]) {
    let row = |app: &Value| {
        let mut row = json!({"group": "argoproj.io", "version": "v1alpha1", "kind": "Application",
            "namespace": app["metadata"]["namespace"], "name": app["metadata"]["name"], "health": {}});
        let (sync, health) = (text(app, "/status/sync/status"), text(app, "/status/health/status"));
        if !sync.is_empty() {
            row["status"] = json!(sync);
        }
        if !health.is_empty() {
            row["health"]["status"] = json!(health);
        }
        row
    };
    if apps.is_empty() && status["resources"].is_null() {
        return;
    }
    status["resources"] = apps.iter().map(row).collect();
    status["resourcesCount"] = json!(apps.len());
    if status["health"].is_null() {
        status["health"] = json!({});
    }
}
