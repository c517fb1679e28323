//! From the command line to streams of lines.

use std::io::{BufWriter, Write};

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
use crate::domain::{AppKey, Link, Pod, Route, Symbol, Timestamp};
use crate::runtime::observe::{observe, observe_live};
use crate::runtime::scope::Scope;
use crate::source::Way;
use crate::source::kube::KubeconfigPlace;
use crate::store::Interest;

/// What a reading of logs works with.
pub(super) struct Reading<'a> {
    pub logs: &'a Logs,
    pub key: AppKey,
    pub selection: Selection,
    /// The way to the Application's pods.
    pub way: Way,
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
    // from here on only what moves this Application matters
    let others: Vec<Symbol> = setup.sources.on().filter(|name| **name != key.source).cloned().collect();
    for other in others {
        setup.sources.stop(&other);
    }
    let row = setup.apps.all().find(|row| row.key == key).cloned().unwrap_or_default();
    let coloured = setup::depth() != Depth::None && logs.output == LogOutput::Text;
    let mut printer = Printer::new(BufWriter::new(out), logs, &row, coloured);
    runtime.block_on(async {
        {
            let Setup { apps, interests, mailbox, news, clock, .. } = &mut setup;
            let wanted = [Interest::Pods(key.clone())];
            observe_live(apps, interests, &wanted, mailbox, news, clock, deadline).await;
        }
        // only now: where a cluster is that is only named had to be read too
        let reading = reading(logs, key, &mut setup, runtime.handle())?;
        if let Some(failure) = unread(&setup, &reading.key) {
            return Err(failure);
        }
        let there = pods(&setup, &reading.key);
        reading.selection.check(&there, logs)?;
        if logs.follow {
            following::follow(&reading, &mut setup, &mut printer).await
        } else {
            history::merge(&reading, &there, &mut printer).await
        }
    })
}

/// The way to the cluster that the Application deploys to: no other cluster's pods are its pods.
fn reading<'a>(logs: &'a Logs, key: AppKey, setup: &mut Setup, io: &Handle) -> Result<Reading<'a>, Failure> {
    let id = setup.apps.find(&key);
    let row = id.and_then(|id| setup.apps.get(id)).cloned().unwrap_or_default();
    let route = setup.apps.routes().of(&row);
    let way = route.context().and_then(|context| setup.interests.access.way(context));
    let Some(way) = way else {
        let failure = Failure::new(Exit::Source, format!("{route}, where `{}` runs", key.name));
        return Err(failure.hint(Route::HINT));
    };
    let since = logs.since.map(|ago| setup.clock.now().checked_sub(ago).unwrap_or(Timestamp::MIN));
    let scope = Scope::new(io.clone(), |panic| {
        crate::cli::complain(&format!("{} broke: {}", panic.task, panic.message));
    });
    Ok(Reading { logs, selection: Selection::new(&row, logs.container.clone()), key, way, scope, since })
}

/// The pods of the Application that are there now.
pub(super) fn pods(setup: &Setup, key: &AppKey) -> Vec<Pod> {
    let id = setup.apps.find(key);
    id.map(|id| setup.apps.pods_of(id)).unwrap_or_default().into_iter().cloned().collect()
}

/// Why the pods cannot be read, if they cannot.
pub(super) fn unread(setup: &Setup, key: &AppKey) -> Option<Failure> {
    let places = setup.apps.find(key).map_or_else(Vec::new, |id| setup.apps.places_of(id));
    places.iter().find_map(|place| {
        let why = match setup.apps.pods().link(place) {
            Some(Link::Denied { what }) => what.clone(),
            Some(Link::Auth { why } | Link::Down { why, .. }) => why.clone(),
            Some(Link::Live | Link::Stale { .. }) => return None,
            Some(Link::Off | Link::Connecting { .. }) | None => "no answer in time".to_owned(),
        };
        Some(Failure::new(Exit::Source, format!("cannot list pods in {}: {why}", place.1)))
    })
}
