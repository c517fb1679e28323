//! Events and the timeline: narrowed, followed, and everything that happened in one order.

use std::time::Duration;

use pilothouse::app::Msg;
use pilothouse::domain::time::after;
use pilothouse::domain::{AppRow, Event, Health, ObjectRef, Operation, Phase, Sync};
use pilothouse::store::{Delta, LiveDelta, NamespaceDelta};
use pilothouse::view::ScreenId;

use crate::fixture::{Cockpit, NOW, below, cockpit, voyage};

fn events() -> Cockpit {
    let mut cockpit = cockpit(below(voyage()), ScreenId::Events, (120, 40));
    let row = cockpit.model.apps.all().find(|row| &*row.key.name == "celery-staging").unwrap();
    cockpit.model.lens.selected = Some(row.key.clone());
    cockpit
}

/// A new Event of the Deployment.
fn tell(cockpit: &mut Cockpit, n: u64) {
    let event = Event {
        name: format!("new{n}").into(),
        warning: true,
        reason: "FailedCreate".into(),
        object: ObjectRef { kind: "Deployment".into(), namespace: "predator12-staging".into(), name: "celery".into() },
        message: format!("quota of {n} is used up").into(),
        count: 1,
        last: Some(after(NOW, Duration::from_secs(n))),
        ..Event::default()
    };
    let upsert = NamespaceDelta::Upsert(Box::new(event));
    cockpit.take(Msg::Data(vec![Delta::Live(LiveDelta::Events(
        "predator-cloud".into(),
        "predator12-staging".into(),
        upsert,
    ))]));
}

/// The line under the cursor.
fn under_the_cursor(cockpit: &mut Cockpit) -> String {
    let text = cockpit.text();
    text.lines().find(|line| line.starts_with('›')).unwrap_or_default().to_owned()
}

#[test]
fn the_cursor_follows_the_newest_until_it_is_moved_away() {
    let mut cockpit = events();
    tell(&mut cockpit, 1);
    assert!(under_the_cursor(&mut cockpit).contains("quota of 1"), "{}", cockpit.text());
    cockpit.press("j");
    let held = under_the_cursor(&mut cockpit);
    assert!(held.contains("BackOff"), "{held}");
    tell(&mut cockpit, 2);
    assert!(under_the_cursor(&mut cockpit).contains("BackOff"), "it stays on its line: {}", cockpit.text());
    assert!(!cockpit.text().contains("follow\n"), "{}", cockpit.text());
    cockpit.press("space");
    assert!(under_the_cursor(&mut cockpit).contains("quota of 2"), "{}", cockpit.text());
}

#[test]
fn events_are_narrowed_to_words() {
    let mut cockpit = events();
    cockpit.press("/");
    cockpit.type_text("backoff");
    cockpit.press("enter");
    let text = cockpit.text();
    assert!(text.contains("BackOff x14") && !text.contains("Pulled"), "{text}");
    cockpit.press("/ esc");
    assert!(cockpit.text().contains("Pulled"), "{}", cockpit.text());
    // esc takes the words away first, then the screen
    cockpit.press("/");
    cockpit.type_text("backoff");
    cockpit.press("enter esc");
    assert!(cockpit.screen() == ScreenId::Events && cockpit.text().contains("Pulled"), "{}", cockpit.text());
    cockpit.press("esc");
    assert_ne!(cockpit.screen(), ScreenId::Events);
}

#[test]
fn the_timeline_joins_operations_statuses_pods_events_and_errors_in_their_order() {
    let mut cockpit = events();
    let key = cockpit.model.lens.selected.clone().unwrap();
    let row = cockpit.model.apps.get(cockpit.model.apps.find(&key).unwrap()).unwrap().clone();
    cockpit.now = after(NOW, Duration::from_secs(5));
    let failed = Operation {
        requested: false,
        phase: Some(Phase::Failed),
        message: Some("retries are used up".into()),
        ..row.operation.as_deref().unwrap().clone()
    };
    let changed = AppRow {
        health: Health::Degraded,
        health_message: Some("deadline exceeded".into()),
        sync: Sync::Synced,
        operation: Some(Box::new(failed)),
        ..row
    };
    cockpit.take(Msg::Data(vec![Delta::Upsert(Box::new(changed))]));
    cockpit.press("tab");
    assert!(cockpit.model.stack.wanted(&cockpit.model.lens).is_some(), "its logs are asked for");
    let logs = &mut cockpit.model.logs;
    let stream = logs.stream("celery-7cf7-mjbfc", "worker");
    let written = after(NOW, Duration::from_secs(2));
    logs.push(stream, written, "2026-03-05 ERROR cannot reach the broker", written);
    logs.push(stream, written, "2026-03-05 INFO fine", written);
    logs.settle_all();
    let text = cockpit.text();
    let order = [
        "health was Healthy: deadline exceeded",
        "cannot reach the broker",
        "BackOff x14",
        "worker exit 1 (Error)",
        "Scaled up replica set",
        "#11 0a91c4d by anna",
    ];
    let places: Vec<usize> = order.map(|words| text.find(words).unwrap_or_else(|| panic!("{words}:\n{text}"))).to_vec();
    assert!(places.is_sorted(), "{places:?}\n{text}");
    assert!(text.contains("operation Failed") && text.contains("retries are used up"), "{text}");
    assert!(text.contains("sync was OutOfSync") && !text.contains("INFO fine"), "{text}");
}

#[test]
fn what_is_too_much_to_read_is_said() {
    let mut cockpit = cockpit(voyage(), ScreenId::Fleet, (120, 40));
    assert!(!cockpit.text().contains("not read"));
    cockpit.model.apps.set_left_out(3);
    assert!(cockpit.text().contains("3 namespaces not read"), "{}", cockpit.text());
}
