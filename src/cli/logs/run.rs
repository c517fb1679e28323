//! From the command line to streams of lines.

use std::io::{BufWriter, Write};
use std::sync::Arc;

use tokio::runtime::Handle;

use super::print::Printer;
use super::select::Selection;
use super::{following, history};
use crate::cli::arguments::{Everywhere, LogOutput, Logs};
use crate::cli::exit::{Exit, Failure};
use crate::cli::find::find;
use crate::cli::setup::{self, Setup};
use crate::config::palette::Depth;
use crate::domain::time::after;
use crate::domain::{AppRow, Clock, Timestamp};
use crate::runtime::observe::observe;
use crate::runtime::scope::Scope;
use crate::source::kube::{KubeconfigPlace, LogPod, Reach, Unread, pods};

/// What a reading of logs works with.
pub(super) struct Reading<'a> {
    pub logs: &'a Logs,
    pub selection: Selection,
    pub reach: Arc<Reach>,
    pub clock: Arc<dyn Clock>,
    pub scope: Scope,
    /// Nothing older than this is asked for.
    pub since: Option<Timestamp>,
}

/// Finds the Application and prints what its pods log.
pub fn run(logs: &Logs, everywhere: &Everywhere, out: &mut impl Write) -> Result<Exit, Failure> {
    let runtime = crate::cli::io_runtime()?;
    let mut setup = setup::setup(everywhere, &KubeconfigPlace::Environment, runtime.handle())?;
    for complaint in &setup.complaints {
        crate::cli::complain(complaint);
    }
    let deadline = after(setup.clock.now(), logs.timeout);
    setup.start();
    runtime.block_on(observe(&mut setup.apps, &setup.sources, &setup.mailbox, &setup.news, &setup.clock, deadline));
    let found = find(&setup.apps, &logs.app, logs.environment.as_deref());
    if found.is_err() {
        crate::cli::exit_of(&setup.apps, &setup.sources);
    }
    let key = found?;
    let row = setup.apps.all().find(|row| row.key == key).cloned().unwrap_or_default();
    let reading = reading(logs, &row, &setup, runtime.handle())?;
    let coloured = setup::depth() != Depth::None && logs.output == LogOutput::Text;
    // the Applications are known by now: their watches end here
    drop(setup);
    let mut printer = Printer::new(BufWriter::new(out), logs, &row, coloured);
    runtime.block_on(async {
        let there = reading.pods().await.map_err(failure)?;
        reading.selection.check(&there, logs)?;
        if logs.follow {
            following::follow(&reading, there, &mut printer).await
        } else {
            history::merge(&reading, &there, &mut printer).await
        }
    })
}

fn reading<'a>(logs: &'a Logs, row: &AppRow, setup: &Setup, io: &Handle) -> Result<Reading<'a>, Failure> {
    let destination = &row.destination;
    let here = &*destination.server == "https://kubernetes.default.svc" || &*destination.name == "in-cluster";
    if !here {
        let place = if destination.server.is_empty() { &destination.name } else { &destination.server };
        let failure = Failure::new(Exit::Source, format!("no route to {place}, where `{}` runs", row.key.name));
        return Err(failure.hint("logs are read in clusters that run their own Argo CD"));
    }
    let spec = setup.sources.spec(&row.key.source).cloned();
    let spec = spec.ok_or_else(|| Failure::new(Exit::Source, format!("source {} is not known", row.key.source)))?;
    let clock = Arc::clone(&setup.clock);
    let since = logs.since.map(|ago| clock.now().checked_sub(ago).unwrap_or(Timestamp::MIN));
    Ok(Reading {
        logs,
        selection: Selection::new(row, logs.container.clone()),
        reach: Arc::new(Reach::new(spec, Arc::clone(&clock))),
        clock,
        scope: Scope::new(io.clone(), |panic| {
            crate::cli::complain(&format!("{} broke: {}", panic.task, panic.message));
        }),
        since,
    })
}

impl Reading<'_> {
    /// The pods of the Application that are there now.
    pub(super) async fn pods(&self) -> Result<Vec<LogPod>, Unread> {
        let mut there = pods(&self.reach, &self.selection.namespace).await?;
        there.retain(|pod| self.selection.has(pod));
        Ok(there)
    }
}

fn failure(unread: Unread) -> Failure {
    let failure = Failure::new(Exit::Source, format!("cannot list pods: {unread}"));
    match unread.hint {
        Some(hint) if !unread.denied => failure.hint(hint),
        _ => failure,
    }
}
