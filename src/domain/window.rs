//! Sync windows of an AppProject, decided here: without argocd-server nobody else does before the controller holds the
//! operation (semantics 8.2).

use std::time::Duration;

use cronexpr::MakeTimestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::environment::matches_pattern;
use super::operation::HELD_MESSAGE;
use super::{AppRow, Symbol, Timestamp, text::clean, time};

/// What windows match an Application by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// Its name.
    pub name: &'a str,
    /// Cluster name, server and namespace it deploys to; what it does not say is empty.
    pub destination: (&'a str, &'a str, &'a str),
}

impl<'a> Subject<'a> {
    /// What windows match an Application by.
    #[must_use]
    pub fn in_object(app: &'a Value) -> Self {
        let text = |pointer: &str| app.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let destination = ["name", "server", "namespace"].map(|part| text(&format!("/spec/destination/{part}")));
        Self { name: text("/metadata/name"), destination: destination.into() }
    }

    /// What windows match the Application of a row by.
    #[must_use]
    pub fn of(row: &'a AppRow) -> Self {
        let to = &row.destination;
        Self { name: &row.key.name, destination: (&to.name, &to.server, &to.namespace) }
    }
}

/// The AppProject of an Application; `default` where it names none.
#[must_use]
pub fn project_of(app: &Value) -> &str {
    match app.pointer("/spec/project").and_then(Value::as_str) {
        None | Some("") => "default",
        Some(project) => project,
    }
}

/// Whether the controller says of an Application that a window holds its operation back.
#[must_use]
pub fn holds(app: &Value) -> bool {
    let says = |field: &str, what: &str| app["status"]["operationState"][field] == what;
    says("message", HELD_MESSAGE) && says("phase", "Running")
}

/// What the windows of an Application say of a sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may begin.
    Open {
        /// When the next deny window begins, if one does.
        until: Option<Timestamp>,
    },
    /// It may not.
    Closed {
        /// Why, for people.
        why: String,
        /// When the windows let it through again; `None` where nobody can say.
        opens: Option<Timestamp>,
    },
}

impl Verdict {
    /// Whether a sync may begin.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

/// The windows of a project that are about one Application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    windows: Vec<Window>,
    /// A window that cannot be read closes all (semantics 8.2).
    broken: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Window {
    deny: bool,
    schedule: String,
    duration: Duration,
    zone: String,
    manual: bool,
    description: String,
}

/// An AppProject, as far as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// Its name.
    pub name: Symbol,
    /// Its windows.
    pub windows: ProjectWindows,
}

/// All windows of an AppProject, as they are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectWindows(Box<[(About, Result<Window, String>)]>);

/// What a window is about. A list that was not given is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
struct About {
    applications: Box<[Symbol]>,
    clusters: Box<[Symbol]>,
    namespaces: Box<[Symbol]>,
    /// All lists that are given have to match, not just one.
    all: bool,
}

/// How many ends of windows are looked through for the next opening.
const AHEAD: usize = 64;

impl Windows {
    /// The windows of `project` (an AppProject) that match `app`.
    #[must_use]
    pub fn of(project: &Value, app: Subject<'_>) -> Self {
        ProjectWindows::read(project.pointer("/spec/syncWindows")).matching(app)
    }

    /// Whether there is any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty() && self.broken.is_none()
    }

    /// Whether a sync that a person asks for may begin at `now`.
    #[must_use]
    pub fn verdict(&self, now: Timestamp) -> Verdict {
        self.decide(now, true)
    }

    /// Whether a sync may begin at `now`: one a person asks for, or auto-sync's own, which no window lets through that
    /// is only open to people.
    #[must_use]
    pub fn decide(&self, now: Timestamp, by_hand: bool) -> Verdict {
        if let Some(why) = &self.broken {
            return Verdict::Closed { why: format!("a sync window cannot be read: {why}"), opens: None };
        }
        let Some(closing) = self.closed_by(now, by_hand) else {
            let until = self.edges(now).find(|at| self.closed_by(*at, by_hand).is_some());
            return Verdict::Open { until };
        };
        let opens = self.edges(now).find(|at| self.closed_by(*at, by_hand).is_none());
        Verdict::Closed { why: closing, opens }
    }

    /// Why a sync may not begin at `now`; nothing when it may.
    fn closed_by(&self, now: Timestamp, by_hand: bool) -> Option<String> {
        let (deny, allow): (Vec<_>, Vec<_>) = self.windows.iter().partition(|window| window.deny);
        let active: Vec<_> = deny.into_iter().filter(|window| window.is_active(now)).collect();
        if let Some(first) = active.iter().find(|window| !(window.manual && by_hand)) {
            let words = if by_hand { " and lets no manual sync through" } else { "" };
            return Some(format!("the deny window {} is on{words}", first.words()));
        }
        // every active deny window lets a person through
        if !active.is_empty() || allow.is_empty() || allow.iter().any(|window| window.is_active(now)) {
            return None;
        }
        let first = allow.iter().find(|window| !(window.manual && by_hand))?;
        Some(format!("outside of the allow window {}", first.words()))
    }

    /// The moments after `now` at which a window begins or ends, soonest first.
    fn edges(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let mut edges: Vec<Timestamp> = self.windows.iter().flat_map(|window| window.edges(now)).collect();
        edges.sort_unstable();
        edges.into_iter()
    }
}

impl ProjectWindows {
    /// Reads `spec.syncWindows`; a project without it has none.
    #[must_use]
    pub fn read(windows: Option<&Value>) -> Self {
        let rows = windows.and_then(Value::as_array).into_iter().flatten();
        Self(rows.map(|row| (About::read(row), Window::read(row))).collect())
    }

    /// Those that match `app`.
    #[must_use]
    pub fn matching(&self, app: Subject<'_>) -> Windows {
        let mut windows = Windows::default();
        for (_, window) in self.0.iter().filter(|(about, _)| about.matches(app)) {
            match window {
                Ok(window) => windows.windows.push(window.clone()),
                Err(why) => windows.broken = Some(why.clone()),
            }
        }
        windows
    }
}

impl Window {
    fn read(row: &Value) -> Result<Self, String> {
        let text = |name: &str| row[name].as_str().unwrap_or_default();
        let window = Self {
            deny: text("kind") == "deny",
            schedule: clean(text("schedule")).into_owned(),
            duration: duration(text("duration")).ok_or_else(|| format!("duration `{}`", clean(text("duration"))))?,
            zone: text("timeZone").to_owned(),
            manual: row["manualSync"].as_bool().unwrap_or_default(),
            description: clean(text("description")).into_owned(),
        };
        cronexpr::parse_crontab(&format!("{} UTC", window.schedule))
            .map_err(|_| format!("schedule `{}`", window.schedule))?;
        Ok(window)
    }

    fn words(&self) -> String {
        let what = if self.description.is_empty() { &self.schedule } else { &self.description };
        format!("`{what}`")
    }

    /// Argo CD moves `now` by the zone's present offset and reads the schedule as UTC.
    fn offset(&self, now: Timestamp) -> i64 {
        let zone = TimeZone::get(if self.zone.is_empty() { "UTC" } else { &self.zone }).unwrap_or(TimeZone::UTC);
        i64::from(zone.to_offset(now).seconds())
    }

    /// The first beginning after `at`, a moment as the schedule reads it.
    fn next(&self, at: i64) -> Option<i64> {
        let schedule = cronexpr::parse_crontab(&format!("{} UTC", self.schedule)).ok()?;
        let at = Timestamp::from_second(at).ok()?;
        Some(schedule.find_next(MakeTimestamp(at)).ok()?.timestamp().as_second())
    }

    fn length(&self) -> i64 {
        i64::try_from(self.duration.as_secs()).unwrap_or(i64::MAX / 4)
    }

    /// It began less than its duration ago.
    fn is_active(&self, now: Timestamp) -> bool {
        let local = now.as_second() + self.offset(now);
        self.next(local - self.length()).is_some_and(|begins| begins < local)
    }

    fn edges(&self, now: Timestamp) -> Vec<Timestamp> {
        let offset = self.offset(now);
        let local = now.as_second() + offset;
        let mut edges = Vec::new();
        let mut at = local - self.length();
        while let Some(begins) = self.next(at).filter(|_| edges.len() < AHEAD) {
            // a moment on the edge belongs to what was before it
            for edge in [begins + 1, begins + self.length()].into_iter().filter(|edge| *edge > local) {
                edges.extend(Timestamp::from_second(edge - offset).ok());
            }
            at = begins;
        }
        edges
    }
}

impl About {
    fn read(row: &Value) -> Self {
        let list = |name: &str| {
            let texts = row[name].as_array().into_iter().flatten().filter_map(Value::as_str);
            texts.map(Symbol::from).collect()
        };
        Self {
            applications: list("applications"),
            clusters: list("clusters"),
            namespaces: list("namespaces"),
            all: row["andOperator"].as_bool().unwrap_or_default(),
        }
    }

    fn matches(&self, app: Subject<'_>) -> bool {
        let (cluster, server, namespace) = app.destination;
        let any = |patterns: &[Symbol], texts: &[&str]| {
            let fits = |pattern| texts.iter().any(|text| !text.is_empty() && matches_pattern(pattern, text));
            (!patterns.is_empty()).then(|| patterns.iter().any(|pattern| fits(pattern)))
        };
        let given = [
            any(&self.applications, &[app.name]),
            any(&self.clusters, &[cluster, server]),
            any(&self.namespaces, &[namespace]),
        ];
        let mut given = given.into_iter().flatten().peekable();
        // a window without a list is about nothing
        if given.peek().is_none() {
            return false;
        }
        if self.all { given.all(|it| it) } else { given.any(|it| it) }
    }
}

/// A duration as Go writes it: `90s`, `1h30m`, `1.5h`.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number: f64 = rest[..end].parse().ok()?;
        let units = [("ms", 0.001), ("us", 1e-6), ("ns", 1e-9), ("h", 3600.0), ("m", 60.0), ("s", 1.0)];
        let (unit, worth) = units.into_iter().find(|(unit, _)| rest[end..].starts_with(unit))?;
        seconds += number * worth;
        rest = &rest[end + unit.len()..];
    }
    (!text.is_empty()).then(|| Duration::try_from_secs_f64(seconds).ok())?
}

/// How long until `at`, in one coarse unit.
#[must_use]
pub fn until(at: Timestamp, now: Timestamp) -> String {
    time::coarse(time::elapsed(now, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
        assert_eq!(
            verdict(&freeze, "2026-11-27T17:59:00Z"),
            Verdict::Open { until: "2026-11-27T18:00:01Z".parse().ok() }
        );
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
            assert_eq!(
                (windows.decide(at, true).is_open(), windows.decide(at, false).is_open()),
                (true, false),
                "{kind}"
            );
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
        assert!(
            always(json!({"clusters": ["https://kubernetes.default.svc"], "namespaces": ["nowhere"]})),
            "any of them"
        );
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
}
