//! The tasks behind upgraded connections.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;

/// The sessions of one server; clones share them. They end with the last clone, or at [`Sessions::shutdown`].
#[derive(Debug, Clone, Default)]
pub struct Sessions(Arc<Mutex<JoinSet<()>>>);

impl Sessions {
    /// Runs a session until it ends or the server stops.
    pub fn begin(&self, session: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(session);
    }

    /// How many run.
    #[must_use]
    pub fn len(&self) -> usize {
        let mut tasks = self.tasks();
        while tasks.try_join_next().is_some() {}
        tasks.len()
    }

    /// Whether none runs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends all and waits until they are gone.
    pub async fn shutdown(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks());
        tasks.shutdown().await;
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        // nothing that can panic happens under the lock
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
