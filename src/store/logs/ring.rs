//! The ring of segments.

use std::collections::VecDeque;
use std::sync::Arc;

use super::level::{Level, goes_on};
use super::pending::{HOLD, Pending};
use super::segment::{FULL, Kind, Line, Meta, NO_STREAM, SEGMENT_LINES, Segment};
use super::streams::{Stream, StreamId, StreamState, Streams};
use crate::domain::Timestamp;
use crate::domain::text::clean_keeping_colour;

/// A line keeps this many bytes; the rest is cut with a word about it.
const LONGEST: usize = 1 << 20;

/// What the ring holds at the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory, what is kept beside the text included.
    pub bytes: usize,
    /// Lines.
    pub lines: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 << 20, lines: 1_000_000 }
    }
}

/// The log lines of what is looked at.
#[derive(Clone, Debug, Default)]
pub struct LogStore {
    limits: Limits,
    /// Shared with excerpts, which are never written to.
    pub(super) segments: VecDeque<Arc<Segment>>,
    bytes: usize,
    end: u64,
    evicted: u64,
    lost: u64,
    epoch: u64,
    streams: Streams,
    /// What the last line of each stream said, for the lines that go on with it.
    levels: Vec<Level>,
    pending: Pending,
}

impl LogStore {
    /// An empty ring.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The stream of a container, new or known.
    pub fn stream(&mut self, pod: &str, container: &str) -> StreamId {
        let id = self.streams.id(pod, container);
        self.levels.resize(self.levels.len().max(usize::from(id.0) + 1), Level::Unsaid);
        id
    }

    /// What a stream is doing now.
    pub fn set_state(&mut self, stream: StreamId, state: StreamState) {
        if let Some(stream) = self.streams.get_mut(stream) {
            stream.state = state;
        }
    }

    /// Takes a line that was written at `at` and came in at `now`. It is shown once [`LogStore::settle`] let it in.
    pub fn push(&mut self, stream: StreamId, at: Timestamp, text: &str, now: Timestamp) {
        let text = text.trim_end_matches(['\n', '\r']);
        let cut = (text.len() > LONGEST).then(|| {
            let kept = text.floor_char_boundary(LONGEST);
            format!("{} [{} more bytes]", &text[..kept], text.len() - kept)
        });
        let text = clean_keeping_colour(cut.as_deref().unwrap_or(text));
        let kind = if text.contains('\u{1b}') { Kind::Colored } else { Kind::Text };
        let mut level = Level::of(&text);
        if let Some(last) = self.levels.get_mut(usize::from(stream.0)) {
            if level == Level::Unsaid && goes_on(&text) {
                level = *last;
            }
            *last = level;
        }
        let meta = Meta { at: at.as_microsecond(), end: 0, stream: stream.0, level, kind };
        self.wait(meta, &text, now);
    }

    /// Takes a marker: what happened at `at`, to `stream` or to all of it.
    pub fn mark(&mut self, at: Timestamp, stream: Option<StreamId>, text: &str, now: Timestamp) {
        let stream = stream.map_or(NO_STREAM, |s| s.0);
        let meta = Meta { at: at.as_microsecond(), end: 0, stream, level: Level::Unsaid, kind: Kind::Marker };
        self.wait(meta, &crate::domain::text::clean(text), now);
    }

    /// Lines were lost on their way: counts them and says so between the lines.
    pub fn lose(&mut self, count: u64, at: Timestamp, now: Timestamp) {
        self.lost += count;
        self.mark(at, None, &format!("{count} lines dropped on the way here"), now);
    }

    fn wait(&mut self, meta: Meta, text: &str, now: Timestamp) {
        self.pending.push(meta, text, now);
        if self.pending.is_full() {
            self.take(now);
        }
    }

    /// Lets in the lines that have waited long enough; says whether there were any.
    pub fn settle(&mut self, now: Timestamp) -> bool {
        let before = self.end;
        if self.pending.due().is_some_and(|due| due <= now) {
            // What came in by then has waited for HOLD.
            let until = now.checked_sub(HOLD).unwrap_or(Timestamp::MIN);
            self.take(until);
        }
        self.end > before
    }

    /// Lets in every line that waits: nobody will bring an earlier one.
    pub fn settle_all(&mut self) {
        self.take(Timestamp::MAX);
    }

    /// When a line will have waited long enough.
    #[must_use]
    pub fn next_settle(&self) -> Option<Timestamp> {
        self.pending.due()
    }

    fn take(&mut self, until: Timestamp) {
        let mut pending = std::mem::take(&mut self.pending);
        pending.take(until, |meta, text| self.append(meta, text));
        self.pending = pending;
    }

    fn append(&mut self, meta: Meta, text: &str) {
        if !self.segments.back().is_some_and(|s| s.has_room(text.len())) {
            self.make_room();
        }
        if let Some(segment) = self.segments.back_mut().map(Arc::make_mut) {
            let before = segment.bytes();
            segment.push(meta, text);
            self.bytes += segment.bytes() - before;
            self.end += 1;
        }
    }

    /// Begins a segment, in the place of the oldest ones where there is no room for it.
    fn make_room(&mut self) {
        let mut old = None;
        let most = self.limits.lines.saturating_sub(SEGMENT_LINES) as u64;
        while self.segments.len() > 1 && (self.bytes + FULL > self.limits.bytes || self.len() > most) {
            let Some(segment) = self.segments.pop_front() else { break };
            self.bytes -= segment.bytes();
            self.evicted += segment.lines.len() as u64;
            // what an excerpt still holds is not written over
            old = Arc::into_inner(segment);
        }
        let segment = old.map_or_else(|| Segment::new(self.end), |old| old.renew(self.end));
        self.bytes += segment.bytes();
        self.segments.push_back(Arc::new(segment));
    }

    /// The kept lines as they are now, sharing their memory.
    pub(super) fn snapshot(&self) -> Self {
        let (segments, streams) = (self.segments.clone(), self.streams.clone());
        Self { segments, streams, end: self.end, limits: self.limits, ..Self::default() }
    }

    /// Forgets lines and streams: something else is looked at. Numbers go on.
    pub fn clear(&mut self) {
        *self = Self { limits: self.limits, end: self.end, epoch: self.epoch + 1, ..Self::default() };
    }

    /// Moves when everything is forgotten.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The number of the oldest line that is kept.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.segments.front().map_or(self.end, |s| s.first)
    }

    /// Behind the number of the newest line.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Lines that are kept.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.end - self.first()
    }

    /// Whether there is no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory the kept lines take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Lines that are not here any more: pushed out of the ring, or lost on their way to it.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.evicted + self.lost
    }

    /// The line with this number, while it is kept.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<Line<'_>> {
        let segment = self.segments.get(self.segment_of(number)?)?;
        segment.line((number - segment.first) as usize)
    }

    /// The position of the segment that keeps the line with this number.
    pub(super) fn segment_of(&self, number: u64) -> Option<usize> {
        let at = self.segments.partition_point(|s| s.end() <= number);
        self.segments.get(at).filter(|s| s.first <= number).map(|_| at)
    }

    /// Every kept line, the oldest first.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.segments.iter().flat_map(|s| (0..s.lines.len()).filter_map(|n| s.line(n)))
    }

    /// A stream by its number.
    #[must_use]
    pub fn stream_of(&self, id: StreamId) -> Option<&Stream> {
        self.streams.get(id)
    }

    /// Every stream, in the order they came.
    pub fn streams(&self) -> impl Iterator<Item = (StreamId, &Stream)> {
        self.streams.iter()
    }
}
