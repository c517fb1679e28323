//! What a controller will do, and when.

use std::collections::BTreeMap;

use jiff::Timestamp;

type Work<C> = Box<dyn FnOnce(&mut C) + Send>;

/// Work of a controller `C` in the order in which it is due; what is due at one moment, as it was asked for.
pub(super) struct Queue<C> {
    work: BTreeMap<(Timestamp, u64), Work<C>>,
    serial: u64,
}

impl<C> Queue<C> {
    /// Nothing to do.
    pub fn new() -> Self {
        Self { work: BTreeMap::new(), serial: 0 }
    }

    /// Has something done at a moment.
    pub fn at(&mut self, due: Timestamp, work: impl FnOnce(&mut C) + Send + 'static) {
        self.serial += 1;
        self.work.insert((due, self.serial), Box::new(work));
    }

    /// Takes out what is due first, if that is at `now` or was before.
    pub fn take(&mut self, now: Timestamp) -> Option<(Timestamp, Work<C>)> {
        let entry = self.work.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((due, _), work) = entry.remove_entry();
        Some((due, work))
    }

    /// When the first is due.
    pub fn due(&self) -> Option<Timestamp> {
        self.work.first_key_value().map(|((due, _), _)| *due)
    }
}
