//! What the windows of an Application say of a sync.

use serde_json::Value;

use super::project::ProjectWindows;
use super::schedule::Window;
use super::subject::Subject;
use crate::domain::operation::HELD_MESSAGE;
use crate::domain::{Timestamp, time};

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
    pub(super) windows: Vec<Window>,
    /// A window that cannot be read closes all (semantics 8.2).
    pub(super) broken: Option<String>,
}

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

/// Whether the controller says of an Application that a window holds its operation back.
#[must_use]
pub fn holds(app: &Value) -> bool {
    let says = |field: &str, what: &str| app["status"]["operationState"][field] == what;
    says("message", HELD_MESSAGE) && says("phase", "Running")
}

/// How long until `at`, in one coarse unit.
#[must_use]
pub fn until(at: Timestamp, now: Timestamp) -> String {
    time::coarse(time::elapsed(now, at))
}
