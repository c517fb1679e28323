//! Carries out what was approved: intent on disk, requests in order, outcome on disk.

use std::time::Duration;

use serde_json::{Value, json};

use super::application::Application;
use super::audit::{Audit, Record};
use super::guard::{Approved, Evidence, Given, guard, phrase};
use super::memory::Note;
use super::plan::{Plan, Request, Where};
use super::refusal::Refusal;
use super::road::Road;
use super::saw::Saw;
use super::verb::Verb;
use crate::domain::time::after as later;
use crate::source::kube::{ReadError, Write, WriteError};

/// How often a write that met a newer version is looked at and tried again.
const CONFLICTS: usize = 5;

/// What somebody may undo has to stand for so long: an ApplicationSet takes a tenth of a second (recorded,
/// `applicationset`), a parent has to look first.
const STANDS: Duration = Duration::from_secs(3);

/// How often it is looked at meanwhile.
const PACE: Duration = Duration::from_millis(500);

/// What became of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was made. For an operation this is its beginning, not its end.
    Done {
        /// The Application after it, where it is still there.
        after: Option<Application>,
    },
    /// Nothing was written.
    Refused(Refusal),
    /// The server did not take it.
    Failed {
        /// In its own words, cleaned.
        why: String,
        /// Parts that were written before.
        after_some: bool,
    },
    /// It was made, and somebody undid it at once.
    Reverted {
        /// In words.
        why: String,
    },
    /// Nobody knows: the connection broke, and looking did not tell.
    Unknown {
        /// What is known.
        why: String,
    },
}

impl Outcome {
    /// The word in the audit log.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Refused(_) => "refused",
            Self::Failed { .. } => "failed",
            Self::Reverted { .. } => "reverted",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// Why, where there is something to say.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        match self {
            Self::Done { .. } => None,
            Self::Refused(refusal) => Some(refusal.why.clone()),
            Self::Failed { why, .. } | Self::Reverted { why } | Self::Unknown { why } => Some(why.clone()),
        }
    }
}

/// Carries out an approved plan. The intent is on disk before the first byte is sent, or nothing is sent.
pub async fn execute(approved: Approved, road: &Road, audit: &Audit) -> Outcome {
    let intent = match audit.intent(approved.plan(), road.clock.now()) {
        Ok(intent) => intent,
        Err(error) => return Outcome::Refused(Refusal::unaudited(error.to_string())),
    };
    let plan = approved.plan().clone();
    let outcome = match remember(&approved, road) {
        Ok(()) => match send(approved, road).await {
            Outcome::Done { after } if plan.contested && matches!(plan.verb, Verb::AutoSync { .. }) => {
                stands(road, &plan, after).await
            }
            outcome => outcome,
        },
        Err(refusal) => Outcome::Refused(refusal),
    };
    forget(&plan, &outcome, road);
    note(audit, &intent, &outcome, road);
    outcome
}

/// Auto-sync is on again, or was never off for long: what it was need not be known any more.
fn forget(plan: &Plan, outcome: &Outcome, road: &Road) {
    let Verb::AutoSync { on } = plan.verb else { return };
    let is_on = if on { matches!(outcome, Outcome::Done { .. }) } else { matches!(outcome, Outcome::Reverted { .. }) };
    if is_on && let Err(error) = road.memory.forget(&plan.target.key) {
        tracing::warn!(%error, "the note of what auto-sync was could not be taken away");
    }
}

/// Notes what auto-sync was before it is switched off, and forgets it once it is to be given back.
fn remember(approved: &Approved, road: &Road) -> Result<(), Refusal> {
    let plan = approved.plan();
    let Some((automated, failed)) = plan.remember.clone() else { return Ok(()) };
    let (uid, by) = (plan.saw.uid().to_owned(), plan.verb.word().to_owned());
    let note = Note { uid, automated, at: road.clock.now(), by, failed };
    let noted = road.memory.remember(&plan.target.key, note);
    noted.map_err(|error| Refusal::unaudited(format!("what auto-sync was could not be noted: {error}")))
}

fn note(audit: &Audit, intent: &Record, outcome: &Outcome, road: &Road) {
    let after = match outcome {
        Outcome::Done { after } => after.as_ref().map(|app| Saw::of(app).hash()),
        _ => None,
    };
    let noted = audit.outcome(intent, outcome.word(), outcome.message(), after, road.clock.now());
    if let Err(error) = noted {
        tracing::warn!(%error, id = %intent.id, "the outcome of a write could not be noted");
    }
}

async fn send(mut approved: Approved, road: &Road) -> Outcome {
    let mut after = None;
    for at in 0..approved.plan().requests.len() {
        let mut tries = 0;
        loop {
            let request = &approved.plan().requests[at];
            let Some(control) = road.place(request) else {
                let why = format!("no route to the cluster {:?} goes to", request.place);
                return Outcome::Failed { why, after_some: at > 0 };
            };
            match control.write(&written(request, approved.version())).await {
                Ok(answer) => {
                    if request.place == Where::ControlPlane && answer["kind"] == "Application" {
                        after = Some(Application::new(answer));
                    }
                    break;
                }
                Err(WriteError::Conflict(_)) if request.guarded && tries < CONFLICTS => {
                    tries += 1;
                    approved = match again(approved, road).await {
                        Ok(approved) => approved,
                        Err(outcome) => return outcome,
                    };
                }
                Err(WriteError::Conflict(why)) => return Outcome::Failed { why, after_some: at > 0 },
                Err(WriteError::Refused { code: 403, why, .. }) if at == 0 => {
                    return Outcome::Refused(Refusal::denied(why));
                }
                Err(WriteError::Unsent { why, hint }) if at == 0 => {
                    return Outcome::Refused(Refusal::unreachable(why, hint));
                }
                Err(WriteError::Refused { why, .. } | WriteError::Unsent { why, .. }) => {
                    return Outcome::Failed { why, after_some: at > 0 };
                }
                Err(WriteError::Unknown(why)) => match look(request, road, approved.plan(), &why).await {
                    Ok(app) => {
                        after = app;
                        break;
                    }
                    Err(outcome) => return outcome,
                },
            }
        }
    }
    Outcome::Done { after }
}

/// Looks on for a while whether somebody undoes what was written. Where it cannot be looked at it counts as done: it was.
async fn stands(road: &Road, plan: &Plan, mut after: Option<Application>) -> Outcome {
    let until = later(road.clock.now(), STANDS);
    loop {
        if let Ok(app) = road.look(&plan.target.key).await {
            if let Some(why) = reverted(plan, &app) {
                return Outcome::Reverted { why };
            }
            after = Some(app);
        }
        let now = road.clock.now();
        if now >= until {
            return Outcome::Done { after };
        }
        road.clock.sleep_until(until.min(later(now, PACE))).await;
    }
}

/// Why a switch of auto-sync reads otherwise than it was written, if it does.
pub(super) fn reverted(plan: &Plan, app: &Application) -> Option<String> {
    let Verb::AutoSync { on } = plan.verb else { return None };
    let word = if on { "on" } else { "off" };
    let why = || format!("it was written, and reads otherwise: somebody put it back, so auto-sync is not {word}");
    (app.auto_sync().enabled != on).then(why)
}

fn written<'a>(request: &'a Request, version: &str) -> Write<'a> {
    let mut body = request.body.clone();
    if request.guarded {
        // written under `metadata` so that a merge patch on something newer is a 409
        match body.get_mut("metadata") {
            Some(metadata) => metadata["resourceVersion"] = json!(version),
            None => body["metadata"] = json!({"resourceVersion": version}),
        }
    }
    Write { method: request.method, path: &request.path, content_type: request.content_type, body }
}

/// Somebody wrote in between: looks, and asks the guard again. A heartbeat passes, what the decision rests on does not.
async fn again(approved: Approved, road: &Road) -> Result<Approved, Outcome> {
    let plan = approved.into_plan();
    let read = road.look(&plan.target.key).await;
    let app = read.map_err(|error| Outcome::Failed { why: error.to_string(), after_some: false })?;
    let evidence = Evidence { app, denied: Vec::new(), now: road.clock.now() };
    let words = phrase(&plan);
    // the confirmation stands: it was for this plan, and the plan is the same
    guard(plan, &road.guard, &evidence, Given::Phrase(&words)).map_err(Outcome::Refused)
}

/// The connection broke after the request was on its way: nothing is sent twice, it is looked at.
async fn look(request: &Request, road: &Road, plan: &Plan, why: &str) -> Result<Option<Application>, Outcome> {
    let unknown = |more: &str| Outcome::Unknown { why: format!("{why}; {more}") };
    if request.place != Where::ControlPlane || road.control.cluster().is_none() {
        return Err(unknown("look at the object before trying again"));
    }
    match road.look(&plan.target.key).await {
        Ok(app) => {
            if request.method == "DELETE" {
                return if app.is_deleting() { Ok(Some(app)) } else { Err(unknown("it is still there")) };
            }
            if has_landed(&request.body, &app) {
                return Ok(Some(app));
            }
            Err(unknown("it reads as before: it was not written, or not yet"))
        }
        Err(ReadError::Missing(_)) if request.method == "DELETE" => Ok(None),
        Err(error) => Err(unknown(&format!("and it cannot be looked at: {error}"))),
    }
}

/// Whether what a merge patch asks for is there. An operation counts as there when the controller has taken it up.
pub(super) fn has_landed(body: &Value, app: &Application) -> bool {
    if let Some(asked) = body.get("operation") {
        let taken = app.at("/status/operationState/operation");
        return [app.at("/operation"), taken].into_iter().flatten().any(|there| contains(there, asked));
    }
    if body.pointer("/status/operationState/phase").is_some() {
        return app.phase() == "Terminating" || !app.has_operation();
    }
    let absent = |pointer: &str| app.at(pointer).is_none();
    let Some(parts) = body.as_object() else { return false };
    parts.iter().all(|(name, asked)| match app.at(&format!("/{name}")) {
        Some(there) => contains(there, asked),
        None => asked.is_null() || absent(&format!("/{name}")) && asked == &json!({}),
    })
}

/// Every field of `asked` is in `there`, null meaning absent.
fn contains(there: &Value, asked: &Value) -> bool {
    match asked {
        Value::Object(fields) => fields.iter().all(|(name, asked)| match there.get(name) {
            Some(there) => contains(there, asked),
            None => asked.is_null() || asked.as_object().is_some_and(|fields| fields.values().all(Value::is_null)),
        }),
        asked => there == asked,
    }
}
