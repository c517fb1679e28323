//! `wait`: until an Application is as it should be.

use std::io::Write;

use super::super::arguments::{Everywhere, Output};
use super::super::exit::{Exit, Failure};
use super::super::get;
use super::super::read::Read;
use super::arguments::Look;
use super::report::Report;
use super::run::{Way, unread};
use crate::action::Application;
use crate::config::error::nearest;
use crate::domain::time::after;
use crate::domain::{Health, Sync};

/// How often it is looked at.
const PACE: std::time::Duration = std::time::Duration::from_millis(500);

/// What is waited for; what is not named does not matter.
pub(super) struct Awaited {
    health: Option<Health>,
    sync: Option<Sync>,
    operation: bool,
}

impl Awaited {
    /// Reads the words of the command line, in any case of letters.
    pub(super) fn read(health: Option<&str>, sync: Option<&str>, operation: bool) -> Result<Self, Failure> {
        let healths = Health::ALL.map(Health::word);
        let syncs = [Sync::Synced, Sync::OutOfSync, Sync::Unknown].map(Sync::word);
        let word = |text: Option<&str>, known: &[&'static str], what: &str| match text {
            None => Ok(None),
            Some(text) => {
                known.iter().find(|word| word.eq_ignore_ascii_case(text)).copied().map(Some).ok_or_else(|| {
                    let failure = Failure::new(Exit::Usage, format!("there is no {what} `{text}`"));
                    failure.hint(nearest(text, known.iter().copied()).map_or_else(|| known.join(", "), str::to_owned))
                })
            }
        };
        let awaited = Self {
            health: word(health, &healths, "health")?.map(Health::parse),
            sync: word(sync, &syncs, "sync status")?.map(Sync::parse),
            operation,
        };
        if awaited.health.is_none() && awaited.sync.is_none() && !awaited.operation {
            let failure = Failure::new(Exit::Usage, "nothing to wait for was named");
            return Err(failure.hint("--health Healthy, --sync Synced or --operation"));
        }
        Ok(awaited)
    }

    fn lacks(&self, app: &Application) -> Vec<String> {
        let mut lacks = Vec::new();
        if let Some(health) = self.health.filter(|health| Health::parse(app.health()) != *health) {
            lacks.push(format!("health is {} and not {}", Health::parse(app.health()).word(), health.word()));
        }
        if let Some(sync) = self.sync.filter(|sync| Sync::parse(app.sync_status()) != *sync) {
            lacks.push(format!("sync is {} and not {}", Sync::parse(app.sync_status()).word(), sync.word()));
        }
        if self.operation && app.has_operation() {
            lacks.push(format!("an operation runs: {} {}", app.phase(), app.operation_message()));
        }
        lacks
    }
}

pub(super) fn run(
    on: &Look,
    everywhere: &Everywhere,
    awaited: &Awaited,
    out: &mut impl Write,
) -> Result<Exit, Failure> {
    let mut read = Read::start(everywhere, on.environment.as_deref(), on.timeout)?;
    let way = Way::find(&mut read, &on.app, on.environment.as_deref())?;
    let clock = way.road.clock.clone();
    let deadline = after(clock.now(), on.timeout);
    loop {
        let looked = read.io.block_on(way.road.look(&way.key));
        let now = clock.now();
        let (lacks, app) = match looked {
            Ok(app) => (awaited.lacks(&app), Some(app)),
            // a source that is lost for a while ends nothing
            Err(error) if now < deadline => (vec![error.to_string()], None),
            Err(error) => return Err(unread(error)),
        };
        if !lacks.is_empty() && now < deadline {
            read.io.block_on(clock.sleep_until(deadline.min(after(now, PACE))));
            continue;
        }
        let (exit, outcome) = if lacks.is_empty() { (Exit::Ok, "reached") } else { (Exit::NotReached, "notReached") };
        let message = if lacks.is_empty() { None } else { Some(lacks.join("; ")) };
        if on.output == Output::Json {
            let report = Report {
                app: way.key.name.to_string(),
                plan: None,
                outcome,
                phase: app.as_ref().map(|app| app.phase().to_owned()),
                message,
                revision: app.as_ref().map(Application::sync_revision),
            };
            get::json(&report, out)?;
        } else {
            let message = message.map(|message| format!(": {message}")).unwrap_or_default();
            let words = if exit == Exit::Ok { "is as it should be" } else { "is not as it should be" };
            writeln!(out, "{} {words}{message}", way.key.name)?;
        }
        out.flush()?;
        return Ok(exit);
    }
}
