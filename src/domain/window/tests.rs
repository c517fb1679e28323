use super::schedule::duration;
use super::*;
use std::time::Duration;

use serde_json::{Value, json};

const APP: Subject<'_> =
    Subject { name: "backend-prod", destination: ("", "https://kubernetes.default.svc", "predator12-prod") };

fn verdict(windows: &Value, at: &str) -> Verdict {
    Windows::of(&json!({"spec": {"syncWindows": windows}}), APP).verdict(at.parse().unwrap())
}

fn opens(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Closed { opens, .. } => Some(opens.map_or("never".to_owned(), |at| at.to_string())),
        Verdict::Open { .. } => None,
    }
}

#[test]
fn a_deny_window_closes_from_its_beginning_for_its_duration() {
    let freeze = json!([{"kind": "deny", "schedule": "0 18 * * 5", "duration": "62h", "applications": ["*-prod"]}]);
    // 2026-11-27 is a Friday
    assert_eq!(verdict(&freeze, "2026-11-27T17:59:00Z"), Verdict::Open { until: "2026-11-27T18:00:01Z".parse().ok() });
    assert_eq!(opens(&verdict(&freeze, "2026-11-27T18:01:00Z")).as_deref(), Some("2026-11-30T08:00:00Z"));
    assert!(verdict(&freeze, "2026-11-30T08:00:01Z").is_open());
}

#[test]
fn who_syncs_by_hand_may_pass_where_all_windows_say_so() {
    let window = |kind: &str, manual: bool| json!({"kind": kind, "schedule": "0 0 * * *", "duration": "1h", "namespaces": ["*"], "manualSync": manual});
    let (inside, outside) = ("2026-11-23T00:30:00Z", "2026-11-23T12:00:00Z");
    for (windows, at, open) in [
        (json!([window("deny", true)]), inside, true),
        (json!([window("deny", false)]), inside, false),
        (json!([window("deny", true), window("deny", false)]), inside, false),
        (json!([window("allow", false)]), inside, true),
        (json!([window("allow", false)]), outside, false),
        (json!([window("allow", true)]), outside, true),
        (json!([window("allow", true), window("allow", false)]), outside, false),
        (json!([window("allow", false), window("deny", false)]), inside, false),
    ] {
        assert_eq!(verdict(&windows, at).is_open(), open, "{windows} at {at}");
    }
}

#[test]
fn auto_sync_passes_no_window_that_is_open_to_people_only() {
    let window = |kind: &str| json!([{"kind": kind, "schedule": "0 0 * * *", "duration": "1h", "namespaces": ["*"], "manualSync": true}]);
    for (kind, at) in [("deny", "2026-11-23T00:30:00Z"), ("allow", "2026-11-23T12:00:00Z")] {
        let windows = Windows::of(&json!({"spec": {"syncWindows": window(kind)}}), APP);
        let at = at.parse().unwrap();
        assert_eq!((windows.decide(at, true).is_open(), windows.decide(at, false).is_open()), (true, false), "{kind}");
    }
}

#[test]
fn a_window_is_about_what_its_lists_name() {
    let always = |more: Value| {
        let mut window = json!({"kind": "deny", "schedule": "* * * * *", "duration": "1h"});
        window.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        !verdict(&json!([window]), "2026-11-23T12:00:30Z").is_open()
    };
    assert!(!always(json!({})), "no list at all");
    assert!(always(json!({"applications": ["backend-*"]})));
    assert!(always(json!({"clusters": ["https://kubernetes.default.svc"], "namespaces": ["nowhere"]})), "any of them");
    assert!(!always(json!({"clusters": ["*"], "namespaces": ["nowhere"], "andOperator": true})), "all of them");
}

#[test]
fn zones_move_a_window_and_a_broken_one_closes() {
    let kyiv = json!([{"kind": "deny", "schedule": "0 9 * * *", "duration": "1h", "applications": ["*"],
        "timeZone": "Europe/Kyiv"}]);
    assert!(!verdict(&kyiv, "2026-11-23T07:30:00Z").is_open());
    assert!(verdict(&kyiv, "2026-11-23T09:30:00Z").is_open());
    let broken = json!([{"kind": "allow", "schedule": "often", "duration": "1h", "applications": ["*"]}]);
    assert_eq!(opens(&verdict(&broken, "2026-11-23T07:30:00Z")).as_deref(), Some("never"));
}

#[test]
fn durations_are_go_s() {
    assert_eq!(duration("1h30m"), Some(Duration::from_secs(5_400)));
    assert_eq!(duration("1.5h"), Some(Duration::from_secs(5_400)));
    assert_eq!((duration(""), duration("1"), duration("h")), (None, None, None));
}
