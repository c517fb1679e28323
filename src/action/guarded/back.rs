//! Taking a failed sync back: auto-sync off, the operation terminated and gone, the last good deployment back and well.

use std::time::Duration;

use super::watch::{Said, ill};
use crate::action::audit::Audit;
use crate::action::execute::{Outcome, has_landed};
use crate::action::follow::{End, follow};
use crate::action::gather::Asked;
use crate::action::guard::phrase;
use crate::action::planner::plan;
use crate::action::proposal::{Consent, carry_out};
use crate::action::refusal::{Refusal, RefusalKind};
use crate::action::road::Road;
use crate::action::{Application, Harbour, Plan, Verb};
use crate::domain::app::short_revision;
use crate::domain::time::after;
use crate::domain::{Health, Phase};

/// How long each step may take.
const PATIENCE: Duration = Duration::from_mins(5);
/// How often it is looked at.
const PACE: Duration = Duration::from_millis(500);

/// A voyage that failed, and the way back.
pub(super) struct Back<'a> {
    pub road: &'a Road,
    pub audit: &'a Audit,
    pub asked: &'a Asked,
    pub harbour: &'a Harbour,
    /// The revision that failed; empty where nobody says.
    pub revision: &'a str,
}

impl Back<'_> {
    /// All of it. The error says what stood in the way, with what has been done by then.
    pub(super) async fn take(&self, say: &mut (impl FnMut(Said) + Send)) -> Result<Option<Application>, String> {
        let Harbour { id, revision, .. } = self.harbour;
        let back = format!("deployment {id}, {}", short_revision(revision));
        let mut done = String::new();
        let steps = [
            (Verb::AutoSync { on: false }, "auto-sync is off"),
            (Verb::Terminate, "the operation is terminated"),
            (Verb::Rollback { id: Some(*id), prune: false }, "the rollback was asked for"),
        ];
        let mut app = None;
        for (verb, words) in steps {
            let leaves = format!("it failed; {done}it is not rolled back to {back}");
            app = match self.step(&verb, &leaves, say).await {
                Ok(after) => {
                    done.push_str(words);
                    done.push_str("; ");
                    after.or(app)
                }
                Err(refusal) if refusal.kind == RefusalKind::Already => app,
                // what has ended by itself need not be terminated
                Err(refusal) if verb == Verb::Terminate && refusal.kind == RefusalKind::Impossible => app,
                Err(refusal) => {
                    let reverted = self.put_back().await.unwrap_or_default();
                    return Err(format!("{done}{}: {}{reverted}", verb.word(), refusal.why));
                }
            };
            if matches!(verb, Verb::AutoSync { .. }) {
                self.blame(say);
            }
        }
        self.recovered(&back, say).await.map(|well| well.or(app))
    }

    /// Notes which revision it was, so that giving auto-sync back can say so.
    fn blame(&self, say: &mut impl FnMut(Said)) {
        if self.revision.is_empty() {
            return;
        }
        if let Err(error) = self.road.memory.blame(&self.asked.key, self.revision) {
            let now = format!("which revision failed could not be noted: {error}");
            say(Said::Goes { now, leaves: String::new() });
        }
    }

    /// Who has switched auto-sync on again, if somebody has.
    async fn put_back(&self) -> Option<String> {
        let app = self.road.look(&self.asked.key).await.ok()?;
        if !app.auto_sync().enabled {
            return None;
        }
        let who = app.application_set().map(|set| format!("ApplicationSet {set}"));
        let who = who.or_else(|| app.parent().map(|parent| format!("its parent {parent}")));
        Some(format!("; {} has put auto-sync back", who.unwrap_or_else(|| "somebody".to_owned())))
    }

    /// One step, to its end; planned, guarded and audited like any other.
    async fn step(
        &self,
        verb: &Verb,
        leaves: &str,
        say: &mut (impl FnMut(Said) + Send),
    ) -> Result<Option<Application>, Refusal> {
        let road = self.road;
        let deadline = after(road.clock.now(), PATIENCE);
        // a source that is lost for a while ends nothing
        loop {
            match self.attempt(verb, leaves, say).await {
                Err(refusal) if refusal.kind == RefusalKind::Unreachable && road.clock.now() < deadline => {
                    let now = format!("it cannot be looked at: {}", refusal.why);
                    say(Said::Goes { now, leaves: leaves.to_owned() });
                    road.clock.sleep(PACE).await;
                }
                ended => return ended,
            }
        }
    }

    /// Looks, plans from what is there, and does it once.
    async fn attempt(
        &self,
        verb: &Verb,
        leaves: &str,
        say: &mut (impl FnMut(Said) + Send),
    ) -> Result<Option<Application>, Refusal> {
        let Self { road, audit, asked, .. } = *self;
        let app = road.look(&asked.key).await.map_err(|error| Refusal::unread(&error))?;
        let planned = plan(verb, &road.facts(asked, app, verb).await)?;
        say(Said::Goes { now: planned.title.clone(), leaves: leaves.to_owned() });
        // the confirmation of the sync covers it
        let consent = Consent::Phrase(phrase(&planned));
        match carry_out(vec![planned.clone()], road, audit, &consent).await.1 {
            Outcome::Done { .. } => {}
            Outcome::Refused(refusal) => return Err(refusal),
            Outcome::Failed { why, .. } | Outcome::Reverted { why } => return Err(Refusal::no_way(why)),
            Outcome::Unknown { why } => self.landed(&planned, why, leaves, say).await?,
        }
        let deadline = after(road.clock.now(), PATIENCE);
        let missed = |seen: Result<&Application, &str>| {
            if let Err(why) = seen {
                say(Said::Goes { now: why.to_owned(), leaves: leaves.to_owned() });
            }
        };
        match follow(road, &planned, deadline, missed).await {
            End::Well(app) => Ok(app),
            End::Badly { phase, message, .. } => Err(Refusal::no_way(format!("{phase}: {message}"))),
            End::Open { message } => Err(Refusal::no_way(message)),
        }
    }

    /// Ends once a write whose connection broke is seen to have landed. One that is seen not to have is refused as what
    /// could not be reached: it is planned anew from what is there.
    async fn landed(
        &self,
        planned: &Plan,
        why: String,
        leaves: &str,
        say: &mut (impl FnMut(Said) + Send),
    ) -> Result<(), Refusal> {
        let road = self.road;
        if road.control.cluster().is_none() {
            return Err(Refusal::no_way(why));
        }
        let deadline = after(road.clock.now(), PATIENCE);
        loop {
            match road.look(&self.asked.key).await {
                Ok(app) if planned.requests.iter().all(|request| has_landed(&request.body, &app)) => return Ok(()),
                Ok(_) => return Err(Refusal::unreachable(why, None)),
                Err(error) if road.clock.now() >= deadline => return Err(Refusal::unread(&error)),
                Err(error) => {
                    say(Said::Goes { now: format!("it cannot be looked at: {error}"), leaves: leaves.to_owned() });
                }
            }
            road.clock.sleep(PACE).await;
        }
    }

    /// Waits until what came back is well.
    async fn recovered(&self, back: &str, say: &mut (impl FnMut(Said) + Send)) -> Result<Option<Application>, String> {
        let Self { road, asked, .. } = *self;
        let deadline = after(road.clock.now(), PATIENCE);
        let mut told = String::new();
        loop {
            let now = match road.look(&asked.key).await {
                Ok(app) => {
                    let health = Health::parse(app.health());
                    let is_over = !app.has_operation() && Phase::parse(app.phase()) == Some(Phase::Succeeded);
                    let ill = ill(road, asked, &app, None).await;
                    match ill {
                        None if is_over && health == Health::Healthy => return Ok(Some(app)),
                        Some(why) => format!("{back} is back: {why}"),
                        None => format!("{back} is back: it is {}", health.word()),
                    }
                }
                Err(error) => format!("it cannot be looked at: {error}"),
            };
            if road.clock.now() >= deadline {
                return Err(format!("the rollback was done, and it is not well: {now}"));
            }
            if now != told {
                say(Said::Goes { now: now.clone(), leaves: format!("{back} is back and was not seen well yet") });
                told = now;
            }
            road.clock.sleep(PACE).await;
        }
    }
}
