//! What is told of a write while it goes on.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::action::Memory;
use crate::view::desk::News;

/// Guarded syncs that ask whether to go back, by their number.
pub(super) type Answers = Arc<Mutex<HashMap<u64, oneshot::Sender<bool>>>>;
/// What stays undone if the program ended now, by number.
pub(super) type Undone = Arc<Mutex<BTreeMap<u64, String>>>;

/// Says how a write goes.
pub(super) struct Told {
    pub(super) number: u64,
    pub(super) sender: mpsc::Sender<News>,
    pub(super) answers: Answers,
    pub(super) undone: Undone,
    pub(super) closing: CancellationToken,
}

impl Told {
    /// Says how far it is.
    pub(super) async fn goes(&self, said: String) {
        // nobody listens any more: the program is ending
        _ = self.sender.send(News::Goes { number: self.number, said }).await;
    }

    /// Says how it ended, and what is noted of the Applications now.
    pub(super) async fn rest(&self, memory: Result<Memory, String>, said: String, well: bool) {
        // a guard that the program's end has stopped leaves something undone
        if !self.closing.is_cancelled() || well {
            locked(&self.undone).remove(&self.number);
        }
        if let Ok(memory) = memory {
            _ = self.sender.send(News::Notes(memory.notes())).await;
        }
        _ = self.sender.send(News::Over { number: self.number, said, well }).await;
    }
}

/// What is shared, whoever broke while holding it.
pub(super) fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
