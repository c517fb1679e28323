//! Reading a stream of events: what each line does to what is known.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kube::client::Body;

use super::decode::Event;
use super::fault::{Fault, Kind};
use super::first_list::FirstList;
use super::lines::{Line, Lines};
use super::request::{self, QUIET};
use super::session::Session;
use crate::domain::{AppKey, AppRow, Link, time};
use crate::store::delta::Delta;

/// Full rows between two reports of how many there are.
const REPORT: usize = 250;
/// A watch that ends sooner than this without having said anything counts as a failure.
const SHORT: Duration = Duration::from_secs(2);

/// What the events of a stream are for.
pub(super) enum Stage {
    /// Rows go out as they come.
    First(Box<FirstList>),
    /// Rows are kept until all are there, and then replace the old ones.
    Again(BTreeMap<AppKey, AppRow>),
    /// Rows are changes.
    Live,
}

impl Session {
    /// Takes up the watch where it ended.
    pub(super) async fn watch(&mut self, version: &str) -> Result<(), Fault> {
        let body = self.open(self.scope.watch(version)).await.map_err(Fault::or_expired)?;
        self.is_live();
        self.follow(body, Stage::Live).await
    }

    pub(super) fn open(&self, ask: request::Ask) -> impl Future<Output = Result<Body, Fault>> + 'static {
        let client = self.connected().map(|c| c.client.clone());
        let clock = Arc::clone(&self.world.clock);
        async move { request::get(&client?, ask, &*clock).await }
    }

    /// Reads a stream of events to its end. Only a list that is cut short is a fault: a watch is taken up again.
    pub(super) async fn follow(&mut self, mut body: Body, mut stage: Stage) -> Result<(), Fault> {
        let clock = Arc::clone(&self.world.clock);
        let (began, mut lines, mut said_something) = (clock.now(), Lines::default(), false);
        self.last_byte = began;
        let mut quiet = clock.sleep(QUIET);
        let cut = loop {
            let chunk = tokio::select! {
                chunk = request::next_chunk(&mut body) => chunk,
                table = quick_look(&mut stage) => {
                    self.take_table(table, &mut stage);
                    continue;
                }
                () = &mut quiet => {
                    let due = time::after(self.last_byte, QUIET);
                    if due > clock.now() {
                        quiet = clock.sleep_until(due);
                        continue;
                    }
                    return self.is_stale(&stage);
                }
            };
            match chunk {
                Some(Ok(chunk)) => {
                    self.last_byte = clock.now();
                    said_something = true;
                    self.take_chunk(&chunk, &mut lines, &mut stage)?;
                }
                Some(Err(fault)) => break fault,
                None => break Fault::new(Kind::Down, "the connection was closed"),
            }
        };
        if !matches!(stage, Stage::Live) {
            return Err(cut.amid("in the middle of the list"));
        }
        if time::elapsed(began, clock.now()) >= SHORT {
            self.failures = 0;
        } else if !said_something {
            return Err(cut.amid("as soon as the watch began"));
        }
        Ok(())
    }

    fn take_chunk(&mut self, chunk: &[u8], lines: &mut Lines, stage: &mut Stage) -> Result<(), Fault> {
        let mut result = Ok(());
        lines.feed(chunk, |line| {
            if result.is_ok() {
                result = self.take_line(line, stage);
            }
        });
        if matches!(stage, Stage::Live) {
            self.tell_facts(|_| {});
        }
        result
    }

    fn take_line(&mut self, line: Line<'_>, stage: &mut Stage) -> Result<(), Fault> {
        let Line::Whole(line) = line else {
            self.decoder.count_odd("a line longer than any object can be");
            return Ok(());
        };
        match self.decoder.event(line) {
            Event::Changed { row, version } => {
                self.take_row(*row, stage);
                self.has_reached(version, stage);
            }
            Event::Removed { key, version } => {
                match stage {
                    Stage::First(first) => first.lost(&key),
                    Stage::Again(rows) => drop(rows.remove(&key)),
                    Stage::Live => {}
                }
                if !matches!(stage, Stage::Again(_)) {
                    self.report.push(Delta::Remove(key));
                }
                self.has_reached(version, stage);
            }
            Event::Bookmark { version, complete: true } => {
                let done = std::mem::replace(stage, Stage::Live);
                if matches!(done, Stage::Live) {
                    self.has_reached(version, stage);
                } else {
                    self.settle(done, version);
                    self.is_live();
                }
            }
            Event::Bookmark { version, complete: false } => match stage {
                Stage::Live => self.has_reached(version, stage),
                // an ordinary bookmark in the middle of a list: the server took it for a plain watch
                _ => return Err(Fault::new(Kind::NoStreaming, "the server does not do streaming lists")),
            },
            Event::Failed { code, message } => {
                let fault = Fault::of_event(code, &message);
                return Err(if matches!(stage, Stage::Live) { fault } else { fault.or_no_streaming() });
            }
            Event::Odd { version } => self.has_reached(version, stage),
            Event::Broken if self.asked_again => {}
            Event::Broken => {
                self.asked_again = true;
                return Err(Fault::new(Kind::AskAgain, "a line came garbled"));
            }
        }
        Ok(())
    }

    /// A first list begins with what it brings first, not with the attempt to get it.
    fn announce(&self, first: &mut FirstList) {
        if !std::mem::replace(&mut first.announced, true) {
            self.report.push_for(Delta::Begin);
        }
    }

    pub(super) fn take_row(&mut self, row: AppRow, stage: &mut Stage) {
        match stage {
            Stage::First(first) => {
                self.announce(first);
                first.has(&row.key);
                let loaded = first.loaded;
                self.report.push(Delta::Upsert(Box::new(row)));
                if loaded % REPORT == 1 {
                    self.report.link(Link::Connecting { loaded });
                    self.tell_facts(|_| {});
                }
            }
            Stage::Again(rows) => drop(rows.insert(row.key.clone(), row)),
            Stage::Live => self.report.push(Delta::Upsert(Box::new(row))),
        }
    }

    /// Sketches for what is not known yet. A table that cannot be read is no loss: the list comes anyway.
    pub(super) fn take_table(&mut self, table: Option<Vec<u8>>, stage: &mut Stage) {
        let (Some(table), Stage::First(first)) = (table, stage) else { return };
        let namespace = first.namespace().clone();
        let sketches = self.decoder.table(&table, &namespace).unwrap_or_default();
        self.announce(first);
        for sketch in sketches {
            if first.takes(&sketch) {
                self.report.push(Delta::Upsert(Box::new(sketch)));
            }
        }
    }

    /// The list is complete.
    pub(super) fn settle(&mut self, stage: Stage, version: String) {
        match stage {
            Stage::First(mut first) => {
                self.announce(&mut first);
                for gone in first.leftovers() {
                    self.report.push(Delta::Remove(gone));
                }
                self.report.push_for(Delta::Settle);
            }
            Stage::Again(rows) => self.report.push_for(|source| Delta::Replace(source, rows.into_values().collect())),
            Stage::Live => {}
        }
        self.settled = true;
        self.asked_again = false;
        self.version = Some(version).filter(|v| !v.is_empty());
    }

    /// The watch can be taken up here. While a list is read, versions come in no order and mean nothing yet.
    fn has_reached(&mut self, version: String, stage: &Stage) {
        if matches!(stage, Stage::Live) && !version.is_empty() {
            self.version = Some(version);
            self.asked_again = false;
            self.failures = 0;
        }
    }

    pub(super) fn is_live(&mut self) {
        self.last_byte = self.world.clock.now();
        self.renewed = false;
        self.tell_facts(|facts| facts.hint = None);
        self.report.link(Link::Live);
    }

    /// Nothing came for too long: what is shown may be old. A new connection is tried at once.
    fn is_stale(&mut self, stage: &Stage) -> Result<(), Fault> {
        if !matches!(stage, Stage::Live) {
            return Err(request::no_answer(QUIET));
        }
        self.connection = None;
        self.report.link(Link::Stale { since: self.last_byte });
        Ok(())
    }
}

/// The quick look's table, while a first list is read; never otherwise.
pub(super) async fn quick_look(stage: &mut Stage) -> Option<Vec<u8>> {
    match stage {
        Stage::First(first) => first.quick_look().await,
        _ => std::future::pending().await,
    }
}
