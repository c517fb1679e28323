//! When an Application syncs itself.

use super::compare::Comparison;
use super::record::is_over;
use super::revisions;
use crate::sim::manifest::meta::{number, text};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// What auto-sync makes of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Nothing is to be done.
    Rest,
    /// This operation is to be run.
    Sync(Value),
    /// Not again; the words of the `SyncError`.
    Refuse(String),
    /// The next heal has to wait.
    Later(Duration),
}

/// Whether auto-sync is on.
#[must_use]
pub fn is_on(app: &Value) -> bool {
    let automated = &app["spec"]["syncPolicy"]["automated"];
    automated.is_object() && automated["enabled"] != false
}

/// What to do about a comparison; `open` tells whether the sync windows allow an automated sync.
#[must_use]
pub fn decide(app: &Value, comparison: &Comparison, open: bool, now: Timestamp) -> Decision {
    let automated = &app["spec"]["syncPolicy"]["automated"];
    let deleting = app["metadata"]["deletionTimestamp"].is_string();
    let idle = app["operation"].is_null() && !deleting;
    if !is_on(app) || !idle || comparison.sync != "OutOfSync" || !open {
        return Decision::Rest;
    }
    let prune = automated["prune"] == true;
    if !prune && comparison.rows.iter().filter(|row| row.is_out_of_sync).all(|row| row.is_extra) {
        return Decision::Rest;
    }
    let revision = revisions::listed(&comparison.revisions);
    let mut sync = json!({"syncOptions": app["spec"]["syncPolicy"]["syncOptions"], "prune": prune});
    if revisions::are_several(app, &Value::Null) {
        sync["sources"] = app["spec"]["sources"].clone();
        sync["revisions"] = json!(comparison.revisions);
    } else {
        sync["source"] = app["spec"]["source"].clone();
        sync["revision"] = json!(comparison.revisions.first());
    }
    let state = &app["status"]["operationState"];
    if attempted(app, state, comparison) {
        if state["phase"] != "Succeeded" {
            let words = text(state, "/message");
            return Decision::Refuse(format!("Failed last sync attempt to [{revision}]: {words}"));
        }
        if automated["selfHeal"] != true {
            return Decision::Rest;
        }
        let heals = number(state, "/operation/sync/autoHealAttemptsCount");
        let wait = back_off(heals).saturating_sub(since(text(state, "/finishedAt"), now));
        if !wait.is_zero() {
            return Decision::Later(wait);
        }
        sync["autoHealAttemptsCount"] = json!(heals + 1);
        let differing = comparison.rows.iter().filter(|row| row.value["status"] != "Synced");
        sync["resources"] =
            differing.map(|row| json!({"group": row.key.group, "kind": row.key.kind, "name": row.key.name})).collect();
    }
    let counted: Vec<_> = comparison.rows.iter().filter(|row| row.value["hook"] != true).collect();
    if prune && automated["allowEmpty"] != true && counted.iter().all(|row| row.is_extra) {
        let words = "auto-sync will wipe out all resources";
        return Decision::Refuse(format!("Skipping sync attempt to [{revision}]: {words}"));
    }
    if sync["prune"] == false {
        super::record::remove(&mut sync, "prune");
    }
    if sync["syncOptions"].is_null() {
        super::record::remove(&mut sync, "syncOptions");
    }
    for resource in sync["resources"].as_array_mut().into_iter().flatten() {
        if resource["group"] == "" {
            super::record::remove(resource, "group");
        }
    }
    let retry = &app["spec"]["syncPolicy"]["retry"];
    let retry = if retry.is_object() { retry.clone() } else { json!({"limit": 5}) };
    Decision::Sync(json!({"sync": sync, "initiatedBy": {"automated": true}, "retry": retry}))
}

/// Whether the last operation went to this revision of these sources already, or to one that wants the same.
fn attempted(app: &Value, state: &Value, comparison: &Comparison) -> bool {
    if !state.is_object() {
        return false;
    }
    let result = &state["syncResult"];
    if !result.is_object() {
        return is_over(state);
    }
    let field = if revisions::are_several(app, &Value::Null) { "sources" } else { "source" };
    (revisions::of(result) == comparison.revisions || comparison.brings_nothing) && result[field] == app["spec"][field]
}

/// Before the heal after `heals` ones: at once, 2 s, 6 s, 18 s, 54 s, 162 s, 300 s.
fn back_off(heals: i64) -> Duration {
    let Ok(power) = u32::try_from(heals - 1) else { return Duration::ZERO };
    Duration::from_secs(2_u64.saturating_mul(3_u64.saturating_pow(power)).min(300))
}

fn since(finished: &str, now: Timestamp) -> Duration {
    let at = finished.parse().unwrap_or(Timestamp::MIN);
    Duration::try_from(now.duration_since(at)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heals_wait_longer_each_time() {
        let waits = [0, 1, 2, 3, 4, 5, 6, 60].map(|heals| back_off(heals).as_secs());
        assert_eq!(waits, [0, 2, 6, 18, 54, 162, 300, 300]);
    }

    #[test]
    fn automated_is_on_unless_it_says_otherwise() {
        let app = |automated: Value| json!({"spec": {"syncPolicy": {"automated": automated}}});
        assert!(is_on(&app(json!({}))) && is_on(&app(json!({"enabled": true}))));
        assert!(!is_on(&app(json!({"enabled": false}))) && !is_on(&app(Value::Null)));
    }
}
