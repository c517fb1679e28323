//! What a guarded sync goes back to, and how it is watched: decided before it begins.

use std::time::Duration;

use crate::action::Application;
use crate::domain::{GuardPolicy, Health};

/// How a sync is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Health has to hold for so long after the sync succeeded.
    pub hold: Duration,
    /// What is done when it fails; `None` is as its environment has it.
    pub policy: Option<GuardPolicy>,
}

impl Watch {
    /// For how long a person who asks for it has a sync watched.
    pub const ORDINARY: Self = Self { hold: Duration::from_mins(5), policy: None };
}

/// What a guarded sync goes back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harbour {
    /// The deployment, as the history names it.
    pub id: i64,
    /// Its revision.
    pub revision: String,
    /// What is done when the sync fails.
    pub policy: GuardPolicy,
}

impl Harbour {
    /// The last good deployment. A sync that fails is no deployment: while one is under way or failed last, the last
    /// deployment is the one before it; else it is good while the Application is Healthy.
    #[must_use]
    pub fn of(app: &Application, policy: GuardPolicy) -> Option<Self> {
        let history = app.history();
        let is_newer = app.has_operation() || matches!(app.phase(), "Failed" | "Error");
        let is_good = is_newer || Health::parse(app.health()) == Health::Healthy;
        let entry = history.get(history.len().checked_sub(if is_good { 1 } else { 2 })?)?;
        Some(Self { id: entry.id, revision: entry.shown_revision(), policy })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn the_last_good_deployment_is_the_present_one_while_nothing_speaks_against_it() {
        let history = json!([{"id": 3, "revision": "a"}, {"id": 4, "revision": "b"}]);
        let good = |health: &str, phase: &str, operation: Value| {
            let status = json!({"health": {"status": health}, "history": history, "operationState": {"phase": phase}});
            let app = Application::new(json!({"operation": operation, "status": status}));
            Harbour::of(&app, GuardPolicy::Auto).map(|harbour| harbour.id)
        };
        assert_eq!(good("Healthy", "Succeeded", Value::Null), Some(4));
        assert_eq!(good("Degraded", "Succeeded", Value::Null), Some(3));
        assert_eq!(good("Degraded", "Failed", Value::Null), Some(4), "what failed was no deployment");
        assert_eq!(good("Progressing", "Running", json!({"sync": {}})), Some(4), "nor is what has not ended");
        assert_eq!(Harbour::of(&Application::new(json!({})), GuardPolicy::Auto), None);
    }
}
