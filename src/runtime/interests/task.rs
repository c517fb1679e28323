//! A reading that is under way.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::work::Work;
use crate::domain::{AppRow, Route, Timestamp};
use crate::runtime::scope::Scope;
use crate::store::{Delta, Sink};

/// A reading that is under way.
pub(super) struct Task {
    pub(super) scope: Scope,
    pub(super) unwanted_since: Option<Timestamp>,
    /// For details and comparisons: what they were last read for, and how to say that it changed.
    pub(super) seen: Option<Box<Seen>>,
    pub(super) changed: Arc<Notify>,
}

/// What the details of an Application were last read for.
#[derive(PartialEq)]
pub(super) struct Seen {
    pub(super) row: AppRow,
    pub(super) route: Option<Route>,
    /// Moves with its pods.
    pub(super) pods: u64,
}

impl Task {
    /// Begins `work` on `io`: it says what is read into `sink`, and its last word whatever ends it. `changed` wakes it.
    pub(super) fn begin(work: Work, changed: Arc<Notify>, sink: &Arc<dyn Sink>, io: Handle) -> Self {
        let Work { name, future, end, broken } = work;
        let told = Arc::clone(sink);
        let scope = Scope::new(io, move |_| told.push(broken.clone()));
        let last_word = LastWord { sink: Arc::clone(sink), delta: end };
        scope.spawn(name, async move {
            let _last_word = last_word;
            future.await;
        });
        Self { scope, unwanted_since: None, seen: None, changed }
    }
}

/// Pushed when it is dropped: a task's last word comes after all else it said.
struct LastWord {
    sink: Arc<dyn Sink>,
    delta: Option<Delta>,
}

impl Drop for LastWord {
    fn drop(&mut self) {
        if let Some(delta) = self.delta.take() {
            self.sink.push(delta);
        }
    }
}
