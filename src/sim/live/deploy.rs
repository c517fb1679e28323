//! Commits, and the webhook that tells Argo CD of them.

use super::releases::{Releases, WRONG};
use crate::sim::live::{Agenda, Play};
use crate::sim::manifest::app::App;
use crate::sim::manifest::meta::text;
use crate::sim::populate::Stage;
use crate::sim::time::{minus, plus};
use crate::sim::workload::{Rule, Workloads};
use jiff::Timestamp;
use serde_json::json;
use std::time::Duration;

/// A sync that runs when the world starts began so long ago: enough for the hook and the waves before the slow one.
const AGO: Duration = Duration::from_secs(36);
/// What a `PreSync` hook takes, with the Job left from last time.
const HOOK: Duration = Duration::from_millis(13_500);
/// What a wave takes in which nothing is waited for.
const WAVE: Duration = Duration::from_millis(2_200);
/// From the pulled image of a pod to its readiness.
const START: Duration = Duration::from_millis(600);

/// So many versions of an app there are.
pub const RING: usize = 10;
/// What a hook says whose image somebody got wrong.
const FAILING: [&str; 2] = ["connecting to the repository", "error: repository [backups] missing"];

/// Where commits go and what follows them.
#[derive(Debug, Clone)]
pub struct Road {
    /// The cluster of the apps.
    pub stage: Stage,
    /// What runs its pods.
    pub workloads: Workloads,
    /// The repository.
    pub releases: Releases,
}

/// Commits to one app.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What it goes to; the last number of the version before plus one when none.
    pub version: Option<String>,
    /// From the creation of new pods until they are ready.
    pub ready: Duration,
    /// From one deployment to the next; never again when none.
    pub every: Option<Duration>,
    /// Each deployment comes with hooks that fail, and a commit so much later puts them right; they are right when none.
    pub hooks_fail_for: Option<Duration>,
    /// How many came before it.
    pub turn: usize,
}

/// Has a commit arrive at a moment.
pub fn begin(agenda: &mut Agenda, road: &Road, app: &App, plan: Plan, at: Timestamp) {
    let (road, app) = (road.clone(), app.clone());
    agenda.at(at, move |play| release(&road, &app, &plan, play));
}

/// When a sync begins that is under way at `now`.
#[must_use]
pub fn began(now: Timestamp) -> Timestamp {
    minus(now, AGO)
}

/// A commit whose sync is under way at `now`: its first waves are done, its first workload is ready `left` later.
pub fn begin_under_way(agenda: &mut Agenda, road: &Road, app: &App, version: &str, left: Duration, now: Timestamp) {
    let slow = app.workloads().next().map(|work| work.wave).unwrap_or_default();
    let mut waves: Vec<i64> = app.resources.iter().map(|one| one.wave).filter(|wave| *wave < slow).collect();
    waves.dedup();
    let waves = WAVE * u32::try_from(waves.len()).unwrap_or_default();
    let before = waves + if app.hooks.iter().any(|hook| hook.phase == "PreSync") { HOOK } else { Duration::ZERO };
    let ready = left + AGO.saturating_sub(before);
    let plan = Plan { version: Some(version.to_owned()), ready, every: None, hooks_fail_for: None, turn: 0 };
    begin(agenda, road, app, plan, began(now));
}

/// The version of a deployment that comes by itself, the `turn`th of its app: the next one, and after some the one that
/// the app began with, so that manifests of a world that goes on for days are known without helm.
#[must_use]
pub fn following(app: &App, version: &str, turn: usize) -> String {
    if turn % RING == RING - 1 { app.release().version.clone() } else { next_version(version) }
}

/// The next patch version: the last number plus one.
fn next_version(version: &str) -> String {
    let digits = version.len() - version.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
    let (head, tail) = version.split_at(version.len() - digits);
    tail.parse::<u64>().map_or_else(|_| format!("{version}.1"), |number| format!("{head}{}", number + 1))
}

fn release(road: &Road, app: &App, plan: &Plan, play: &mut Play<'_>) {
    let version = plan.version.clone().unwrap_or_else(|| following(app, &road.releases.version(app), plan.turn));
    // how long the new image is pulled decides when pods are ready; what is named later is the exception
    let first = app.workloads().next().map(|work| (&work.name, plan.ready));
    let others = app.workloads().skip(1).map(|work| (&work.name, plan.ready.min(Duration::from_secs(6))));
    let hooks = app.hooks.iter().map(|hook| (&hook.job.name, Duration::from_secs(1)));
    for (name, ready) in first.into_iter().chain(others).chain(hooks) {
        road.workloads.teach(Rule {
            pods: format!("{}/{name}-*", app.namespace),
            image: format!("{}:{version}", app.image),
            words: format!("pull={}ms", ready.saturating_sub(START).as_millis()),
            lines: Vec::new(),
        });
    }
    if plan.hooks_fail_for.is_some() {
        road.workloads.teach(Rule {
            pods: format!("{}/*", app.namespace),
            image: format!("{WRONG}:*"),
            words: "present exit=1 after=2s".to_owned(),
            lines: FAILING.map(str::to_owned).to_vec(),
        });
    }
    push(road, app, &version, &format!("{} {version}", app.service), plan.hooks_fail_for.is_some(), play.at);
    if let Some(wait) = plan.hooks_fail_for {
        let (road, app) = (road.clone(), app.clone());
        play.agenda.at(plus(play.at, wait), move |play| {
            push(
                &road,
                &app,
                &version,
                &format!("{} {version}: name the right repository", app.service),
                false,
                play.at,
            );
        });
    }
    if let Some(every) = plan.every {
        let at = plus(play.at, every.max(Duration::from_mins(1)));
        begin(play.agenda, road, app, Plan { version: None, turn: plan.turn + 1, ..plan.clone() }, at);
    }
}

/// A commit, and the refresh its webhook asks for.
fn push(road: &Road, app: &App, version: &str, message: &str, hooks_fail: bool, at: Timestamp) {
    match road.releases.push(app, version, message, hooks_fail, at) {
        Ok(_) => refresh(&road.stage, &app.argocd_namespace, &app.name),
        Err(error) => tracing::warn!(%error, app = app.name, "nothing was committed"),
    }
}

/// What the webhook of a push to `branch` does: whoever follows it is looked at.
pub fn webhook(stage: &Stage, branch: &str) {
    for app in stage.store.list("Application", Some(&stage.argocd_namespace)) {
        if text(&app, "/spec/source/targetRevision") == branch {
            refresh(stage, &stage.argocd_namespace, text(&app, "/metadata/name"));
        }
    }
}

fn refresh(stage: &Stage, namespace: &str, name: &str) {
    stage.store.update("Application", namespace, name, |object| {
        object["metadata"]["annotations"]["argocd.argoproj.io/refresh"] = json!("normal");
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_version_counts_the_last_number() {
        for (from, to) in [("2.3.1", "2.3.2"), ("1.9", "1.10"), ("1.5.0-rc2", "1.5.0-rc3"), ("latest", "latest.1")] {
            assert_eq!(next_version(from), to);
        }
    }
}
