//! One argocd-server's life as a source: the stream of Applications, the cheap question beside it, and both anew whenever
//! something ends.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use http::{Response, header};
use kube::client::Body;
use serde::Deserialize;

use super::super::kube::Decoder;
use super::super::kube::decode::Event;
use super::super::kube::fault::{Fault, Kind};
use super::super::kube::pace::pause;
use super::super::kube::report::Reporter;
use super::super::kube::request;
use super::census::{self, Census, Differences, Told};
use super::frames::{Frame, Frames};
use super::refusal;
use super::selection::stream_path;
use super::server::{Ask, Server};
use super::tree::path;
use crate::domain::text::clean;
use crate::domain::{AppKey, AppRow, Link, SourceFacts, Timestamp, time};
use crate::source::Surroundings;
use crate::store::delta::Delta;

/// Server-sent events are kept alive every 15 s once the first frame was sent (recorded): two of them missed, and a
/// moment for the way.
const QUIET: Duration = Duration::from_secs(33);
/// Where nothing keeps a stream alive, the server is asked after so long without a byte.
const LOOK: Duration = Duration::from_secs(30);
/// A burst that pauses for this long may be over without having told of everything: the server is asked again.
const LULL: Duration = Duration::from_secs(3);
/// A server drops what a slow client does not take, and does not say so: from time to time it is asked.
const AUDIT: Duration = Duration::from_mins(5);
/// What changed while the server went from its list to its changes is in neither: so long after the list is complete it
/// is asked what came of that.
const SETTLED: Duration = Duration::from_secs(2);
/// Applications of which the stream told otherwise than the server that are asked for one by one; more are told anew.
const FEW: usize = 24;
/// The largest Application that is read, in bytes.
const LARGEST: usize = 32 << 20;
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

/// What one stream has come to.
struct Stream {
    opening: Option<BoxFuture<'static, Result<Response<Body>, Fault>>>,
    body: Option<Body>,
    asking: Option<BoxFuture<'static, Result<Census, Fault>>>,
    /// Applications that are asked for one by one.
    mending: Option<BoxFuture<'static, Vec<Vec<u8>>>>,
    frames: Frames,
    /// What the server said there is, while the stream has not come to all of it.
    due: Option<Census>,
    /// It says when it is alive: it is a stream of server-sent events, and its first frame came.
    kept_alive: bool,
    events: bool,
    /// It has told of everything.
    complete: bool,
    began: Timestamp,
    asked: Timestamp,
    /// When it is asked what changed while the list was sent; none once it was.
    settles: Option<Timestamp>,
}

/// What woke the session.
enum Woken {
    Opened(Result<Response<Body>, Fault>),
    Chunk(Option<Result<bytes::Bytes, Fault>>),
    Counted(Result<Census, Fault>),
    Mended(Vec<Vec<u8>>),
    Due,
}

impl Stream {
    fn new(server: &Server, now: Timestamp) -> Self {
        let opened = server.clone();
        let opening = async move { opened.send(&Ask::events(stream_path())).await };
        Self {
            opening: Some(Box::pin(opening)),
            body: None,
            asking: Some(Box::pin(census::ask(server.clone()))),
            mending: None,
            frames: Frames::default(),
            due: None,
            kept_alive: false,
            events: false,
            complete: false,
            began: now,
            asked: now,
            settles: None,
        }
    }

    async fn woken(&mut self, due: impl Future<Output = ()>) -> Woken {
        let chunk = async {
            match &mut self.body {
                Some(body) => request::next_chunk(body).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            answer = or_never(&mut self.opening) => {
                self.opening = None;
                Woken::Opened(answer)
            }
            chunk = chunk => Woken::Chunk(chunk),
            counted = or_never(&mut self.asking) => {
                self.asking = None;
                Woken::Counted(counted)
            }
            mended = or_never(&mut self.mending) => {
                self.mending = None;
                Woken::Mended(mended)
            }
            () = due => Woken::Due,
        }
    }
}

async fn or_never<T>(future: &mut Option<BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
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
        let mut stream = Stream::new(&self.server, clock.now());
        let cut = loop {
            let wake = clock.sleep_until(self.next_look(&stream));
            match stream.woken(wake).await {
                Woken::Opened(answer) => self.opened(answer?, &mut stream),
                // a server busy with the burst may be too busy for a second question: it is put again
                Woken::Counted(Err(fault)) if fault.kind == Kind::Down && self.hears(&stream) => {
                    stream.asked = clock.now();
                }
                Woken::Counted(census) => self.counted(census?, &mut stream)?,
                Woken::Mended(apps) => self.mended(&apps),
                Woken::Due => self.look(&mut stream)?,
                Woken::Chunk(Some(Ok(chunk))) => self.take_chunk(&chunk, &mut stream)?,
                Woken::Chunk(Some(Err(fault))) => break fault,
                Woken::Chunk(None) => break Fault::new(Kind::Down, "the stream was closed"),
            }
        };
        if !stream.complete {
            return Err(cut.amid("in the middle of the list"));
        }
        if time::elapsed(stream.began, clock.now()) < SHORT {
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

    /// When something is to be done although nothing came.
    fn next_look(&self, stream: &Stream) -> Timestamp {
        let patience = match stream {
            Stream { complete: false, body: Some(_), asking: None, .. } => LULL,
            Stream { kept_alive: true, .. } => QUIET,
            _ => LOOK,
        };
        let silence = time::after(self.last_byte.max(stream.asked), patience);
        if stream.asking.is_some() {
            // an answer is waited for; the request has a time-out of its own
            return time::after(self.last_byte.max(stream.asked), QUIET.max(patience));
        }
        let settles = stream.settles.unwrap_or(Timestamp::MAX);
        silence.min(time::after(stream.asked, AUDIT)).min(settles)
    }

    /// Whether the stream told something lately.
    fn hears(&self, stream: &Stream) -> bool {
        stream.body.is_some() && time::elapsed(self.last_byte, self.world.clock.now()) < LOOK
    }

    /// Nothing came for a while.
    fn look(&mut self, stream: &mut Stream) -> Result<(), Fault> {
        let now = self.world.clock.now();
        if stream.kept_alive && stream.complete && time::elapsed(self.last_byte, now) >= QUIET {
            // what is shown may be old; a new stream is tried at once
            self.report.link(Link::Stale { since: self.last_byte });
            return Err(Fault::new(Kind::AskAgain, "two signs of life were missed"));
        }
        if stream.asking.is_none() {
            self.told.ask();
            stream.asked = now;
            stream.settles.take_if(|at| *at <= now);
            stream.asking = Some(Box::pin(census::ask(self.server.clone())));
        }
        Ok(())
    }

    fn opened(&mut self, answer: Response<Body>, stream: &mut Stream) {
        self.last_byte = self.world.clock.now();
        let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        stream.events = kind.starts_with("text/event-stream");
        stream.body = Some(answer.into_body());
    }

    /// The server said what there is.
    fn counted(&mut self, census: Census, stream: &mut Stream) -> Result<(), Fault> {
        let found = self.told.compare(&census);
        let (told, all) = (self.told.loaded(), census.len());
        if !stream.complete && !found.untold.is_empty() {
            let asked_before = stream.due.replace(census).is_some();
            let quiet = time::elapsed(self.last_byte, self.world.clock.now()) >= LULL;
            if !(asked_before && quiet) {
                return Ok(());
            }
            // asked again amid the first burst: what it does not tell of now it never will
            if found.untold.len() > FEW {
                let why = format!("the stream tells of {told} of {all} Applications and stops");
                return Err(Fault::new(Kind::Down, why));
            }
        }
        self.settle(found, stream)
    }

    /// Makes good what the stream did not tell, or told otherwise.
    fn settle(&mut self, found: Differences, stream: &mut Stream) -> Result<(), Fault> {
        let Differences { mut untold, otherwise, gone } = found;
        untold.extend(otherwise);
        if untold.len() > FEW {
            self.told.doubt();
            self.report.link(Link::Stale { since: self.last_byte });
            return Err(Fault::new(Kind::AskAgain, "the stream kept changes back"));
        }
        if !untold.is_empty() {
            stream.mending = Some(Box::pin(read_singly(self.server.clone(), untold)));
        }
        for key in gone {
            self.told.gone(&key, "");
            self.report.push(Delta::Remove(key));
        }
        self.complete(stream);
        Ok(())
    }

    /// What was asked for by itself came; it is no news where the stream told of it meanwhile.
    fn mended(&mut self, apps: &[Vec<u8>]) {
        for app in apps {
            if let Some((row, version)) = self.decoder.single(app) {
                self.take_row(row, &version);
            }
        }
    }

    /// The stream has told of everything there is.
    fn complete(&mut self, stream: &mut Stream) {
        stream.due = None;
        if !std::mem::replace(&mut stream.complete, true) {
            self.begin();
            if !std::mem::replace(&mut self.settled, true) {
                self.report.push_for(Delta::Settle);
            }
            self.failures = 0;
            self.asked_again = false;
            stream.settles = Some(time::after(self.world.clock.now(), SETTLED));
        }
        self.tell_facts(|facts| facts.hint = None);
        self.report.link(Link::Live);
    }

    /// A first list begins with what it brings first, not with the attempt to get it.
    fn begin(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            self.report.push_for(Delta::Begin);
        }
    }

    fn take_chunk(&mut self, chunk: &[u8], stream: &mut Stream) -> Result<(), Fault> {
        self.last_byte = self.world.clock.now();
        let mut frames = std::mem::take(&mut stream.frames);
        let mut result = Ok(());
        frames.feed(chunk, |frame| {
            if result.is_ok() {
                result = self.take_frame(&frame);
            }
        });
        stream.frames = frames;
        stream.kept_alive |= stream.events;
        result?;
        // what was due may have come with this chunk
        if let Some(census) = stream.due.take_if(|census| self.told.loaded() >= census.len()) {
            let found = self.told.compare(&census);
            if found.untold.is_empty() {
                self.settle(found, stream)?;
            } else {
                stream.due = Some(census);
            }
        }
        if stream.complete {
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

/// Reads Applications whole. One that went, or that cannot be had now, is noticed the next time the server is asked.
async fn read_singly(server: Server, keys: Vec<AppKey>) -> Vec<Vec<u8>> {
    let mut read = Vec::new();
    for key in keys {
        read.extend(server.fetch(&Ask::get(path(&key, "")), LARGEST).await);
    }
    read
}
