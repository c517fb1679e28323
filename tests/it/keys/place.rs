//! A cockpit on a screen with room to move in every direction.

use pilothouse::action::Verb;
use pilothouse::domain::{self, ObjectRef, Protection, Timestamp};
use pilothouse::store::delta::NamespaceDelta;
use pilothouse::store::{Delta, LiveDelta};
use pilothouse::view::ScreenId;

use crate::fixture::{
    Cockpit, SHARED_CELL, below, cockpit, deployment, drifted, guarding, harbour, moored, plan, plan_sync, written,
};

/// A cockpit on a screen with room to move in every direction.
pub fn in_the_middle(screen: ScreenId) -> Cockpit {
    // the evidence of one Application is short: a smaller screen makes it scroll too
    let size = if screen == ScreenId::Why { (40, 6) } else { (80, 10) };
    let apps = if screen == ScreenId::Resource { below(harbour()) } else { drifted(harbour()) };
    let mut cockpit = cockpit(apps, screen, size);
    let name = if screen == ScreenId::Chooser { SHARED_CELL } else { "celery-staging" };
    let row = cockpit.model.apps.all().find(|row| &*row.key.name == name).unwrap();
    cockpit.model.lens.selected = Some(row.key.clone());
    match screen {
        ScreenId::Actions | ScreenId::Chooser | ScreenId::Copy | ScreenId::Why => drop(cockpit.press("j")),
        ScreenId::Links | ScreenId::App | ScreenId::Help | ScreenId::Diff => drop(cockpit.press("j j j j j")),
        ScreenId::Resource => {
            cockpit.model.lens.object = Some(deployment());
            drop(cockpit.press("j j j j j"));
        }
        ScreenId::Board => drop(cockpit.press("home j j j")),
        ScreenId::Events => {
            tell_events(&mut cockpit);
            drop(cockpit.press("j j j j j"));
        }
        ScreenId::Complaints => {
            cockpit.model.complaints = (0..30).map(|n| format!("config.toml:{n}: something is wrong")).collect();
            drop(cockpit.press("j j j j j"));
        }
        ScreenId::Plan => {
            plan_sync(&mut cockpit, Protection::Confirm);
            drop(cockpit.press("j j"));
        }
        ScreenId::Deployments => {
            plan(&mut cockpit, Verb::Rollback { id: None, prune: false }, Protection::Confirm);
            drop(cockpit.press("home j"));
        }
        ScreenId::Sessions | ScreenId::Debug => moored(&mut cockpit, screen),
        ScreenId::Audit => {
            cockpit.model.desk.records = Some(Ok((0..30).flat_map(written).collect()));
            drop(cockpit.press("j j"));
        }
        ScreenId::Guard => {
            cockpit.model.desk.guards.insert(cockpit.model.lens.selected.clone().unwrap(), guarding(30));
            drop(cockpit.press("j j"));
        }
        ScreenId::Fleet | ScreenId::Logs => {}
    }
    cockpit
}

/// Thirty Events about the selected Application.
fn tell_events(cockpit: &mut Cockpit) {
    let key = cockpit.model.lens.selected.clone().unwrap();
    let now = cockpit.now;
    let event = |n: i64| domain::Event {
        name: format!("e{n}").into(),
        reason: "ResourceUpdated".into(),
        object: ObjectRef { kind: "Application".into(), namespace: key.namespace.clone(), name: key.name.clone() },
        message: format!("told {n}").into(),
        count: 1,
        last: Timestamp::from_second(now.as_second() - n).ok(),
        ..domain::Event::default()
    };
    let events = NamespaceDelta::Replace((0..30).map(event).collect());
    cockpit.model.apps.apply(Delta::Live(LiveDelta::Events(key.source, key.namespace, events)), now);
}
