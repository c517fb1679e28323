//! What is left to do about owners: told by whoever removes or marks them, done by the garbage collector, a moment later.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::super::kinds::Kind;
use super::super::object::Object;

/// Why an owner needs the collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// It is gone: what it owns goes after it, and who waited for it goes on.
    Gone,
    /// It waits for what it owns to go.
    Waits,
}

/// One owner and what is to be done.
#[derive(Debug, Clone)]
pub struct Chore {
    /// The owner's type.
    pub kind: &'static Kind,
    /// The owner, as it was last.
    pub object: Arc<Object>,
    /// Why.
    pub work: Work,
}

/// The list that a cluster's collector works from.
#[derive(Debug, Default)]
pub struct Garbage {
    /// None where no collector is at work.
    left: Mutex<Option<Vec<Chore>>>,
    changed: watch::Sender<u64>,
}

impl Garbage {
    /// From now on somebody does what is left here.
    pub(in crate::sim) fn begin(&self) {
        self.left().get_or_insert_default();
    }

    /// Leaves work here.
    ///
    /// # Errors
    /// The work, when nobody would do it.
    pub(in crate::sim) fn leave(&self, chore: Chore) -> Result<(), Chore> {
        let mut left = self.left();
        let Some(list) = left.as_mut() else { return Err(chore) };
        list.push(chore);
        drop(left);
        self.changed.send_modify(|changes| *changes += 1);
        Ok(())
    }

    /// What was left since the last call.
    pub(in crate::sim) fn take(&self) -> Vec<Chore> {
        self.left().as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Wakes whenever something is left.
    pub(in crate::sim) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn left(&self) -> MutexGuard<'_, Option<Vec<Chore>>> {
        // a list is whole whoever panicked
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
