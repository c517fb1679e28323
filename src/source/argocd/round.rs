//! From opening a stream to its end: everything that is under way at once.

use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;

use super::super::kube::fault::Fault;
use super::answer::Answer;
use super::ask::Ask;
use super::coming::{Coming, Reading};
use super::frames::Frames;
use super::selection::{BELIEVED, CHEAP, LIST, stream_path};
use super::server::Server;
use super::tree::path;
use crate::domain::{AppKey, Timestamp, time};

/// Server-sent events are kept alive every 15 s once the first frame was sent (recorded): two of them missed, and a
/// moment for the way.
const QUIET: Duration = Duration::from_secs(33);
/// Where nothing keeps a stream alive, the server is asked after so long without a byte.
pub(super) const LOOK: Duration = Duration::from_secs(30);
/// A server drops what a slow client does not take, and does not say so: from time to time it is asked.
const AUDIT: Duration = Duration::from_mins(5);
/// What changed after the list was made and before the stream stood is in neither: so long after the list is whole the
/// server is asked what came of that.
const SETTLED: Duration = Duration::from_secs(2);
/// A stream goes on when its token is revoked: so often the server is asked whether it still believes it.
const BELIEF: Duration = Duration::from_secs(45);
/// The largest Application that is read, in bytes.
const LARGEST: usize = 32 << 20;
/// The largest answer to whether a token is believed, in bytes.
const SHORT: usize = 64 << 10;

/// What one round has come to.
pub(super) struct Round {
    stream: Coming,
    /// What came of the stream.
    pub frames: Frames,
    /// The stream says when it is alive: it is one of server-sent events, and it began.
    kept_alive: bool,
    /// The list, until it is whole.
    pub list: Option<Reading>,
    /// The answer to what there is, while it comes.
    pub census: Option<Reading>,
    /// Applications that are asked for one by one.
    mending: Option<BoxFuture<'static, Vec<Vec<u8>>>>,
    believing: Option<BoxFuture<'static, Result<Vec<u8>, Fault>>>,
    /// When it began.
    pub began: Timestamp,
    asked: Timestamp,
    believed: Timestamp,
    /// When it is asked what changed while the list was made; none once it was.
    settles: Option<Timestamp>,
}

/// What woke the session. Of an answer: no bytes when it begins, nothing at its end.
pub(super) enum Woken {
    /// The stream.
    Stream(Option<Result<Bytes, Fault>>),
    /// The list.
    List(Option<Result<Bytes, Fault>>),
    /// The answer to what there is.
    Census(Option<Result<Bytes, Fault>>),
    /// Applications came that were asked for one by one.
    Mended(Vec<Vec<u8>>),
    /// Whether the server believes the token.
    Believed(Result<(), Fault>),
    /// Something is to be done although nothing came.
    Due,
}

/// What is to be done although nothing came.
pub(super) enum Look {
    /// A list stopped coming.
    Stuck,
    /// Two signs of life were missed.
    Missed,
    /// The server is to be asked what there is.
    Count,
    /// It is to be asked whether it believes the token.
    Believe,
    /// Nothing.
    Wait,
}

impl Round {
    /// Opens a stream and asks for the list.
    pub fn begin(server: &Server, now: Timestamp) -> Self {
        Self {
            stream: Coming::of(server, Ask::events(stream_path())),
            frames: Frames::default(),
            kept_alive: false,
            list: Some(Reading::of(server, LIST, now)),
            census: None,
            mending: None,
            believing: None,
            began: now,
            asked: now,
            believed: now,
            settles: None,
        }
    }

    /// What comes next. Can be dropped and called again, but not after a fault of stream or list.
    pub async fn woken(&mut self, due: impl Future<Output = ()>) -> Woken {
        tokio::select! {
            // the stream is asked for first: what changes after the list was made is to be in it
            biased;
            chunk = self.stream.next() => {
                self.kept_alive |= self.stream.begun().is_some_and(Answer::is_of_events);
                Woken::Stream(chunk)
            }
            chunk = next(&mut self.list) => Woken::List(chunk),
            chunk = next(&mut self.census) => Woken::Census(chunk),
            mended = or_never(&mut self.mending) => {
                self.mending = None;
                Woken::Mended(mended)
            }
            believed = or_never(&mut self.believing) => {
                self.believing = None;
                Woken::Believed(believed.map(drop))
            }
            () = due => Woken::Due,
        }
    }

    /// Whether the list is whole.
    pub fn is_complete(&self) -> bool {
        self.list.is_none()
    }

    /// Whether the stream began.
    pub fn is_open(&self) -> bool {
        self.stream.begun().is_some()
    }

    /// The list is whole.
    pub fn complete(&mut self, now: Timestamp) {
        self.list = None;
        (self.asked, self.believed) = (now, now);
        self.settles = Some(time::after(now, SETTLED));
    }

    /// Asks what there is.
    pub fn count(&mut self, server: &Server, now: Timestamp) {
        self.asked = now;
        self.census = Some(Reading::of(server, CHEAP, now));
    }

    /// The server said what there is. Whether that tells what changed while the list was made.
    pub fn counted(&mut self, now: Timestamp) -> bool {
        self.census = None;
        (self.asked, self.believed) = (now, now);
        self.settles.take().is_some()
    }

    /// It was too busy for that: it is asked again.
    pub fn put_off(&mut self, now: Timestamp) {
        self.census = None;
        self.asked = now;
        self.settles = self.settles.map(|_| time::after(now, LOOK));
    }

    /// Asks for Applications one by one.
    pub fn mend(&mut self, server: &Server, keys: Vec<AppKey>) {
        self.mending = Some(Box::pin(read_singly(server.clone(), keys)));
    }

    /// Asks whether the token is still believed.
    pub fn believe(&mut self, server: &Server, now: Timestamp) {
        self.believed = now;
        let server = server.clone();
        self.believing = Some(Box::pin(async move { server.fetch(&Ask::get(BELIEVED), SHORT).await }));
    }

    /// When something is to be done if nothing came since `last_byte`.
    pub fn next_look(&self, last_byte: Timestamp) -> Option<Timestamp> {
        let due = [self.stuck(), self.missed(last_byte), self.next_belief(), self.next_count(last_byte)];
        due.into_iter().flatten().min()
    }

    /// What there is to do now.
    pub fn look(&self, last_byte: Timestamp, now: Timestamp) -> Look {
        let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        if is_due(self.stuck()) {
            Look::Stuck
        } else if is_due(self.missed(last_byte)) {
            Look::Missed
        } else if is_due(self.next_count(last_byte)) {
            Look::Count
        } else if is_due(self.next_belief()) {
            Look::Believe
        } else {
            Look::Wait
        }
    }

    fn stuck(&self) -> Option<Timestamp> {
        [&self.list, &self.census].into_iter().flatten().filter_map(Reading::stuck).min()
    }

    fn missed(&self, last_byte: Timestamp) -> Option<Timestamp> {
        (self.is_complete() && self.kept_alive).then(|| time::after(last_byte, QUIET))
    }

    fn next_belief(&self) -> Option<Timestamp> {
        (self.is_complete() && self.believing.is_none()).then(|| time::after(self.believed, BELIEF))
    }

    fn next_count(&self, last_byte: Timestamp) -> Option<Timestamp> {
        if !self.is_complete() || self.census.is_some() {
            return None;
        }
        let silence = (!self.kept_alive).then(|| time::after(last_byte.max(self.asked), LOOK));
        [silence, Some(time::after(self.asked, AUDIT)), self.settles].into_iter().flatten().min()
    }
}

async fn or_never<T>(future: &mut Option<BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

async fn next(reading: &mut Option<Reading>) -> Option<Result<Bytes, Fault>> {
    match reading {
        Some(reading) => reading.next().await,
        None => std::future::pending().await,
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
