//! The numbers of the lines that pass a filter, found a step at a time from the newest line backwards and kept by
//! segment: following costs the new lines only, and what the ring drops is dropped here.

use std::collections::VecDeque;

use super::matcher::Filter;
use super::ring::LogStore;
use super::segment::Segment;

/// What may be spent in one step, in bytes of plain text looked through: a millisecond's worth or two.
pub const STEP: usize = 2 << 20;
/// What a line costs that is looked at alone, or found.
const ALONE: usize = 200;
/// What a coloured line costs that is looked at alone: its colours are taken out first.
const COLOURED: usize = 2000;

/// Lines that pass a filter.
#[derive(Debug, Default)]
pub struct Hits {
    filter: Filter,
    /// Those that were looked at, the oldest first, without a gap.
    parts: VecDeque<Part>,
    count: usize,
    epoch: u64,
    scanned: u64,
}

#[derive(Debug)]
struct Part {
    /// The number of the first line of the segment.
    first: u64,
    /// Lines of the segment that were looked at, from its first.
    seen: usize,
    /// Positions in the segment of those that pass.
    hits: Vec<u16>,
}

impl Hits {
    /// Starts anew where the filter is another one.
    pub fn set_filter(&mut self, filter: &Filter) {
        if self.filter != *filter {
            *self = Self { filter: filter.clone(), epoch: self.epoch, scanned: self.scanned, ..Self::default() };
        }
    }

    /// The filter.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Looks at new lines, then at older ones, for about `budget` (as [`STEP`]; one segment at the least); says whether
    /// all lines have been looked at.
    pub fn step(&mut self, store: &LogStore, budget: usize) -> bool {
        if self.epoch != store.epoch() {
            (self.epoch, self.count) = (store.epoch(), 0);
            self.parts.clear();
        }
        let first = store.first();
        while self.parts.front().is_some_and(|p| p.first < first) {
            self.count -= self.parts.pop_front().map_or(0, |p| p.hits.len());
        }
        let mut left = budget;
        self.forward(store, &mut left);
        // what comes in may cost all there is to spend: the rest is reached all the same
        let mut went_back = false;
        while (left > 0 || !went_back) && !self.is_complete(store) {
            went_back = true;
            let at = self.parts.front().map_or(store.end(), |p| p.first);
            let Some(segment) = at.checked_sub(1).and_then(|n| store.segments.get(store.segment_of(n)?)) else { break };
            let mut part = Part { first: segment.first, seen: 0, hits: Vec::new() };
            left = left.saturating_sub(self.look(segment, &mut part));
            self.parts.push_front(part);
        }
        self.is_complete(store)
    }

    /// New lines, where the newest part is known: else they are reached backwards.
    fn forward(&mut self, store: &LogStore, left: &mut usize) {
        let Some(mut last) = self.parts.pop_back() else { return };
        let Some(mut at) = store.segment_of(last.first) else { return self.parts.push_back(last) };
        while let Some(segment) = store.segments.get(at) {
            if last.first != segment.first {
                self.parts.push_back(last);
                last = Part { first: segment.first, seen: 0, hits: Vec::new() };
            }
            *left = left.saturating_sub(self.look(segment, &mut last));
            at += 1;
        }
        self.parts.push_back(last);
    }

    /// Looks at the lines of a segment that were not looked at; says what that cost.
    fn look(&mut self, segment: &Segment, part: &mut Part) -> usize {
        let before = part.hits.len();
        let from = part.seen;
        let unseen = segment.lines.len() - from;
        if unseen == 0 {
            return 0;
        }
        self.scanned += unseen as u64;
        part.seen = segment.lines.len();
        let mut cost = segment.text.len() - segment.start(from);
        let Filter { search, pattern, inverse, .. } = &self.filter;
        let leading = search.as_ref().or(pattern.as_ref().filter(|_| !inverse));
        // what was found needs no second look at the pattern it was found by
        let is_only = search.is_none() || pattern.is_none();
        if let Some(regex) = leading.and_then(|p| p.across_lines()).filter(|_| segment.special == 0) {
            let mut at = segment.start(from);
            while let Some(found) = segment.text.get(at..).and_then(|t| regex.find(t)) {
                let n = segment.line_at(at + found.start());
                let filter = &self.filter;
                let passes = |line| filter.passes_cheaply(&line) && (is_only || filter.passes_patterns(&line));
                cost += ALONE;
                if segment.line(n).is_some_and(passes) {
                    part.hits.push(n as u16);
                }
                at = segment.start(n + 1);
            }
        } else {
            cost += unseen * ALONE + unseen.min(segment.special as usize) * COLOURED;
            for n in from..segment.lines.len() {
                let passes = |line| self.filter.passes_cheaply(&line) && self.filter.passes_patterns(&line);
                if segment.line(n).is_some_and(passes) {
                    part.hits.push(n as u16);
                }
            }
        }
        self.count += part.hits.len() - before;
        cost
    }

    /// Whether all lines have been looked at.
    #[must_use]
    pub fn is_complete(&self, store: &LogStore) -> bool {
        match (self.parts.front(), self.parts.back()) {
            (Some(front), Some(back)) => front.first <= store.first() && back.first + back.seen as u64 == store.end(),
            _ => store.is_empty(),
        }
    }

    /// Lines found so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether none has been found so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Lines looked at so far, a work counter for tests.
    #[must_use]
    pub fn scanned(&self) -> u64 {
        self.scanned
    }

    /// The first hit at `number` or behind it.
    #[must_use]
    pub fn at_or_after(&self, number: u64) -> Option<u64> {
        let from = self.parts.partition_point(|p| p.first + (p.seen as u64) <= number);
        self.parts.iter().skip(from).find_map(|p| {
            let at = p.hits.partition_point(|n| p.first + u64::from(*n) < number);
            p.hits.get(at).map(|n| p.first + u64::from(*n))
        })
    }

    /// The last hit before `number`.
    #[must_use]
    pub fn before(&self, number: u64) -> Option<u64> {
        let upto = self.parts.partition_point(|p| p.first < number);
        self.parts.iter().take(upto).rev().find_map(|p| {
            let at = p.hits.partition_point(|n| p.first + u64::from(*n) < number);
            at.checked_sub(1).and_then(|at| p.hits.get(at)).map(|n| p.first + u64::from(*n))
        })
    }

    /// How many of the hits found so far lie before `number`.
    #[must_use]
    pub fn rank(&self, number: u64) -> usize {
        let upto = self.parts.partition_point(|p| p.first < number);
        let within = |p: &Part| p.hits.partition_point(|n| p.first + u64::from(*n) < number);
        self.parts.iter().take(upto).map(within).sum()
    }
}
