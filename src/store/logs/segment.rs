//! A run of lines that is kept, and dropped, as one.

use super::level::Level;
use super::streams::StreamId;
use crate::domain::Timestamp;

/// Bytes of text in a segment. A line longer than that has a segment of its own.
pub(super) const SEGMENT: usize = 64 << 10;
/// Lines in a segment at the most.
pub(super) const SEGMENT_LINES: usize = 4096;

/// Bytes that a segment of ordinary lines grows to.
pub(super) const FULL: usize = SEGMENT + SEGMENT_LINES * size_of::<Meta>();

/// What kind of line it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// What a container wrote.
    #[default]
    Text,
    /// What a container wrote, with colours.
    Colored,
    /// What happened between the lines: a restart, a sync, a loss.
    Marker,
}

/// A line as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its number, for good.
    pub number: u64,
    /// When it was written.
    pub at: Timestamp,
    /// Where it comes from; markers may come from nowhere.
    pub stream: Option<StreamId>,
    /// How bad it says it is.
    pub level: Level,
    /// What kind of line it is.
    pub kind: Kind,
    /// Its text: no control character but colour sequences, and those only in [`Kind::Colored`].
    pub text: &'a str,
}

/// What is kept of a line beside its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meta {
    /// Microseconds since 1970.
    pub at: i64,
    /// Behind its last byte; the line break follows.
    pub end: u32,
    /// [`u16::MAX`] stands for none.
    pub stream: u16,
    pub level: Level,
    pub kind: Kind,
}

pub(super) const NO_STREAM: u16 = u16::MAX;

/// A run of lines.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// The number of its first line.
    pub first: u64,
    /// Every line with a line break behind it.
    pub text: String,
    pub lines: Vec<Meta>,
    /// Lines whose text is not what is seen: colours, markers.
    pub special: u32,
}

impl Segment {
    pub fn new(first: u64) -> Self {
        Self { first, text: String::with_capacity(SEGMENT), lines: Vec::with_capacity(256), special: 0 }
    }

    /// Makes an old segment a new one; one that had to grow gives its memory back.
    pub fn renew(mut self, first: u64) -> Self {
        if self.text.capacity() > SEGMENT {
            return Self::new(first);
        }
        self.text.clear();
        self.lines.clear();
        (self.first, self.special) = (first, 0);
        self
    }

    pub fn has_room(&self, bytes: usize) -> bool {
        self.lines.is_empty() || (self.text.len() + bytes < SEGMENT && self.lines.len() < SEGMENT_LINES)
    }

    pub fn push(&mut self, mut meta: Meta, text: &str) {
        self.text.push_str(text);
        meta.end = self.text.len() as u32;
        self.text.push('\n');
        self.special += u32::from(meta.kind != Kind::Text);
        self.lines.push(meta);
    }

    /// Bytes it takes in memory.
    pub fn bytes(&self) -> usize {
        self.text.capacity() + self.lines.capacity() * size_of::<Meta>()
    }

    /// Behind its last line.
    pub fn end(&self) -> u64 {
        self.first + self.lines.len() as u64
    }

    /// Where the text of its `n`th line begins.
    pub fn start(&self, n: usize) -> usize {
        n.checked_sub(1).and_then(|n| self.lines.get(n)).map_or(0, |m| m.end as usize + 1)
    }

    /// The line that byte `at` belongs to.
    pub fn line_at(&self, at: usize) -> usize {
        self.lines.partition_point(|m| (m.end as usize) < at)
    }

    pub fn line(&self, n: usize) -> Option<Line<'_>> {
        let meta = self.lines.get(n)?;
        Some(Line {
            number: self.first + n as u64,
            at: Timestamp::from_microsecond(meta.at).unwrap_or_default(),
            stream: (meta.stream != NO_STREAM).then_some(StreamId(meta.stream)),
            level: meta.level,
            kind: meta.kind,
            text: self.text.get(self.start(n)..meta.end as usize).unwrap_or_default(),
        })
    }
}
