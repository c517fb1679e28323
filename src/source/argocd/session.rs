//! One argocd-server's life as a source: the stream of changes, the list of what there is beside it, the cheap question
//! whether anything was kept back, and all of it anew whenever something ends.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::super::kube::Decoder;
use super::super::kube::decode::Event;
use super::super::kube::fault::{Fault, Kind};
use super::super::kube::pace::pause;
use super::super::kube::report::Reporter;
use super::super::kube::request;
use super::census;
use super::frames::Frame;
use super::refusal;
use super::round::{LOOK, Look, Round, Woken};
use super::server::Server;
use super::told::{Differences, Told};
use crate::domain::text::clean;
use crate::domain::{AppKey, AppRow, Clock, Link, SourceFacts, Timestamp, time};
use crate::source::Surroundings;
use crate::store::delta::Delta;

/// Applications of which the server tells otherwise that are asked for one by one; for more the list is read anew.
const FEW: usize = 24;
/// A stream that ends sooner than this counts as a failure.
const SHORT: Duration = Duration::from_secs(2);
/// Applications between two reports of how many there are.
const REPORT: usize = 250;
/// The largest answer to who we are, in bytes.
const WHO: usize = 64 << 10;

/// Reads a source until it is dropped, and pushes what it learns into the sink. Spawns nothing and never ends; what goes
/// wrong becomes the source's [`Link`] with a hint in its [`SourceFacts`], and is tried again. Data stays.
pub async fn run(server: Server, world: Surroundings) {
    Session::new(server, world).run().await;
}

struct Session {
    server: Server,
    world: Surroundings,
    report: Reporter,
    decoder: Decoder,
    told: Told,
    /// The first list has been told of.
    begun: bool,
    /// It has been complete once.
    settled: bool,
    last_byte: Timestamp,
    failures: u32,
    /// A frame came broken and was asked for again: the next broken one is passed over.
    asked_again: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UserInfo {
    username: String,
}

impl Session {
    fn new(server: Server, world: Surroundings) -> Self {
        let report = Reporter::new(Arc::clone(&world.sink), server.name().clone());
        let decoder = Decoder::new(server.name().clone(), Arc::clone(&world.classifier));
        let last_byte = world.clock.now();
        Self {
            server,
            world,
            report,
            decoder,
            told: Told::default(),
            begun: false,
            settled: false,
            last_byte,
            failures: 0,
            asked_again: false,
        }
    }

    async fn run(mut self) {
        self.report.link(Link::Connecting { loaded: 0 });
        loop {
            if let Err(fault) = self.round().await
                && let Some(wait) = self.recover(fault)
            {
                self.world.clock.sleep(wait).await;
            }
        }
    }

    /// How long to wait before the next round; none for not at all.
    fn recover(&mut self, fault: Fault) -> Option<Duration> {
        self.server.give_up();
        if fault.kind == Kind::AskAgain {
            return None;
        }
        self.failures = self.failures.saturating_add(1);
        let wait = pause(self.failures, fault.retry_after);
        self.tell_facts(|facts| facts.hint = fault.hint);
        self.report.link(match fault.kind {
            Kind::Auth => Link::Auth { why: fault.why },
            Kind::Denied => Link::Denied { what: fault.why },
            _ => Link::Down {
                why: fault.why,
                retry_at: time::after(self.world.clock.now(), wait),
                since: self.last_byte,
            },
        });
        Some(wait)
    }

    /// From opening a stream to its end. `Ok` means: open another at once.
    async fn round(&mut self) -> Result<(), Fault> {
        self.introduce().await?;
        let clock = Arc::clone(&self.world.clock);
        self.last_byte = clock.now();
        self.told.begin();
        let mut round = Round::begin(&self.server, clock.now());
        let cut = loop {
            let look = round.next_look(self.last_byte);
            match round.woken(sleep_until(&*clock, look)).await {
                Woken::Stream(Some(Ok(chunk))) => self.take_chunk(&chunk, &mut round)?,
                Woken::Stream(Some(Err(fault))) if round.is_open() => break fault,
                Woken::Stream(None) => break Fault::new(Kind::Down, "the stream was closed"),
                Woken::List(Some(Ok(chunk))) => self.take_items(&chunk, &mut round),
                Woken::List(None) => self.complete(&mut round)?,
                Woken::Census(Some(Ok(chunk))) => self.count(&chunk, &mut round),
                // a server may be too busy for a second question while it tells
                Woken::Census(Some(Err(fault))) if fault.kind == Kind::Down && self.hears(&round) => {
                    round.put_off(clock.now());
                }
                Woken::Stream(Some(Err(fault))) | Woken::List(Some(Err(fault))) | Woken::Census(Some(Err(fault))) => {
                    return Err(fault);
                }
                Woken::Census(None) => self.counted(&mut round)?,
                Woken::Mended(apps) => apps.iter().for_each(|app| self.take_item(app)),
                Woken::Believed(Err(fault)) if fault.kind == Kind::Auth => return Err(fault),
                // whether anything else is wrong the stream tells
                Woken::Believed(_) => {}
                Woken::Due => self.look(&mut round)?,
            }
        };
        if !round.is_complete() {
            return Err(cut.amid("in the middle of the list"));
        }
        if time::elapsed(round.began, clock.now()) < SHORT {
            return Err(cut.amid("as soon as it began"));
        }
        Ok(())
    }

    /// Tells who we are there; whether the server lets us in is known from then on.
    async fn introduce(&mut self) -> Result<(), Fault> {
        let who: UserInfo = self.server.json("/api/v1/session/userinfo", WHO, "who we are").await?;
        let road = self.server.token_road().unwrap_or_default();
        let spec = self.server.spec();
        let server = spec.place();
        let unverified = if self.server.is_unverified() { ", certificate not verified" } else { "" };
        let plain = if spec.is_plain() { ", not encrypted" } else { "" };
        let road = format!("argocd-server stream{unverified}{plain}, token from {road}");
        self.tell_facts(|facts| {
            facts.server = server;
            facts.user = clean(&who.username).into_owned();
            facts.road = road;
        });
        Ok(())
    }

    /// Whether the stream told something lately.
    fn hears(&self, round: &Round) -> bool {
        round.is_open() && time::elapsed(self.last_byte, self.world.clock.now()) < LOOK
    }

    /// Nothing came for a while.
    fn look(&mut self, round: &mut Round) -> Result<(), Fault> {
        let now = self.world.clock.now();
        match round.look(self.last_byte, now) {
            Look::Stuck => return Err(request::no_answer(request::QUIET)),
            Look::Missed => {
                // what is shown may be old; a new stream is tried at once
                self.report.link(Link::Stale { since: self.last_byte });
                return Err(Fault::new(Kind::AskAgain, "two signs of life were missed"));
            }
            Look::Count => {
                self.told.ask();
                round.count(&self.server, now);
            }
            Look::Believe => round.believe(&self.server, now),
            Look::Wait => {}
        }
        Ok(())
    }

    /// A part of what the server says there is.
    fn count(&mut self, chunk: &[u8], round: &mut Round) {
        let (Self { told, decoder, server, world, .. }, Some(census)) = (self, &mut round.census) else { return };
        census.feed(chunk, world.clock.now(), |item| {
            if let Some((namespace, name, doing)) = census::read(item) {
                let (namespace, name) = (decoder.symbol(&namespace), decoder.symbol(&name));
                told.count(AppKey { source: server.name().clone(), namespace, name }, doing);
            }
        });
    }

    /// The server said all there is: what was told otherwise, or not at all, is made good.
    fn counted(&mut self, round: &mut Round) -> Result<(), Fault> {
        if round.census.as_ref().is_none_or(|census| !census.items.is_whole()) {
            return Err(refusal::no_json("the list of Applications"));
        }
        let settles = round.counted(self.world.clock.now());
        let Differences { otherwise, gone } = self.told.counted();
        if otherwise.len() > FEW {
            self.told.doubt();
            self.report.link(Link::Stale { since: self.last_byte });
            return Err(Fault::new(Kind::AskAgain, "the stream kept changes back"));
        }
        if !settles && !round.is_open() && otherwise.len() + gone.len() > 0 {
            // it begins with the first change, and there was one
            return Err(Fault::new(Kind::AskAgain, "the stream did not begin"));
        }
        for key in gone {
            self.told.gone(&key, "");
            self.report.push(Delta::Remove(key));
        }
        if !otherwise.is_empty() {
            round.mend(&self.server, otherwise);
        }
        self.tell_facts(|facts| facts.hint = None);
        self.report.link(Link::Live);
        Ok(())
    }

    /// The list has come to its end.
    fn complete(&mut self, round: &mut Round) -> Result<(), Fault> {
        if round.list.as_ref().is_none_or(|list| !list.items.is_whole()) {
            return Err(refusal::no_json("the list of Applications"));
        }
        for key in self.told.complete() {
            self.report.push(Delta::Remove(key));
        }
        self.begin();
        if !std::mem::replace(&mut self.settled, true) {
            self.report.push_for(Delta::Settle);
        }
        self.failures = 0;
        self.asked_again = false;
        round.complete(self.world.clock.now());
        self.tell_facts(|facts| facts.hint = None);
        self.report.link(Link::Live);
        Ok(())
    }

    /// A first list begins with what it brings first, not with the attempt to get it.
    fn begin(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            self.report.push_for(Delta::Begin);
        }
    }

    fn take_items(&mut self, chunk: &[u8], round: &mut Round) {
        let now = self.world.clock.now();
        if let Some(list) = &mut round.list {
            list.feed(chunk, now, |item| self.take_item(item));
        }
    }

    /// An Application came whole; it is no news where the stream told of it meanwhile.
    fn take_item(&mut self, item: &[u8]) {
        if let Some((row, version)) = self.decoder.single(item) {
            self.take_row(row, &version);
        }
    }

    fn take_chunk(&mut self, chunk: &[u8], round: &mut Round) -> Result<(), Fault> {
        self.last_byte = self.world.clock.now();
        let mut result = Ok(());
        round.frames.feed(chunk, |frame| {
            if result.is_ok() {
                result = self.take_frame(&frame);
            }
        });
        result?;
        if round.is_complete() {
            self.tell_facts(|_| {});
        }
        Ok(())
    }

    fn take_frame(&mut self, frame: &Frame<'_>) -> Result<(), Fault> {
        let Frame::Json(json) = frame else {
            self.decoder.count_odd("a frame longer than any Application can be");
            return Ok(());
        };
        match self.decoder.frame(json) {
            Event::Changed { row, version } => self.take_row(*row, &version),
            Event::Removed { key, version } => {
                self.told.gone(&key, &version);
                self.report.push(Delta::Remove(key));
            }
            Event::Failed { code, message } => {
                let error = serde_json::json!({ "http_code": code, "message": message });
                return Err(refusal::of_frame(&error));
            }
            Event::Broken if self.asked_again => {}
            Event::Broken => {
                self.asked_again = true;
                return Err(Fault::new(Kind::AskAgain, "a frame came garbled"));
            }
            Event::Bookmark { .. } | Event::Odd { .. } => {}
        }
        Ok(())
    }

    fn take_row(&mut self, row: AppRow, version: &str) {
        self.begin();
        if self.told.row(&row, version) {
            self.report.push(Delta::Upsert(Box::new(row)));
        }
        let loaded = self.told.loaded();
        if !self.settled && loaded % REPORT == 1 {
            self.report.link(Link::Connecting { loaded });
            self.tell_facts(|_| {});
        }
    }

    /// Tells the facts as `change` makes them, with what the decoder has learnt.
    fn tell_facts(&mut self, change: impl FnOnce(&mut SourceFacts)) {
        self.report.tell_facts(&self.decoder, change);
    }
}

async fn sleep_until(clock: &dyn Clock, at: Option<Timestamp>) {
    match at {
        Some(at) => clock.sleep_until(at).await,
        None => std::future::pending().await,
    }
}
