//! Processes that ended by themselves while somebody was attached to them; kubelets take note.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::container::Container;

/// Ends that nobody has taken note of yet; in a cluster without kubelets nobody ever does.
const KEPT: usize = 256;

/// What ended in the containers of a cluster; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Exits(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    ended: Mutex<Vec<Exited>>,
    changed: watch::Sender<u64>,
}

/// The end of a container's first process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exited {
    /// `namespace/name` of the pod.
    pub pod: String,
    /// The pod's uid.
    pub uid: String,
    /// The container's name.
    pub container: String,
    /// The exit code.
    pub code: i64,
}

impl Exits {
    /// Tells that the first process of a container has ended.
    pub(in crate::sim) fn tell(&self, container: &Container, code: i32) {
        let exited = Exited {
            pod: container.key(),
            uid: container.text("/metadata/uid").to_owned(),
            container: container.name.clone(),
            code: code.into(),
        };
        let mut ended = self.0.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.len() < KEPT {
            ended.push(exited);
        }
        drop(ended);
        self.0.changed.send_modify(|changes| *changes += 1);
    }

    /// What ended since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<Exited> {
        std::mem::take(&mut *self.0.ended.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Wakes whenever something ended.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }
}
