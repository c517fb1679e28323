//! `get`: what is there, for people and for programs. One file a kind.

mod apps;
mod events;
mod pods;
mod table;
mod why;

pub(super) use table::columns;

use std::io::Write;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::arguments::{Everywhere, GetWhat};
use super::exit::{Exit, Failure};
use super::setup::{self, Setup};
use crate::config::error::nearest;
use crate::domain::Timestamp;
use crate::domain::time::after;
use crate::runtime::observe::observe;
use crate::source::kube::KubeconfigPlace;
use crate::store::{Apps, Interest};

/// Reads what is asked for and prints it.
pub fn run(everywhere: &Everywhere, what: &GetWhat, out: &mut impl Write) -> Result<Exit, Failure> {
    match what {
        GetWhat::Apps { environment, output, timeout } => {
            let mut read = Read::start(everywhere, environment.as_deref(), *timeout)?;
            read.look(|key| vec![Interest::Pods(key)]);
            apps::print(&read.setup.apps, environment.as_deref(), *output, read.now(), out)?;
            read.end(out)
        }
        GetWhat::Pods { environment, output, timeout } => {
            let mut read = Read::start(everywhere, environment.as_deref(), *timeout)?;
            read.look(|key| vec![Interest::Pods(key)]);
            pods::print(&read.setup.apps, environment.as_deref(), *output, read.now(), out)?;
            read.end(out)
        }
        GetWhat::Events { environment, output, timeout } => {
            let mut read = Read::start(everywhere, environment.as_deref(), *timeout)?;
            read.look(|key| vec![Interest::Events(key.clone()), Interest::Pods(key)]);
            events::print(&read.setup.apps, environment.as_deref(), *output, read.now(), out)?;
            read.end(out)
        }
        GetWhat::Why { app, environment, output, timeout } => {
            let mut read = Read::start(everywhere, environment.as_deref(), *timeout)?;
            let key = super::find::find(&read.setup.apps, app, environment.as_deref())?;
            let wanted = [Interest::Pods, Interest::Events, Interest::LastWords].map(|of| of(key.clone()));
            read.setup.look(&wanted, read.deadline, &read.io);
            why::print(&read.setup.apps, &key, *output, read.now(), out)?;
            read.end(out)
        }
    }
}

/// Sources that were read once.
struct Read {
    io: Runtime,
    setup: Setup,
    deadline: Timestamp,
}

impl Read {
    fn start(everywhere: &Everywhere, environment: Option<&str>, timeout: Duration) -> Result<Self, Failure> {
        let io = super::io_runtime()?;
        let mut setup = setup::setup(everywhere, &KubeconfigPlace::Environment, io.handle())?;
        for complaint in &setup.complaints {
            super::complain(complaint);
        }
        if setup.start.is_empty() {
            let failure = Failure::new(Exit::Usage, "the kubeconfig has no current context, so no source is on");
            return Err(failure.hint("--context NAME or --all-contexts"));
        }
        let deadline = after(setup.clock.now(), timeout);
        setup.start();
        io.block_on(observe(&mut setup.apps, &setup.sources, &setup.mailbox, &setup.news, &setup.clock, deadline));
        if let Some(wanted) = environment {
            warn_of_unknown(&setup.apps, wanted);
        }
        Ok(Self { io, setup, deadline })
    }

    fn look(&mut self, of: impl Fn(crate::domain::AppKey) -> Vec<Interest>) {
        let wanted: Vec<Interest> = self.setup.apps.all().flat_map(|row| of(row.key.clone())).collect();
        self.setup.look(&wanted, self.deadline, &self.io);
    }

    fn now(&self) -> Timestamp {
        self.setup.clock.now()
    }

    fn end(&self, out: &mut impl Write) -> Result<Exit, Failure> {
        out.flush()?;
        Ok(super::exit_of(&self.setup.apps, &self.setup.sources))
    }
}

fn warn_of_unknown(apps: &Apps, wanted: &str) {
    let known: Vec<String> = apps.environments().iter().map(|e| e.name.to_string()).collect();
    if !known.iter().any(|name| name == wanted) {
        let near = nearest(wanted, known.iter().map(String::as_str)).map_or_else(|| known.join(", "), str::to_owned);
        super::complain(&format!("warning: no Application is in an environment `{wanted}`\n  try: {near}"));
    }
}

/// Prints rows as JSON, one array.
pub(super) fn json(rows: &impl serde::Serialize, out: &mut impl Write) -> Result<(), Failure> {
    serde_json::to_writer_pretty(&mut *out, rows).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(())
}
