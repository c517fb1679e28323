//! WATCH: what happens to a kind of objects, as it happens.

use std::collections::VecDeque;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::stream;
use http::Response;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::super::fault::{Cut, Fate};
use super::super::history::{Change, Expired};
use super::super::object::Object;
use super::super::store::Store;
use super::answer::Api;
use super::encode::{CHUNK, Encoder};
use super::path::{Query, Target};
use super::read::version;
use super::respond::{self, Body};
use super::selector::Selector;
use super::status::Failure;

/// Time between bookmarks.
const BOOKMARK_EVERY: Duration = Duration::from_mins(1);
/// The shortest life of a watch without a limit of its own; real servers draw one between this and its double.
const SHORTEST: u64 = 1800;
/// Changes taken from the store at once.
const BATCH: usize = 256;

/// Starts a watch; what is wrong with its options is said at once, what is wrong with its version within the stream.
pub(super) fn watch(
    api: &Api,
    path: &str,
    target: &Target,
    query: &Query,
    encoder: Encoder,
) -> Result<Response<Body>, Failure> {
    let kind = encoder.kind;
    let mut selector = Selector::parse(kind, query.get("labelSelector"), query.get("fieldSelector"))?;
    if !target.name.is_empty() {
        let fields = format!("metadata.name={}", target.name);
        selector = Selector::parse(kind, query.get("labelSelector"), &fields)?;
    }
    let asked = version(query)?;
    let initial = query.is_set("sendInitialEvents");
    let matching = query.get("resourceVersionMatch");
    if query.has("sendInitialEvents") && matching != "NotOlderThan" {
        let message = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        return Err(Failure::invalid_options("resourceVersionMatch", message));
    }
    if !query.has("sendInitialEvents") && !matching.is_empty() {
        let message = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
        return Err(Failure::invalid_options("resourceVersionMatch", message));
    }
    let bookmarks = query.is_set("allowWatchBookmarks");
    let changed = api.store.subscribe(kind.kind);
    let namespace = Some(target.namespace.clone()).filter(|n| !n.is_empty());
    let life = query.get("timeoutSeconds").parse().ok().filter(|s| *s > 0);
    let life = Duration::from_secs(life.unwrap_or_else(|| fastrand::u64(SHORTEST..SHORTEST * 2)));
    let now = Instant::now();
    let mut watch = Watch {
        store: api.store.clone(),
        fate: Fate::new(&api.faults, path),
        encoder,
        namespace,
        selector,
        seen: asked.unwrap_or(0),
        initial: VecDeque::new(),
        ends_initial: initial && bookmarks,
        changed,
        bookmarks: if bookmarks { bookmark_times(now, life) } else { VecDeque::new() },
        ends_at: now + life,
        first: true,
    };
    let from_start = asked.unwrap_or(0) == 0;
    if initial && (!api.streaming_lists || api.faults.has_old_store()) {
        watch.refuse(&Failure::no_watch_progress());
    } else if initial || from_start {
        let snapshot = api.store.snapshot(kind.kind, watch.namespace.as_deref(), None).map_err(Failure::expired)?;
        if let Some(asked) = asked.filter(|a| *a > snapshot.resource_version) {
            return Err(Failure::too_large(asked, snapshot.resource_version));
        }
        watch.seen = snapshot.resource_version;
        if initial || !query.has("sendInitialEvents") {
            watch.initial = snapshot.objects.into();
        }
    }
    let frames = stream::unfold(watch, |mut watch| async { watch.next().await.map(|frame| (frame, watch)) });
    Ok(respond::streamed(frames))
}

/// One about every minute, and two shortly before the end.
fn bookmark_times(now: Instant, life: Duration) -> VecDeque<Instant> {
    let end = now + life;
    let early = (1..).map(|i| now + BOOKMARK_EVERY * i).take_while(|t| *t + Duration::from_secs(2) < end);
    let late = [2, 1].into_iter().filter_map(|s| end.checked_sub(Duration::from_secs(s))).filter(|t| *t > now);
    early.chain(late).collect()
}

struct Watch {
    store: Store,
    fate: Fate,
    encoder: Encoder,
    namespace: Option<String>,
    selector: Selector,
    /// The version up to which everything was sent.
    seen: u64,
    /// What stood there when the watch began, yet to be sent.
    initial: VecDeque<Arc<Object>>,
    /// Whether the end of `initial` is to be marked.
    ends_initial: bool,
    changed: watch::Receiver<u64>,
    bookmarks: VecDeque<Instant>,
    ends_at: Instant,
    /// Whether nothing was sent yet.
    first: bool,
}

impl Watch {
    /// The next chunk, when there is one to send.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            if let ControlFlow::Break(sent) = self.fate.next().await {
                return sent;
            }
            if let Some(cut) = self.fate.cut() {
                self.strike(cut);
                continue;
            }
            let out = match self.gather() {
                Ok(out) => out,
                Err(failure) => {
                    self.refuse(&failure);
                    continue;
                }
            };
            if !out.is_empty() {
                self.first = false;
                return Some(Ok(out.freeze()));
            }
            self.wait().await;
        }
    }

    /// Says within the stream why it ends.
    fn refuse(&mut self, failure: &Failure) {
        let line = serde_json::json!({"type": "ERROR", "object": failure.to_value()});
        self.fate.say(format!("{line}\n").into());
        self.fate.end();
    }

    fn strike(&mut self, cut: Cut) {
        if cut == Cut::Expired {
            let gone = Expired { asked: self.seen, floor: self.store.resource_version() };
            return self.refuse(&Failure::expired(gone));
        }
        let (encoder, seen, first) = (&self.encoder, self.seen, self.first);
        self.fate.strike(cut, || {
            let mut line = BytesMut::new();
            encoder.bookmark(&mut line, seen, false, first);
            line.truncate(line.len() / 2);
            line.freeze()
        });
    }

    /// What can be sent now, up to about a chunk.
    fn gather(&mut self) -> Result<BytesMut, Failure> {
        let mut out = BytesMut::new();
        let now = self.store.now().as_second();
        while out.len() < CHUNK
            && let Some(object) = self.initial.pop_front()
        {
            if self.selector.matches(&object) {
                out.reserve(object.body().len() + 256);
                let first = self.first && out.is_empty();
                self.encoder.event(&mut out, "ADDED", &object, now, first);
            }
        }
        if !self.initial.is_empty() {
            return Ok(out);
        }
        if std::mem::take(&mut self.ends_initial) {
            let first = self.first && out.is_empty();
            self.encoder.bookmark(&mut out, self.seen, true, first);
        }
        self.changed.borrow_and_update();
        while out.len() < CHUNK {
            let (changes, complete) =
                self.store.changes(self.encoder.kind.kind, self.seen, BATCH).map_err(Failure::expired)?;
            for change in &changes {
                self.change(&mut out, change, now);
            }
            self.seen = complete;
            if changes.len() < BATCH {
                break;
            }
        }
        let now = Instant::now();
        while self.bookmarks.front().is_some_and(|t| *t <= now) {
            self.bookmarks.pop_front();
            let first = self.first && out.is_empty();
            self.encoder.bookmark(&mut out, self.seen, false, first);
        }
        if self.ends_at <= now {
            self.fate.end();
        }
        Ok(out)
    }

    /// Writes a change as this watch sees it: an object that leaves the selector is gone.
    fn change(&self, out: &mut BytesMut, change: &Change, now: i64) {
        if self.namespace.as_deref().is_some_and(|n| n != change.object.namespace()) {
            return;
        }
        let before = change.before.as_ref().filter(|o| self.selector.matches(o));
        let after = Some(&change.object).filter(|o| !change.deleted && self.selector.matches(o));
        let first = self.first && out.is_empty();
        match (before, after) {
            (None, Some(after)) => self.encoder.event(out, "ADDED", after, now, first),
            (Some(_), Some(after)) => self.encoder.event(out, "MODIFIED", after, now, first),
            (Some(_), None) if change.deleted => self.encoder.event(out, "DELETED", &change.object, now, first),
            (Some(before), None) => {
                let last = before.at(self.encoder.kind, change.resource_version);
                self.encoder.event(out, "DELETED", &last, now, first);
            }
            (None, None) => {}
        }
    }

    async fn wait(&mut self) {
        if !self.fate.is_open() {
            return;
        }
        let next = self.bookmarks.front().map_or(self.ends_at, |t| self.ends_at.min(*t));
        tokio::select! {
            // the store outlives its watches, so a closed channel only means that the world is being dropped
            _ = self.changed.changed() => {}
            () = self.fate.changed() => {}
            () = sleep_until(next) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bookmarks_come_every_minute_and_twice_before_the_end() {
        let now = Instant::now();
        let at = |life| {
            bookmark_times(now, Duration::from_secs(life)).iter().map(|t| (*t - now).as_secs()).collect::<Vec<_>>()
        };
        // a recorded watch of 75 s had its bookmarks 15, 2 and 1 s before its end
        assert_eq!(at(75), [60, 73, 74]);
        assert_eq!(at(200), [60, 120, 180, 198, 199]);
        assert_eq!(at(2), [1]);
        assert_eq!(at(1), [0_u64; 0]);
    }
}
