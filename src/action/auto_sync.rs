//! Auto-sync off and on (semantics 2.5), giving back exactly what was there.

use serde_json::{Value, json};

use super::application::Application;
use super::plan::{Facts, Plan};
use super::refusal::Refusal;
use super::verb::Verb;
use crate::domain::app::short_revision;
use crate::domain::window::{Verdict, Windows, until};

pub(super) fn plan(facts: &Facts, on: bool) -> Result<Plan, Refusal> {
    let app = &facts.app;
    let now = app.auto_sync();
    if now.enabled == on {
        let state = if on { "on" } else { "off" };
        return Err(Refusal::already(format!("auto-sync of {} is {state} already", app.name())));
    }
    let word = if on { "on" } else { "off" };
    let mut plan = Plan::new(facts, Verb::AutoSync { on }, format!("Switch auto-sync of {} {word}", app.name()));
    let automated = if on { switched_on(facts) } else { switched_off(facts) };
    plan.patch_app(json!({"spec": {"syncPolicy": {"automated": automated}}}), true);
    if on {
        let revision = app.sync_revision();
        let deployed = app.history().last().map(super::entry::Entry::shown_revision);
        if deployed.as_deref() != Some(&*revision) || !app.out_of_sync().is_empty() {
            let words =
                format!("it rolls forward to {} {} {}", app.target_revision(), short_revision(&revision), when(facts));
            let noted = facts.auto_sync_before.as_ref().and_then(|note| note.failed.as_deref());
            if [noted, failed(app).as_deref()].contains(&Some(&*revision)) {
                plan.warn(format!("{words}, the revision that failed"));
            } else {
                plan.caution(words);
            }
        }
    } else {
        plan.remember = app.at("/spec/syncPolicy/automated").cloned().map(|automated| (automated, failed(app)));
        plan.caution("nothing follows Git by itself until it is given back");
        if facts.knows_enabled.is_none() {
            plan.caution("its settings are taken away whole: whether `automated.enabled` is known here cannot be read");
        }
    }
    // the switch itself goes through a closed window
    plan.windows = Ok(Windows::default());
    if !on {
        plan.restored(&facts.restorer, "");
    }
    Ok(plan)
}

/// When Argo CD syncs by itself once it may.
fn when(facts: &Facts) -> String {
    match facts.windows.as_ref().map(|windows| windows.decide(facts.now, false)) {
        Ok(Verdict::Closed { opens: Some(at), .. }) => {
            format!("once the sync window opens, in {}", until(at, facts.now))
        }
        Ok(Verdict::Closed { opens: None, .. }) => "once a sync window lets it".to_owned(),
        Ok(Verdict::Open { .. }) | Err(_) => "at once".to_owned(),
    }
}

/// The revision the last operation failed at, or does not get well with.
fn failed(app: &Application) -> Option<String> {
    super::guarded::failing(app).map(|_| app.operation_revision()).filter(|revision| !revision.is_empty())
}

/// What was there before we switched it off, else on as plainly as can be.
fn switched_on(facts: &Facts) -> Value {
    if let Some(before) = &facts.auto_sync_before {
        let mut automated = before.automated.clone();
        if automated.get("enabled").is_none() && facts.app.at("/spec/syncPolicy/automated/enabled").is_some() {
            // in a merge patch a null takes the field away
            automated["enabled"] = Value::Null;
        }
        return automated;
    }
    match facts.app.at("/spec/syncPolicy/automated") {
        Some(_) => json!({"enabled": true}),
        None => json!({}),
    }
}

fn switched_off(facts: &Facts) -> Value {
    match facts.knows_enabled {
        Some(true) => json!({"enabled": false}),
        // a field that is not known would be dropped without a word and auto-sync would stay on: taking all of it away
        // works everywhere, and the note gives it back
        Some(false) | None => Value::Null,
    }
}
