//! How an operation that runs, waits or went wrong stands on screen.

use std::time::Duration;

use pilothouse::domain::operation::HELD_MESSAGE;
use pilothouse::domain::window::{Subject, Windows};
use pilothouse::domain::{
    AppDetail, AppKey, AppRow, Health, Operation, Phase, Resource, ResourceResult, SyncPhase, Timestamp, time::after,
};
use pilothouse::store::{Delta, LiveDelta};
use pilothouse::view::ScreenId;
use serde_json::json;

use crate::fixture::{Cockpit, NOW, below, cockpit, voyage};

const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (40, 10)];
const OLD: &str = "3f22a38c1f0e4b6d9a7c5e2d8b4f6a1c0d9e8f70";
const NEW: &str = "b7c1d09e55aa4b6d9a7c5e2d8b4f6a1c0d9e8f71";

fn key() -> AppKey {
    AppKey { source: "predator-cloud".into(), namespace: "argocd".into(), name: "celery-staging".into() }
}

fn ago(seconds: u64) -> Timestamp {
    NOW.checked_sub(Duration::from_secs(seconds)).unwrap()
}

fn result(phase: Phase, message: &str) -> ResourceResult {
    ResourceResult { status: "Synced".into(), phase: Some(phase), message: Some(message.into()) }
}

fn hook(phase: Phase, message: &str) -> Resource {
    Resource {
        group: "batch".into(),
        version: "v1".into(),
        kind: "Job".into(),
        namespace: "predator12-staging".into(),
        name: "celery-migrate".into(),
        phase: Some("PreSync".into()),
        hook: true,
        result: Some(result(phase, message)),
        ..Resource::default()
    }
}

fn deployment(wave: i64, phase: Option<Phase>, health: Health) -> Resource {
    Resource {
        group: "apps".into(),
        version: "v1".into(),
        kind: "Deployment".into(),
        namespace: "predator12-staging".into(),
        name: "celery".into(),
        wave,
        health: Some((health, None)),
        result: phase.map(|phase| result(phase, "deployment.apps/celery configured")),
        ..Resource::default()
    }
}

fn operation() -> Operation {
    Operation {
        requested: true,
        phase: Some(Phase::Running),
        started: Some(ago(34)),
        revision: Some(OLD.into()),
        automated: true,
        sync_phase: Some(SyncPhase::Sync),
        done: 1,
        total: 3,
        ..Operation::default()
    }
}

/// celery-staging with an operation and its resources.
fn on(operation: Operation, resources: Vec<Resource>, change: impl Fn(&mut AppRow, &mut AppDetail)) -> Cockpit {
    let mut apps = below(voyage());
    let row = apps.find(&key()).and_then(|id| apps.get(id)).cloned().unwrap();
    let mut row = AppRow { operation: Some(Box::new(operation)), revision: OLD.into(), ..row };
    let mut detail = AppDetail { resources, ..apps.detail(&key()).cloned().unwrap() };
    change(&mut row, &mut detail);
    apps.apply(Delta::Upsert(Box::new(row)), NOW);
    apps.apply(Delta::Live(LiveDelta::Detail(key(), Box::new(detail))), NOW);
    let mut cockpit = cockpit(apps, ScreenId::App, SIZES[0]);
    cockpit.model.lens.selected = Some(key());
    cockpit
}

fn states() -> Vec<(&'static str, Cockpit)> {
    let migrating = on(
        Operation {
            sync_phase: Some(SyncPhase::PreSync),
            done: 0,
            message: Some("waiting for completion of hook batch/Job/celery-migrate".into()),
            ..operation()
        },
        vec![hook(Phase::Running, "job.batch/celery-migrate created"), deployment(1, None, Health::Healthy)],
        |_, _| {},
    );
    let rolling = on(
        Operation { message: Some("waiting for healthy state of apps/Deployment/celery".into()), ..operation() },
        vec![
            hook(Phase::Succeeded, "Reached expected number of succeeded pods"),
            deployment(1, Some(Phase::Running), Health::Progressing),
            Resource { name: "beat".into(), ..deployment(2, None, Health::Healthy) },
        ],
        |_, _| {},
    );
    let words = "one or more synchronization tasks completed unsuccessfully. Retrying attempt #1 at 11:59AM.";
    let retrying = on(
        Operation {
            message: Some(words.into()),
            finished: Some(ago(6)),
            retries: 1,
            retry_limit: Some(2),
            next_attempt: Some(after(NOW, Duration::from_secs(4))),
            ..operation()
        },
        vec![hook(Phase::Failed, "Job has reached the specified backoff limit")],
        |row, _| row.revision = NEW.into(),
    );
    let held = on(
        Operation { message: Some(HELD_MESSAGE.into()), automated: false, by: Some("olena".into()), ..operation() },
        vec![deployment(0, None, Health::Healthy)],
        |_, detail| {
            let freeze = json!({"spec": {"syncWindows": [{"kind": "deny", "schedule": "0 11 * * *", "duration": "3h",
                "applications": ["celery-*"], "description": "freeze"}]}});
            detail.windows = Some(Windows::of(&freeze, Subject { name: "celery-staging", ..Subject::default() }));
        },
    );
    let failed = on(
        Operation {
            requested: false,
            phase: Some(Phase::Failed),
            finished: Some(ago(20)),
            retries: 2,
            retry_limit: Some(2),
            message: Some("one or more synchronization tasks completed unsuccessfully (retried 2 times).".into()),
            ..operation()
        },
        vec![
            hook(Phase::Succeeded, "Reached expected number of succeeded pods"),
            deployment(1, Some(Phase::Failed), Health::Degraded),
        ],
        |row, detail| {
            row.auto_sync.enabled = false;
            let message = "Deployment \"celery\" exceeded its progress deadline";
            detail.resources[1].result = Some(result(Phase::Failed, message));
        },
    );
    vec![("migrating", migrating), ("rolling", rolling), ("retrying", retrying), ("held", held), ("failed", failed)]
}

#[test]
fn an_operation_at_every_stage_at_every_size() {
    for (name, mut cockpit) in states() {
        for (width, height) in SIZES {
            cockpit.model.size = ratatui::layout::Size { width, height };
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), cockpit.text());
        }
    }
}

#[test]
fn what_is_waited_for_is_said_without_a_key() {
    let told = [
        ("migrating", "PreSync: waiting for the end of Job celery-migrate, 1 of 1 (H shows its log)"),
        ("rolling", "PreSync done, Sync wave 1: waiting for health of Deployment celery, 1 of 1, Sync wave 2 to come"),
        ("retrying", "attempt    2 of 3, next at 12:00:04"),
        ("retrying", "Git has moved on to b7c1d09: it waits for all attempts of this operation; T terminates it"),
        ("retrying", "failed     Job celery-migrate (PreSync): Job has reached the specified backoff limit"),
        ("held", "by window until Thu 14:00 UTC, in 2h: the deny window `freeze` is on"),
        ("failed", "failed     Deployment celery (Sync): Deployment \"celery\" exceeded its progress deadline"),
        ("failed", "ModuleNotFoundError: No module named 'predator.tasks'"),
    ];
    for (name, mut cockpit) in states() {
        cockpit.model.size = ratatui::layout::Size { width: 160, height: 50 };
        let text = cockpit.text();
        for (_, words) in told.iter().filter(|(state, _)| *state == name) {
            assert!(text.contains(words), "{name}: {words}:\n{text}");
        }
    }
}

#[test]
fn beside_a_list_it_stands_too() {
    let (_, mut cockpit) = states().swap_remove(2);
    cockpit.model.size = ratatui::layout::Size { width: 200, height: 50 };
    cockpit.model.stack.go_home(ScreenId::Fleet);
    let text = cockpit.text();
    assert!(text.contains("attempt    2 of 3, next at 12:00:04") && text.contains("Job celery-migrate"), "{text}");
}
