//! Which lines stand on the screen, and how it moves over them. Only what is on screen is shaped and wrapped.

use super::shape::Shape;
use crate::store::LogStore;
use crate::store::logs::Hits;

/// A row of the text: a line, and which of its rows where it wraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    pub line: u64,
    pub row: usize,
}

/// A line on screen.
#[derive(Debug)]
pub(super) struct Placed {
    pub number: u64,
    /// Rows of it above the screen.
    pub skip: usize,
    /// Rows of it on screen.
    pub rows: usize,
    pub shape: Shape,
}

/// The lines that pass, and how they are shown.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    pub store: &'a LogStore,
    /// Nothing where every line passes.
    pub hits: Option<&'a Hits>,
    /// Behind the last line that is shown.
    pub limit: u64,
    /// Cells of the text where it wraps.
    pub wrap: Option<usize>,
    pub raw: bool,
}

impl Lines<'_> {
    pub fn before(&self, number: u64) -> Option<u64> {
        let number = number.min(self.limit);
        match self.hits {
            Some(hits) => hits.before(number).filter(|n| *n >= self.store.first()),
            None => number.checked_sub(1).filter(|n| *n >= self.store.first()),
        }
    }

    pub fn at_or_after(&self, number: u64) -> Option<u64> {
        let number = number.max(self.store.first());
        let found = self.hits.map_or(Some(number), |hits| hits.at_or_after(number));
        found.filter(|n| *n < self.limit)
    }

    /// Lines behind the limit: what a held view does not show.
    pub fn behind_limit(&self) -> u64 {
        self.hits.map_or(self.store.end() - self.limit, |hits| (hits.len() - hits.rank(self.limit)) as u64)
    }

    fn shape(&self, number: u64) -> Shape {
        self.store.get(number).map(|line| Shape::of(&line, self.raw)).unwrap_or_default()
    }

    fn rows(&self, number: u64) -> usize {
        if self.wrap.is_some() { self.shape(number).rows(self.wrap) } else { 1 }
    }

    /// As many of the last lines as `height` rows hold.
    pub fn last(&self, height: usize) -> Vec<Placed> {
        let mut placed = Vec::new();
        let (mut left, mut at) = (height, self.limit);
        while left > 0 {
            let Some(number) = self.before(at) else { break };
            let shape = self.shape(number);
            let all = shape.rows(self.wrap);
            let rows = all.min(left);
            placed.push(Placed { number, skip: all - rows, rows, shape });
            (left, at) = (left - rows, number);
        }
        placed.reverse();
        placed
    }

    /// The lines from an anchor on; the last ones where there are not enough behind it.
    pub fn from(&self, top: Anchor, height: usize) -> Vec<Placed> {
        let mut placed = Vec::new();
        let mut left = height;
        let mut next = self.at_or_after(top.line);
        while let (Some(number), 1..) = (next, left) {
            let shape = self.shape(number);
            let all = shape.rows(self.wrap);
            let skip = if number == top.line { top.row.min(all - 1) } else { 0 };
            let rows = (all - skip).min(left);
            placed.push(Placed { number, skip, rows, shape });
            left -= rows;
            next = self.at_or_after(number + 1);
        }
        if left > 0 { self.last(height) } else { placed }
    }

    /// The anchor `by` rows above.
    pub fn up(&self, from: Anchor, by: usize) -> Anchor {
        let Anchor { mut line, mut row } = from;
        let mut by = by;
        while by > row {
            by -= row;
            let Some(before) = self.before(line) else { return Anchor { line, row: 0 } };
            (line, row) = (before, self.rows(before));
        }
        Anchor { line, row: row - by }
    }

    /// The anchor `by` rows below.
    pub fn down(&self, from: Anchor, by: usize) -> Anchor {
        let Anchor { mut line, mut row } = from;
        let mut by = by;
        loop {
            let left = self.rows(line).saturating_sub(row + 1);
            if by <= left {
                return Anchor { line, row: row + by };
            }
            let Some(next) = self.at_or_after(line + 1) else { return Anchor { line, row: row + left } };
            by -= left + 1;
            (line, row) = (next, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use proptest::prelude::*;

    proptest! {
        /// Moving over wrapped lines is moving over the list of all rows.
        #[test]
        fn moving_is_moving_over_a_list_of_rows(
            lengths in prop::collection::vec(0usize..25, 1..30), start in 0usize..60, by in 0usize..40, height in 1usize..12,
        ) {
            let mut store = LogStore::default();
            let stream = store.stream("a", "b");
            for n in &lengths {
                store.push(stream, Timestamp::UNIX_EPOCH, &"x".repeat(*n), Timestamp::UNIX_EPOCH);
            }
            store.settle_all();
            let lines = Lines { store: &store, hits: None, limit: store.end(), wrap: Some(7), raw: true };
            let all: Vec<Anchor> = lengths.iter().enumerate()
                .flat_map(|(n, len)| (0..len.div_ceil(7).max(1)).map(move |row| Anchor { line: n as u64, row }))
                .collect();
            let start = start.min(all.len() - 1);
            prop_assert_eq!(lines.up(all[start], by), all[start.saturating_sub(by)]);
            prop_assert_eq!(lines.down(all[start], by), all[(start + by).min(all.len() - 1)]);
            let placed = lines.from(all[start], height);
            let shown: Vec<Anchor> = placed.iter()
                .flat_map(|p| (p.skip..p.skip + p.rows).map(|row| Anchor { line: p.number, row })).collect();
            let first = start.min(all.len().saturating_sub(height));
            prop_assert_eq!(&shown[..], &all[first..(first + height).min(all.len())]);
        }
    }
}
