//! A row in its place, and what a change of it moves.

use super::windows::Waiting;
use crate::domain::{AppRow, Trouble, TroubleKind};

/// A row and the verdicts on it.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) row: AppRow,
    /// Which first list of its source named it last.
    pub(super) epoch: u32,
    /// Whether auto-sync waits there, and for what.
    pub(super) waiting: Waiting,
    /// The kind of the worst verdict on the row without its pods.
    pub(super) own: Option<TroubleKind>,
    /// The kind of the worst verdict, of those on the row and on its pods.
    pub(super) trouble: Option<TroubleKind>,
    /// The verdict on its pods.
    pub(super) pods: Option<Box<Trouble>>,
}

/// The more urgent of two verdicts, by kind.
pub(super) fn worst(row: Option<TroubleKind>, pods: Option<&Trouble>) -> Option<TroubleKind> {
    [row, pods.map(|t| t.kind)].into_iter().flatten().min()
}

/// Whether a change of a row moves it to another service or environment.
pub(super) fn is_placed_otherwise(old: &AppRow, new: &AppRow) -> bool {
    old.fullness != new.fullness || old.environment != new.environment || old.service != new.service
}

/// Whether a change of a row may move it in any list, or in or out of one.
pub(super) fn moves_order(old: &AppRow, new: &AppRow) -> bool {
    is_placed_otherwise(old, new)
        || old.project != new.project
        || old.labels != new.labels
        || old.sync != new.sync
        || old.health != new.health
        || old.version() != new.version()
        || old.deployed != new.deployed
        || old.deleting.is_some() != new.deleting.is_some()
        || old.drift != new.drift
        || old.operation.as_ref().is_some_and(|o| o.is_active())
            != new.operation.as_ref().is_some_and(|o| o.is_active())
}
