//! What happened to one kind of objects lately: a bounded ring, from which watches are answered.

use std::collections::VecDeque;
use std::sync::Arc;

use super::object::Object;

/// Changes kept per kind.
const MAX_CHANGES: usize = 16_384;
/// Bytes of object versions kept per kind.
const MAX_BYTES: usize = 48 << 20;

/// One write.
#[derive(Debug, Clone)]
pub struct Change {
    /// The version the write got.
    pub resource_version: u64,
    /// The object before; none when it was created.
    pub before: Option<Arc<Object>>,
    /// The object as written; for a deletion as it was last, with the deletion's version.
    pub object: Arc<Object>,
    /// Whether the object is gone.
    pub deleted: bool,
}

/// The asked-for version is older than what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too old resource version: {asked} ({floor})")]
pub struct Expired {
    /// The version asked for.
    pub asked: u64,
    /// The oldest version from which a watch can start.
    pub floor: u64,
}

/// Changes of one kind, oldest first.
#[derive(Debug, Default)]
pub struct History {
    changes: VecDeque<Change>,
    bytes: usize,
    floor: u64,
}

impl History {
    /// Adds the newest change, forgetting the oldest ones over the bounds.
    pub fn push(&mut self, change: Change) {
        self.bytes += change.object.body().len();
        self.changes.push_back(change);
        while self.changes.len() > MAX_CHANGES || self.bytes > MAX_BYTES {
            self.forget_oldest();
        }
    }

    /// Forgets everything up to and including `resource_version`, as etcd's compaction does.
    pub fn compact(&mut self, resource_version: u64) {
        while self.changes.front().is_some_and(|c| c.resource_version <= resource_version) {
            self.forget_oldest();
        }
        self.floor = self.floor.max(resource_version);
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.changes.pop_front() {
            self.bytes -= oldest.object.body().len();
            self.floor = oldest.resource_version;
        }
    }

    /// The changes after `resource_version`, oldest first.
    pub fn since(&self, resource_version: u64) -> Result<impl DoubleEndedIterator<Item = &Change>, Expired> {
        if resource_version < self.floor {
            return Err(Expired { asked: resource_version, floor: self.floor });
        }
        let start = self.changes.partition_point(|c| c.resource_version <= resource_version);
        Ok(self.changes.range(start..))
    }
}
