//! Reading the sources for a verb that prints or acts once.

use std::io::Write;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::arguments::Everywhere;
use super::exit::{Exit, Failure};
use super::setup::{self, Setup};
use crate::config::error::nearest;
use crate::domain::Timestamp;
use crate::domain::time::after;
use crate::runtime::interests::are_hopeless;
use crate::runtime::observe::observe;
use crate::source::kube::KubeconfigPlace;
use crate::store::{Apps, Interest};

/// Sources that were read once.
pub struct Read {
    /// Where the reading runs.
    pub io: Runtime,
    /// What was read, and through what.
    pub setup: Setup,
    /// Until when it may be waited.
    pub deadline: Timestamp,
}

impl Read {
    /// Reads every source that is on, until it has answered or is known to fail, for `timeout` at the most.
    pub fn start(everywhere: &Everywhere, environment: Option<&str>, timeout: Duration) -> Result<Self, Failure> {
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

    /// Reads more of every Application.
    pub fn look(&mut self, of: impl Fn(crate::domain::AppKey) -> Vec<Interest>) {
        let wanted: Vec<Interest> = self.setup.apps.all().flat_map(|row| of(row.key.clone())).collect();
        self.setup.look(&wanted, self.deadline, &self.io);
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.setup.clock.now()
    }

    /// Reads the pods of every Application for their verdicts; where those are in so many places that most rows would stay
    /// as they are, nobody waits for it.
    pub fn look_for_verdicts(&mut self) {
        if !are_hopeless(&self.setup.apps) {
            self.look(|key| vec![Interest::Pods(key)]);
        }
    }

    /// Flushes, and says of every source that could not be read.
    pub fn end(&self, out: &mut impl Write) -> Result<Exit, Failure> {
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
