//! Sync windows of an `AppProject`: when an Application may be synced, and by whom.

use super::project::glob;
use crate::sim::manifest::meta::text;
use crate::sim::schedule::Schedule;
use crate::sim::time::{minus, read_duration};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// Whether the windows of the project let the Application be synced now; a window that cannot be read blocks.
#[must_use]
pub fn allows(
    project: &Value,
    app: &Value,
    cluster: &str,
    manual: bool,
    began: Option<Timestamp>,
    now: Timestamp,
) -> bool {
    let matching = of_app(project, app, cluster);
    let mut active = Vec::new();
    for window in &matching {
        match is_active(window, now) {
            Some(true) => active.push(*window),
            Some(false) => {}
            None => return false,
        }
    }
    // what began while it was allowed may go on where every window says so
    let was_allowed = || began.is_some_and(|began| allows(project, app, cluster, manual, None, began));
    let by_hand = |windows: &[&Value]| {
        let all = |field: &str| windows.iter().all(|window| window[field] == true);
        (manual && all("manualSync")) || (all("syncOverrun") && was_allowed())
    };
    let of = |windows: &[&Value], kind: &str| -> Vec<Value> {
        windows.iter().filter(|window| window["kind"] == kind).map(|window| (*window).clone()).collect()
    };
    let denies = of(&active, "deny");
    if !denies.is_empty() {
        return by_hand(&denies.iter().collect::<Vec<_>>());
    }
    if !of(&active, "allow").is_empty() {
        return true;
    }
    let allows = of(&matching, "allow");
    allows.is_empty() || by_hand(&allows.iter().collect::<Vec<_>>())
}

/// The windows of the project that are about the Application.
#[must_use]
pub fn of_app<'a>(project: &'a Value, app: &Value, cluster: &str) -> Vec<&'a Value> {
    let all = project["spec"]["syncWindows"].as_array().into_iter().flatten();
    all.filter(|window| matches(window, app, cluster)).collect()
}

fn matches(window: &Value, app: &Value, cluster: &str) -> bool {
    let list = |field: &str| window[field].as_array().filter(|list| !list.is_empty());
    let within = |field: &str, text: &str| {
        list(field).map(|list| list.iter().filter_map(Value::as_str).any(|pattern| glob(pattern, text)))
    };
    let server = text(app, "/spec/destination/server");
    let clusters = within("clusters", cluster).map(|found| found || within("clusters", server) == Some(true));
    let found = [
        within("applications", text(app, "/metadata/name")),
        within("namespaces", text(app, "/spec/destination/namespace")),
        clusters,
    ];
    let mut given = found.into_iter().flatten().peekable();
    if given.peek().is_none() {
        return false;
    }
    if window["andOperator"] == true { given.all(|found| found) } else { given.any(|found| found) }
}

/// Whether the window is open; none when schedule or duration cannot be read.
#[must_use]
pub fn is_active(window: &Value, now: Timestamp) -> Option<bool> {
    let schedule = Schedule::read(text(window, "/schedule"))?;
    let duration = read_duration(text(window, "/duration"))?;
    let zone = text(window, "/timeZone");
    let zone = TimeZone::get(if zone.is_empty() { "UTC" } else { zone }).unwrap_or(TimeZone::UTC);
    let minute = Timestamp::from_second(now.as_second() - now.as_second().rem_euclid(60)).ok()?;
    let steps = u32::try_from(duration.as_secs().div_ceil(60).min(60 * 24 * 31)).ok()?;
    Some((0..=steps).any(|back| {
        let at = minus(minute, MINUTE * back);
        let open = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        now.as_second() - at.as_second() < open && schedule.fires(&at.to_zoned(zone.clone()))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn windows_deny_allow_and_let_people_through() {
        let at: Timestamp = "2026-11-23T10:30:00Z".parse().unwrap();
        let app = json!({"metadata": {"name": "backend-prod"}, "spec": {"destination": {"namespace": "shop"}}});
        let window = |kind: &str, schedule: &str, manual: bool| {
            json!({"spec": {"syncWindows": [{"kind": kind, "schedule": schedule, "duration": "1h",
                "applications": ["*-prod"], "manualSync": manual}]}})
        };
        let cases = [
            (window("deny", "* * * * *", false), false, false),
            (window("deny", "* * * * *", true), false, true),
            (window("deny", "0 22 * * *", false), true, true),
            (window("allow", "0 10 * * 1-5", false), true, true),
            (window("allow", "0 9 * * *", false), false, false),
            (window("allow", "0 9 * * *", true), false, true),
            (window("deny", "never", false), false, false),
            (json!({}), true, true),
        ];
        for (project, automated, manual) in cases {
            let may = [false, true].map(|by_hand| allows(&project, &app, "in-cluster", by_hand, None, at));
            assert_eq!(may, [automated, manual], "{project}");
        }
        let mut overrun = window("deny", "30 10 * * *", false);
        let may = |project: &Value, began: &str| allows(project, &app, "in-cluster", false, began.parse().ok(), at);
        assert!(!may(&overrun, "2026-11-23T10:29:00Z"));
        overrun["spec"]["syncWindows"][0]["syncOverrun"] = json!(true);
        assert!(may(&overrun, "2026-11-23T10:29:00Z") && !may(&overrun, "2026-11-23T10:30:00Z"));
    }
}
