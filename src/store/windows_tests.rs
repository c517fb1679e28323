use super::*;
use crate::domain::window::Project;
use crate::domain::{AppKey, AutoSync, Destination, SourceFacts, Sync, TroubleKind};
use crate::store::{Delta, LiveDelta, Query};
use serde_json::{Value, json};

fn at(moment: &str) -> Timestamp {
    moment.parse().unwrap()
}

fn row(name: &str) -> AppRow {
    AppRow {
        key: AppKey { source: "s".into(), namespace: "argocd".into(), name: name.into() },
        project: "shop".into(),
        environment: Some("prod".into()),
        sync: Sync::OutOfSync,
        revision: "3f22a38".into(),
        drift: 1,
        auto_sync: AutoSync { enabled: true, prune: false, self_heal: true },
        destination: Destination { namespace: "shop-prod".into(), ..Destination::default() },
        ..AppRow::default()
    }
}

fn windows(windows: &Value) -> Delta {
    let project = Project { name: "shop".into(), windows: ProjectWindows::read(Some(windows)) };
    Delta::Live(LiveDelta::Projects("s".into(), "argocd".into(), NamespaceDelta::Upsert(Box::new(project))))
}

fn apps(rows: impl IntoIterator<Item = AppRow>, now: Timestamp) -> Apps {
    let mut apps = Apps::default();
    let facts = SourceFacts { argocd_namespace: "argocd".into(), ..SourceFacts::default() };
    apps.apply(Delta::Facts("s".into(), Box::new(facts)), now);
    apps.apply(Delta::Link("s".into(), Link::Live), now);
    for row in rows {
        apps.apply(Delta::Upsert(Box::new(row)), now);
    }
    apps
}

fn kind(apps: &Apps, name: &str) -> Option<TroubleKind> {
    apps.trouble_kind(apps.find(&row(name).key).unwrap())
}

fn freeze() -> Value {
    json!([{ "kind": "deny", "schedule": "0 18 * * 5", "duration": "62h", "applications": ["*-prod"],
        "manualSync": true, "description": "weekend" }])
}

#[test]
fn auto_sync_that_a_window_holds_is_trouble_until_it_opens() {
    // 2026-11-27 is a Friday
    let friday = at("2026-11-27T17:00:00Z");
    let mut apps = apps([row("api-prod"), row("api-dev")], friday);
    assert_eq!(apps.projects_wanted().collect::<Vec<_>>(), [("s".into(), "argocd".into())]);
    assert_eq!(apps.next_verdict(), None, "nothing is known of windows");
    apps.apply(windows(&freeze()), friday);
    assert_eq!((kind(&apps, "api-prod"), apps.next_verdict()), (None, Some(at("2026-11-27T18:00:00Z"))));

    let evening = at("2026-11-27T18:00:01Z");
    apps.ripen(evening);
    assert_eq!((kind(&apps, "api-prod"), kind(&apps, "api-dev")), (Some(TroubleKind::Window), None));
    let id = apps.find(&row("api-prod").key).unwrap();
    let said = apps.trouble(id, evening).unwrap().reason;
    assert_eq!(
        said,
        "auto-sync is blocked by sync window: the deny window `weekend` is on; it opens at 2026-11-30T08:00:00Z"
    );
    assert_eq!(apps.why(id, evening).unwrap().trouble.reason, said);
    assert_eq!(apps.census().total().trouble, 0, "as drift, it is no fault");
    let (query, _) = Query::default().with_text("trouble:window");
    assert!(query.matches(apps.get(id).unwrap(), apps.trouble_kind(id), evening));

    let sunday = at("2026-11-29T12:00:00Z");
    apps.ripen(sunday);
    assert_eq!(kind(&apps, "api-prod"), Some(TroubleKind::Window));
    assert_eq!(apps.next_verdict(), Some(at("2026-11-29T13:00:00Z")));
    let monday = at("2026-11-30T08:00:01Z");
    let order = apps.order_generation();
    apps.ripen(monday);
    assert_eq!(kind(&apps, "api-prod"), None);
    assert!(apps.order_generation() > order, "lists move");
}

#[test]
fn what_auto_sync_would_not_touch_is_not_held() {
    let saturday = at("2026-11-28T12:00:00Z");
    let deployed = crate::domain::Deployment { id: 1, revision: "3f22a38".into(), at: saturday, by: None };
    let running =
        crate::domain::Operation { phase: Some(crate::domain::Phase::Running), ..crate::domain::Operation::default() };
    let lazy = AutoSync { self_heal: false, ..row("").auto_sync };
    let base = || row("api-prod");
    for (row, held) in [
        (base(), true),
        (AppRow { sync: Sync::Synced, drift: 0, ..base() }, false),
        (AppRow { auto_sync: AutoSync::default(), ..base() }, false),
        (AppRow { operation: Some(Box::new(running)), ..base() }, false),
        (AppRow { deleting: Some(saturday), ..base() }, false),
        (AppRow { prunable: 1, ..base() }, false),
        (AppRow { auto_sync: lazy, ..base() }, true),
        (AppRow { auto_sync: lazy, deployed: Some(Box::new(deployed)), ..base() }, false),
        (AppRow { project: "other".into(), ..base() }, false),
    ] {
        let said = format!("{row:?}");
        let mut apps = apps([row], saturday);
        apps.apply(windows(&freeze()), saturday);
        assert_eq!(kind(&apps, "api-prod") == Some(TroubleKind::Window), held, "{said}");
    }
}

#[test]
fn what_comes_later_is_judged_too_and_a_heartbeat_judges_nothing() {
    let saturday = at("2026-11-28T12:00:00Z");
    let mut apps = apps([AppRow { sync: Sync::Synced, drift: 0, ..row("api-prod") }], saturday);
    assert_eq!(apps.projects_wanted().count(), 0, "nothing waits: nothing is read");
    apps.apply(windows(&freeze()), saturday);
    assert_eq!((kind(&apps, "api-prod"), apps.next_verdict()), (None, None));
    apps.apply(Delta::Upsert(Box::new(row("api-prod"))), saturday);
    assert_eq!(kind(&apps, "api-prod"), Some(TroubleKind::Window));

    let order = apps.order_generation();
    let beat = AppRow { reconciled: Some(saturday), ..row("api-prod") };
    apps.apply(Delta::Upsert(Box::new(beat)), at("2026-11-30T09:00:00Z"));
    assert_eq!(apps.order_generation(), order);
    assert_eq!(kind(&apps, "api-prod"), Some(TroubleKind::Window), "the time says when it is judged, not a heartbeat");

    apps.apply(windows(&json!([])), saturday);
    assert_eq!((kind(&apps, "api-prod"), apps.next_verdict()), (None, None));
    apps.apply(windows(&freeze()), saturday);
    assert_eq!(kind(&apps, "api-prod"), Some(TroubleKind::Window));
    let off = NamespaceDelta::Link(Link::Off);
    apps.apply(Delta::Live(LiveDelta::Projects("s".into(), "argocd".into(), off)), saturday);
    assert_eq!(kind(&apps, "api-prod"), None, "nobody knows any more");
    apps.apply(Delta::Remove(row("api-prod").key), saturday);
    assert_eq!(apps.projects_wanted().count(), 0);
}
