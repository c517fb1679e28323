//! What a write has set going, watched to its end. A source that is lost for a while ends nothing.

use std::time::Duration;

use super::application::Application;
use super::plan::Plan;
use super::road::Road;
use super::verb::Verb;
use crate::domain::Timestamp;
use crate::domain::time::after;
use crate::source::kube::ReadError;

/// How often it is looked at.
const PACE: Duration = Duration::from_millis(500);

/// How it ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// As it was meant to.
    Well(Option<Application>),
    /// The operation failed.
    Badly {
        /// `Failed` or `Error`.
        phase: String,
        /// The controller's message, cleaned.
        message: String,
        /// The Application then.
        app: Application,
    },
    /// It was not over in time, or could not be looked at.
    Open {
        /// What is known.
        message: String,
    },
}

/// Follows what a plan's write has set going until it is over or `deadline` has come. `seen` is told of
/// each state, and why it cannot be looked at while it cannot.
pub async fn follow(
    road: &Road,
    plan: &Plan,
    deadline: Timestamp,
    mut seen: impl FnMut(Result<&Application, &str>),
) -> End {
    let key = &plan.target.key;
    loop {
        let last;
        match road.look(key).await {
            // who makes it anew under its name makes another
            Ok(app) if app.uid() != plan.saw.uid() => {
                return match plan.verb {
                    Verb::Delete { .. } => End::Well(None),
                    _ => End::Open { message: format!("{} was deleted, and made anew meanwhile", key.name) },
                };
            }
            Ok(app) => {
                seen(Ok(&app));
                last = waits_for(plan, &app);
                if let Some(end) = over(plan, app) {
                    return end;
                }
            }
            Err(ReadError::Missing(_)) if matches!(plan.verb, Verb::Delete { .. }) => return End::Well(None),
            Err(ReadError::Missing(why)) => return End::Open { message: why },
            Err(error) => {
                last = format!("it cannot be looked at: {error}");
                seen(Err(&last));
            }
        }
        let now = road.clock.now();
        if now >= deadline {
            return End::Open { message: last };
        }
        road.clock.sleep_until(deadline.min(after(now, PACE))).await;
    }
}

fn waits_for(plan: &Plan, app: &Application) -> String {
    match plan.verb {
        Verb::Sync(_) | Verb::Rollback { .. } | Verb::Terminate => {
            let (phase, message) = (app.phase(), app.operation_message());
            let phase = if phase.is_empty() { "not picked up by the controller yet" } else { phase };
            if message.is_empty() { phase.to_owned() } else { format!("{phase}: {message}") }
        }
        Verb::Refresh { .. } => "the controller has not looked yet".to_owned(),
        Verb::Delete { .. } => "it is being deleted".to_owned(),
        _ => String::new(),
    }
}

/// How it ended, if it has.
fn over(plan: &Plan, app: Application) -> Option<End> {
    match &plan.verb {
        Verb::Sync(_) | Verb::Rollback { .. } => {
            // done is when the request is gone and the phase is over; our write took the older state away
            if app.has_operation() {
                return None;
            }
            let phase = app.phase().to_owned();
            match phase.as_str() {
                "Succeeded" => Some(End::Well(Some(app))),
                "Failed" | "Error" => Some(End::Badly { phase, message: app.operation_message(), app }),
                _ => None,
            }
        }
        Verb::Terminate => (!app.has_operation()).then_some(End::Well(Some(app))),
        Verb::Refresh { .. } => (!app.is_refreshing()).then_some(End::Well(Some(app))),
        Verb::Delete { .. } => None,
        _ => Some(End::Well(Some(app))),
    }
}
