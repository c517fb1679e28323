//! A guarded sync within the cockpit: what it says goes to the desk, where a person may be asked.

use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use super::perform::PATIENCE;
use super::told::{Told, locked};
use crate::action::{Application, Asked, Audit, Plan, Road, Said, SyncOptions, Verb, Voyage, Watched, plan, watch};
use crate::domain::app::short_revision;
use crate::domain::time::after;
use crate::view::desk::{Guarding, News};

/// The plan that guards what somebody else has begun meanwhile; nothing where that is something else.
pub(super) async fn adopt(road: &Road, asked: &Asked, planned: &Plan) -> Option<Plan> {
    let app = road.look(&asked.key).await.ok()?;
    let facts = road.facts(asked, app, &planned.verb).await;
    plan(&planned.verb, &facts).ok().filter(|plan| plan.requests.is_empty())
}

/// Watches a sync that was begun, and takes it back when it fails; the error says how it ended if not well.
pub(super) async fn guard(road: &Road, audit: &Audit, asked: &Asked, begun: &Plan, told: &Told) -> Result<(), String> {
    let (Some(harbour), Verb::Sync(SyncOptions { guard: Some(hold), .. })) = (&begun.harbour, &begun.verb) else {
        return Ok(());
    };
    let deadline = after(after(road.clock.now(), PATIENCE), hold.hold);
    let voyage = Voyage { begun, harbour, hold: hold.hold, deadline };
    let state = Arc::new(Mutex::new(Guarding {
        number: told.number,
        title: begun.title.clone(),
        harbour: format!("deployment {}, {}", harbour.id, short_revision(&harbour.revision)),
        said: "it begins".to_owned(),
        ..Guarding::default()
    }));
    let name = asked.key.name.to_string();
    let tell = {
        let (state, sender, key) = (Arc::clone(&state), told.sender.clone(), asked.key.clone());
        let (undone, number, memory, name) = (Arc::clone(&told.undone), told.number, road.memory.clone(), name.clone());
        move |said: Said| {
            let mut state = locked(&state);
            match said {
                Said::Goes { now, leaves } => {
                    state.said = now;
                    if !leaves.is_empty() {
                        locked(&undone).insert(number, format!("the guarded sync of {name}: {leaves}"));
                        state.leaves = leaves;
                    }
                }
                Said::Failed { why, found } => {
                    state.said.clone_from(&why);
                    state.failed = Some((why, found));
                }
            }
            // full: it is told again with what comes next
            _ = sender.try_send(News::Guards(key.clone(), Box::new(state.clone())));
            if state.failed.is_some() {
                _ = sender.try_send(News::Notes(memory.notes()));
            }
        }
    };
    let decide = {
        let (state, sender, key) = (Arc::clone(&state), told.sender.clone(), asked.key.clone());
        let (answers, number) = (Arc::clone(&told.answers), told.number);
        move || async move {
            let (answer, answered) = oneshot::channel();
            locked(&answers).insert(number, answer);
            let asking = {
                let mut state = locked(&state);
                state.asks = true;
                "it failed, and whether it is rolled back was not answered".clone_into(&mut state.leaves);
                state.clone()
            };
            // nobody listens any more: the program is ending
            _ = sender.send(News::Guards(key, Box::new(asking))).await;
            answered.await.unwrap_or_default()
        }
    };
    let mut watched = std::pin::pin!(watch(road, audit, asked, &voyage, tell, decide));
    let ended = tokio::select! {
        watched = &mut watched => watched,
        () = told.closing.cancelled() => {
            let is_busy = { let state = locked(&state); state.failed.is_some() && !state.asks };
            // what is being written is not broken off
            if !is_busy {
                return Err(format!("{name}: the program ended"));
            }
            watched.await
        }
    };
    match ended {
        Watched::Held(app) => {
            let revision = app.sync_revision();
            said_last(told, &state, asked, format!("{} has held", short_revision(&revision))).await;
            Ok(())
        }
        Watched::RolledBack { why, app, put_back } => {
            let now = app.as_ref().map(Application::operation_revision).unwrap_or_default();
            let back = put_back.map_or_else(
                || "auto-sync stays off".to_owned(),
                |who| format!("{who} has put auto-sync back: the failed revision comes again"),
            );
            Err(format!("{name}: rolled back to {}; {back}; it failed: {why}", short_revision(&now)))
        }
        Watched::Left { why } => Err(format!("{name}: it failed and was left as it is: {why}")),
        Watched::Adrift { why, then } => Err(format!("{name}: it failed: {why}; it could not be rolled back: {then}")),
        Watched::Open { why } => Err(format!("{name}: {why}")),
    }
}

async fn said_last(told: &Told, state: &Mutex<Guarding>, asked: &Asked, said: String) {
    let last = {
        let mut state = locked(state);
        state.said = said;
        state.clone()
    };
    // nobody listens any more: the program is ending
    _ = told.sender.send(News::Guards(asked.key.clone(), Box::new(last))).await;
}
