//! `sync --guard`: the sync is watched, and rolled back by itself; whoever ends the program is told what stays undone.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::super::arguments::Output;
use super::super::complain;
use super::super::exit::{Exit, Failure};
use super::report::PlanJson;
use super::run::{Say, Way};
use crate::action::{Application, Audit, End, Harbour, Plan, Said, Voyage, Watched, watch};
use crate::domain::time::after;

/// What the guard has said last.
#[derive(Default)]
struct Told {
    leaves: String,
}

/// Watches a sync that was begun, to its end or to the program's.
pub(super) fn guard(
    io: &Runtime,
    way: &Way,
    audit: &Audit,
    (begun, harbour, hold): (&Plan, &Harbour, Duration),
    say: &Say<'_>,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let deadline = after(after(way.road.clock.now(), say.on.look.timeout), hold);
    let voyage = Voyage { begun, harbour, hold, deadline };
    let is_quiet = say.on.look.output == Output::Json;
    let told = Arc::new(Mutex::new(Told::default()));
    let hears = Arc::clone(&told);
    let tell = move |said: Said| {
        let (lines, leaves) = match said {
            Said::Goes { now, leaves } => (vec![now], Some(leaves)),
            Said::Failed { why, found } => {
                (std::iter::once(format!("failed: {why}")).chain(found).collect::<Vec<_>>(), None)
            }
        };
        for line in lines.iter().filter(|_| !is_quiet) {
            complain(&format!("  {line}"));
        }
        if let (Some(leaves), Ok(mut told)) = (leaves.filter(|leaves| !leaves.is_empty()), hears.lock()) {
            told.leaves = leaves;
        }
    };
    let ended = io.block_on(async {
        // nobody is there to be asked
        let watched = watch(&way.road, audit, &way.asked, &voyage, tell, || async { false });
        tokio::select! {
            watched = watched => Ok(watched),
            code = interrupted() => Err(code),
        }
    });
    let report = PlanJson::of(std::slice::from_ref(begun));
    match ended {
        Ok(watched) => end(say, report, watched, out),
        Err(code) => {
            let leaves = told.lock().map(|told| told.leaves.clone()).unwrap_or_default();
            complain(&format!("left undone: {} is not guarded any more: {leaves}", way.key.name));
            Ok(Exit::Signal(code))
        }
    }
}

/// 128 and the number of the signal that ends the program; never where signals cannot be heard.
async fn interrupted() -> u8 {
    let heard = |kind: SignalKind| async move {
        match signal(kind) {
            Ok(mut signals) => signals.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = heard(SignalKind::interrupt()) => 130,
        _ = heard(SignalKind::terminate()) => 143,
        _ = heard(SignalKind::hangup()) => 129,
    }
}

fn end(say: &Say<'_>, plan: PlanJson, watched: Watched, out: &mut impl Write) -> Result<Exit, Failure> {
    match watched {
        Watched::Held(app) => say.over(plan, End::Well(Some(app)), out),
        Watched::RolledBack { why, app, put_back } => {
            let back = put_back.map_or_else(
                || "; auto-sync stays off".to_owned(),
                |who| format!("; {who} has put auto-sync back: the failed revision comes again"),
            );
            let phase = app.as_ref().map(|app| app.phase().to_owned());
            let revision = app.as_ref().map(Application::operation_revision);
            let message = Some(format!("{why}{back}"));
            say.ended(Some(plan), "rolledBack", phase, message, revision, Exit::RolledBack, out)
        }
        Watched::Left { why } => {
            let message = Some(format!("{why}; it was left as it is"));
            say.ended(Some(plan), "failed", None, message, None, Exit::Failed, out)
        }
        Watched::Adrift { why, then } => {
            let message = Some(format!("{why}; it could not be rolled back: {then}"));
            say.ended(Some(plan), "failed", None, message, None, Exit::Failed, out)
        }
        Watched::Open { why } => say.ended(Some(plan), "timedOut", None, Some(why), None, Exit::TimedOut, out),
    }
}
