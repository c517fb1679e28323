//! Lines that wait to be put into order with those of other streams.

use std::time::Duration;

use super::segment::Meta;
use crate::domain::Timestamp;
use crate::domain::time::after;

/// How long a line waits for earlier ones of other streams. Long enough for the first answers of a handful of pods to
/// come in together, short enough not to be felt.
pub const HOLD: Duration = Duration::from_millis(200);
/// Text that waits at the most; beyond it lines are taken as they came.
const MOST: usize = 4 << 20;

/// Lines that have come in and have no number yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    text: String,
    lines: Vec<Waiting>,
}

#[derive(Clone, Debug)]
struct Waiting {
    meta: Meta,
    start: u32,
    came: Timestamp,
}

impl Pending {
    pub fn push(&mut self, meta: Meta, text: &str, came: Timestamp) {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        self.lines.push(Waiting { meta: Meta { end: self.text.len() as u32, ..meta }, start, came });
    }

    pub fn is_full(&self) -> bool {
        self.text.len() >= MOST || self.lines.len() >= MOST / 64
    }

    /// When the line that waits longest has waited enough.
    pub fn due(&self) -> Option<Timestamp> {
        self.lines.iter().map(|l| l.came).min().map(|came| after(came, HOLD))
    }

    /// Hands out, in the order of their timestamps, every line up to the last one that came in by `until`.
    pub fn take(&mut self, until: Timestamp, mut keep: impl FnMut(Meta, &str)) {
        // Lines of one stream with equal timestamps stay in their order: the sort is stable.
        self.lines.sort_by_key(|l| l.meta.at);
        let count = self.lines.iter().rposition(|l| l.came <= until).map_or(0, |n| n + 1);
        for line in &self.lines[..count] {
            keep(line.meta, self.text.get(line.start as usize..line.meta.end as usize).unwrap_or_default());
        }
        if count == self.lines.len() {
            self.text.clear();
            self.lines.clear();
            return;
        }
        let (old, rest) = (std::mem::take(&mut self.text), self.lines.split_off(count));
        self.lines.clear();
        for line in rest {
            let text = old.get(line.start as usize..line.meta.end as usize).unwrap_or_default();
            self.push(line.meta, text, line.came);
        }
    }
}
