//! The lanes of all sources, behind one lock.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::lane::Lane;
use crate::domain::Symbol;
use crate::store::delta::{Delta, Sink};

/// How many changes of one source are handed out before it is another's turn.
const TURN: usize = 64;

/// Takes the deltas of all sources and hands them to the loop, coalesced.
///
/// A push never waits for the loop. At the most one state of an Application is pending, twice while a list of its source
/// is being read: once before the list and once in it.
pub struct Mailbox {
    lanes: Mutex<Lanes>,
    notify: Arc<Notify>,
}

#[derive(Default)]
struct Lanes {
    of: HashMap<Symbol, Lane>,
    /// Sources with something pending, each once, in the order of their turns.
    turns: VecDeque<Symbol>,
    figures: Figures,
}

/// What went through a mailbox since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Deltas pushed by sources.
    pub pushed: u64,
    /// Deltas handed to the loop.
    pub taken: u64,
    /// Deltas that were overtaken before the loop took them.
    pub coalesced: u64,
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").field("figures", &self.figures()).finish_non_exhaustive()
    }
}

impl Mailbox {
    /// An empty one. `notify` is told when there is something to take.
    #[must_use]
    pub fn new(notify: Arc<Notify>) -> Self {
        Self { lanes: Mutex::default(), notify }
    }

    /// The next changes in an order that is right to apply them in, about `limit` at the most (a list that is swapped in
    /// as one is never cut). What is left is notified of again.
    #[must_use]
    pub fn take(&self, limit: usize) -> Vec<Delta> {
        let mut taken = Vec::new();
        let mut left = limit;
        let mut lanes = self.lock();
        while left > 0
            && let Some(source) = lanes.turns.pop_front()
        {
            let Some(lane) = lanes.of.get_mut(&source) else { continue };
            left -= lane.take(&source, left.min(TURN), &mut taken).min(left);
            if !lane.is_empty() {
                lanes.turns.push_back(source);
            }
        }
        lanes.figures.taken += taken.len() as u64;
        if !lanes.turns.is_empty() {
            self.notify.notify_one();
        }
        taken
    }

    /// Whether nothing is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().turns.is_empty()
    }

    /// What went through so far.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.lock().figures
    }

    fn lock(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Mailbox {
    fn push(&self, delta: Delta) {
        let source = match &delta {
            Delta::Link(source, _)
            | Delta::Facts(source, _)
            | Delta::Begin(source)
            | Delta::Settle(source)
            | Delta::Replace(source, _) => source.clone(),
            Delta::Upsert(row) => row.key.source.clone(),
            Delta::Remove(key) => key.source.clone(),
        };
        let mut guard = self.lock();
        let lanes = &mut *guard;
        lanes.figures.pushed += 1;
        let lane = lanes.of.entry(source.clone()).or_default();
        let was_empty = lane.is_empty();
        let overtaken = lane.push(delta);
        lanes.figures.coalesced += overtaken.count;
        if was_empty && !lane.is_empty() {
            lanes.turns.push_back(source);
            self.notify.notify_one();
        }
        // thousands of rows may be in what was overtaken: nobody has to wait while they are freed
        drop(guard);
        drop(overtaken);
    }
}
