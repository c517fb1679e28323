//! What a scenario has happen by itself.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::sim::git::Commits;
use crate::sim::live::deploy::Road;
use crate::sim::live::{self, Agenda};
use crate::sim::manifest::application;
use crate::sim::populate::{Deployed, Stage};
use crate::sim::scenario::{self, Scenario};
use crate::sim::time::{minus, plus};
use crate::sim::workload;

/// Argo CD looks at a cluster so long before the first thing it is to act on.
const SETTLED: Duration = Duration::from_secs(5);

/// Puts everything the scenario says about the apps of one source on the agenda; from when on Argo CD looks at them.
pub(super) fn script(
    scenario: &Scenario,
    road: &Road,
    apps: &[Deployed],
    now: Timestamp,
    agenda: &mut Agenda,
) -> Timestamp {
    let Road { stage, workloads, .. } = road;
    let apps = || apps.iter().map(|one| &one.app);
    let find = |name: &str| apps().find(|app| app.name == name);
    for image in &scenario.images {
        workloads.teach(workload::Rule {
            pods: image.pods.clone(),
            image: image.image.clone(),
            words: image.behaviour.clone(),
            lines: image.lines.clone(),
        });
    }
    for notice in &scenario.notices {
        if let Some(app) = find(notice.app.get_ref()) {
            let at = app.release().at;
            let (store, app, notice) = (stage.store.clone(), app.clone(), notice.clone());
            agenda.at(at, move |_| {
                store.update("Application", &app.argocd_namespace, &app.name, |object| {
                    application::set_condition(object, &notice.kind, &notice.message, at);
                });
            });
        }
    }
    for crash in &scenario.crashes {
        if let Some(app) = find(crash.app.get_ref()) {
            live::crash::begin(workloads, stage, app);
        }
    }
    let mut first = now;
    for drift in &scenario.drifts {
        if let Some(app) = find(drift.app.get_ref()) {
            first = first.min(live::drift::begin(agenda, stage, app, drift, now));
        }
    }
    for syncing in &scenario.syncing {
        if let Some(app) = find(syncing.app.get_ref()) {
            live::deploy::begin_under_way(agenda, road, app, &syncing.version, syncing.ready_after, now);
            first = first.min(live::deploy::began(now));
        }
    }
    for deploy in &scenario.deploys {
        if let Some(app) = find(deploy.app.get_ref()) {
            let plan = live::deploy::Plan {
                version: None,
                ready: deploy.rollout,
                every: deploy.every,
                hooks_fail_for: deploy.hooks_fail_for,
                turn: 0,
            };
            live::deploy::begin(agenda, road, app, plan, plus(now, deploy.after));
        }
    }
    // what was released before is in place as it is told, and Argo CD must not do it again
    let last = apps().map(|app| app.release().at).filter(|at| *at <= now).max();
    minus(first, SETTLED).max(last.map_or(Timestamp::MIN, |last| plus(last, SETTLED))).min(now)
}

/// Has a commit pushed when its time comes.
pub(super) fn push_later(
    agenda: &mut Agenda,
    commits: Arc<Commits>,
    stages: Vec<Stage>,
    commit: scenario::Waiting,
    at: Timestamp,
) {
    agenda.at(at, move |play| {
        match commits.push(commit.name.get_ref(), play.at) {
            Ok((branch, _)) => stages.iter().for_each(|stage| live::deploy::webhook(stage, &branch)),
            Err(error) => tracing::warn!(error, "a commit of the scenario was not pushed"),
        }
        if let Some(every) = commit.every {
            let next = plus(play.at, every.max(Duration::from_secs(1)));
            push_later(play.agenda, commits, stages, commit, next);
        }
    });
}
