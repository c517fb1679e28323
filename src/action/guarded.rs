//! A sync that is watched from its start and taken back when it goes wrong.
//!
//! A sync that waits for a sick Deployment never ends by itself, and a failing one holds the operation through its retries
//! (recorded, `bad-image`): so it is not waited for. On the first sign of failure auto-sync is switched off, the operation
//! is terminated and gone, the last good deployment is rolled back to, and that is watched too. Each step goes the road of
//! its own and stands in the audit log; the confirmation of the sync covers them.

use std::time::Duration;

use super::application::Application;
use super::audit::Audit;
use super::execute::{Outcome, Road};
use super::follow::{End, follow};
use super::gather::Asked;
use super::guard::{Refusal, RefusalKind, phrase};
use super::plan::{Plan, plan};
use super::proposal::{Consent, carry_out};
use super::verb::Verb;
use crate::domain::time::after;
use crate::domain::{Health, Phase, Timestamp};
use crate::source::kube::ReadError;

/// How often it is looked at.
const PACE: Duration = Duration::from_millis(500);
/// How long each step of taking back may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a guarded sync goes back to: decided before it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harbour {
    /// The deployment, as the history names it.
    pub id: i64,
    /// Its revision.
    pub revision: String,
}

impl Harbour {
    /// The last good deployment: the present one while it is Healthy, else the one before.
    #[must_use]
    pub fn of(app: &Application) -> Option<Self> {
        let history = app.history();
        let back = if Health::parse(app.health()) == Health::Healthy { 1 } else { 2 };
        let entry = history.get(history.len().checked_sub(back)?)?;
        Some(Self { id: entry.id, revision: entry.shown_revision() })
    }
}

/// How a guarded sync ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Watched {
    /// The sync succeeded and health held for as long as was asked.
    Held(Application),
    /// It failed and was taken back; auto-sync stays off.
    RolledBack {
        /// What failed.
        why: String,
        /// The Application now.
        app: Option<Application>,
        /// Somebody put auto-sync back meanwhile, so the failed revision will come again.
        put_back: bool,
    },
    /// It failed, and taking it back did not succeed.
    Adrift {
        /// What failed first.
        why: String,
        /// What stood in the way of taking it back.
        then: String,
    },
    /// It could not be watched to its end.
    Open {
        /// What is known.
        why: String,
    },
}

/// What fails in a sync that is under way or over; nothing while all is well.
#[must_use]
pub fn failing(app: &Application) -> Option<String> {
    let message = app.operation_message();
    let because = |what: &str| if message.is_empty() { what.to_owned() } else { format!("{what}: {message}") };
    match Phase::parse(app.phase()) {
        Some(phase @ (Phase::Failed | Phase::Error)) => return Some(because(&format!("the sync is {}", phase.word()))),
        // waiting for a retry is Running with an end (recorded, `hook-fails`)
        Some(Phase::Running) if app.has_ended_attempt() => return Some(because("an attempt failed")),
        _ => {}
    }
    (Health::parse(app.health()) == Health::Degraded).then(|| because("it is Degraded"))
}

/// A sync that was begun, and how it is to be guarded.
#[derive(Clone, Debug)]
pub struct Voyage<'a> {
    /// What was begun.
    pub begun: &'a Plan,
    /// What is gone back to.
    pub harbour: &'a Harbour,
    /// Health has to hold for so long after the sync succeeded.
    pub hold: Duration,
    /// Until when it is watched.
    pub deadline: Timestamp,
}

/// Watches a sync that was begun until it has held, and takes it back when it fails. `say` hears what is being done.
pub async fn watch(
    road: &Road,
    audit: &Audit,
    asked: &Asked,
    voyage: &Voyage<'_>,
    mut say: impl FnMut(String),
) -> Watched {
    let why = match until_failure(road, voyage, &mut say).await {
        Ok(held) => return held,
        Err(why) => why,
    };
    say(format!("failed: {why}"));
    let mut taken = match take_back(road, audit, asked, voyage.harbour, &mut say).await {
        Ok(app) => app,
        Err(then) => return Watched::Adrift { why, then },
    };
    // an ApplicationSet or a parent puts auto-sync back within moments
    let key = &asked.key;
    if let Ok(app) = road.look(key).await {
        taken = Some(app);
    }
    let put_back = taken.as_ref().is_some_and(|app| app.auto_sync().enabled);
    Watched::RolledBack { why, app: taken, put_back }
}

/// Looks until the sync has held (`Ok`) or fails (`Err` with what). A source that is lost for a while ends nothing.
async fn until_failure(road: &Road, voyage: &Voyage<'_>, say: &mut impl FnMut(String)) -> Result<Watched, String> {
    let Voyage { begun, hold, deadline, .. } = *voyage;
    let key = &begun.target.key;
    let (mut since, mut said) = (None, String::new());
    loop {
        let now = road.clock.now();
        let known = match road.look(key).await {
            Ok(app) => {
                if let Some(why) = failing(&app) {
                    return Err(why);
                }
                let is_done = !app.has_operation() && Phase::parse(app.phase()) == Some(Phase::Succeeded);
                let is_well = is_done && Health::parse(app.health()) == Health::Healthy;
                match since {
                    Some(at) if is_well && now >= after(at, hold) => return Ok(Watched::Held(app)),
                    // well again begins anew: health that comes and goes has not held
                    _ if !is_well => since = None,
                    None => since = Some(now),
                    Some(_) => {}
                }
                let phase = if app.phase().is_empty() { "not picked up yet" } else { app.phase() };
                format!("{phase} {} {}", app.operation_message(), Health::parse(app.health()).word())
            }
            Err(ReadError::Missing(why)) => return Ok(Watched::Open { why }),
            Err(error) => format!("it cannot be looked at: {error}"),
        };
        if now >= deadline {
            return Ok(Watched::Open { why: format!("it was watched no longer: {known}") });
        }
        if known != said {
            say(known.clone());
            said = known;
        }
        road.clock.sleep(PACE).await;
    }
}

/// Auto-sync off, the operation terminated and gone, the rollback done.
async fn take_back(
    road: &Road,
    audit: &Audit,
    asked: &Asked,
    harbour: &Harbour,
    say: &mut impl FnMut(String),
) -> Result<Option<Application>, String> {
    let rollback = Verb::Rollback { id: Some(harbour.id), prune: false };
    let mut app = None;
    for verb in [Verb::AutoSync { on: false }, Verb::Terminate, rollback] {
        app = match step(road, audit, asked, &verb, say).await {
            Ok(after) => after.or(app),
            Err(refusal) if refusal.kind == RefusalKind::Already => app,
            // what has ended by itself need not be terminated
            Err(refusal) if verb == Verb::Terminate && refusal.kind == RefusalKind::Impossible => app,
            Err(refusal) => return Err(format!("{}: {}", verb.word(), refusal.why)),
        };
    }
    Ok(app)
}

/// One step, to its end; planned, guarded and audited like any other.
async fn step(
    road: &Road,
    audit: &Audit,
    asked: &Asked,
    verb: &Verb,
    say: &mut impl FnMut(String),
) -> Result<Option<Application>, Refusal> {
    let app = road.look(&asked.key).await.map_err(|error| Refusal::unread(&error))?;
    let planned = plan(verb, &road.facts(asked, app, verb).await)?;
    say(planned.title.clone());
    // the confirmation of the sync covers it
    let consent = Consent::Phrase(phrase(&planned));
    match carry_out(vec![planned.clone()], road, audit, &consent).await.1 {
        Outcome::Done { .. } => {}
        Outcome::Refused(refusal) => return Err(refusal),
        Outcome::Failed { why, .. } | Outcome::Unknown { why } => return Err(Refusal::no_way(why)),
    }
    let deadline = after(road.clock.now(), PATIENCE);
    match follow(road, &planned, deadline, |_| {}).await {
        End::Well(app) => Ok(app),
        End::Badly { phase, message, .. } => Err(Refusal::no_way(format!("{phase}: {message}"))),
        End::Open { message } => Err(Refusal::no_way(message)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn app(status: &Value) -> Application {
        Application::new(json!({"metadata": {"name": "a"}, "operation": {}, "status": status}))
    }

    #[test]
    fn signs_of_failure() {
        for (status, fails) in [
            (json!({}), false),
            (
                json!({"operationState": {"phase": "Running", "message": "waiting for healthy state of apps/Deployment/a"}}),
                false,
            ),
            (json!({"operationState": {"phase": "Running", "finishedAt": "2026-11-23T06:00:00Z"}}), true),
            (json!({"operationState": {"phase": "Failed"}}), true),
            (json!({"operationState": {"phase": "Error"}}), true),
            (json!({"operationState": {"phase": "Succeeded"}, "health": {"status": "Healthy"}}), false),
            (json!({"operationState": {"phase": "Succeeded"}, "health": {"status": "Degraded"}}), true),
        ] {
            assert_eq!(failing(&app(&status)).is_some(), fails, "{status}");
        }
    }

    #[test]
    fn the_last_good_deployment_is_the_present_one_while_it_is_healthy() {
        let history = json!([{"id": 3, "revision": "a"}, {"id": 4, "revision": "b"}]);
        let good =
            |health: &str| Harbour::of(&app(&json!({"health": {"status": health}, "history": history}))).map(|h| h.id);
        assert_eq!((good("Healthy"), good("Degraded")), (Some(4), Some(3)));
        assert_eq!(Harbour::of(&app(&json!({}))), None);
    }
}
