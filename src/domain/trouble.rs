//! The cockpit's own verdict beside Argo CD's health.

use super::{AppRow, Health, Phase, Timestamp};

/// What kind of trouble an Application is in. The order is the order of urgency, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TroubleKind {
    /// A container keeps exiting.
    CrashLoop,
    /// An image cannot be pulled.
    ImagePull,
    /// A container was killed for its memory.
    OutOfMemory,
    /// No node takes the pod.
    Unschedulable,
    /// A probe keeps failing.
    ProbeFailing,
    /// The last operation ended in Failed or Error.
    OperationFailed,
    /// An operation failed and waits for its next attempt.
    OperationRetrying,
    /// A sync window holds an operation.
    OperationHeld,
    /// Argo CD itself says Degraded.
    Degraded,
    /// Argo CD cannot compare: the source, the spec or the cluster is broken.
    Broken,
}

impl TroubleKind {
    /// The name in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::CrashLoop => "crashLoop",
            Self::ImagePull => "imagePull",
            Self::OutOfMemory => "outOfMemory",
            Self::Unschedulable => "unschedulable",
            Self::ProbeFailing => "probeFailing",
            Self::OperationFailed => "operationFailed",
            Self::OperationRetrying => "operationRetrying",
            Self::OperationHeld => "operationHeld",
            Self::Degraded => "degraded",
            Self::Broken => "broken",
        }
    }

    /// A short phrase for a cell of the Board.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::CrashLoop => "crash loop",
            Self::ImagePull => "no image",
            Self::OutOfMemory => "out of memory",
            Self::Unschedulable => "no node",
            Self::ProbeFailing => "probe fails",
            Self::OperationFailed => "sync failed",
            Self::OperationRetrying => "retrying",
            Self::OperationHeld => "held",
            Self::Degraded => "degraded",
            Self::Broken => "broken",
        }
    }
}

/// A verdict with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What kind.
    pub kind: TroubleKind,
    /// Why, in one line.
    pub reason: String,
    /// Since when, as far as known.
    pub since: Option<Timestamp>,
}

/// Argo CD's conditions that mean it cannot do its work (semantics 1.5).
const BROKEN: [&str; 4] = ["ComparisonError", "InvalidSpecError", "UnknownError", "DeletionError"];

/// What the Application itself tells of trouble; pods and events add theirs elsewhere.
#[must_use]
pub fn of_row(row: &AppRow, now: Timestamp) -> Option<Trouble> {
    let operation = row.operation.as_ref();
    let message = || operation.and_then(|o| o.message.as_deref()).unwrap_or_default().to_owned();
    if let Some(operation) = operation {
        if operation.is_held(now) {
            return Some(trouble(TroubleKind::OperationHeld, message(), operation.started));
        }
        if operation.is_retrying() {
            return Some(trouble(TroubleKind::OperationRetrying, message(), operation.finished));
        }
    }
    if let Some(condition) = row.conditions.iter().find(|c| BROKEN.contains(&&*c.kind)) {
        return Some(trouble(
            TroubleKind::Broken,
            format!("{}: {}", condition.kind, condition.message),
            condition.since,
        ));
    }
    if let Some(operation) = operation
        && operation.has_failed()
        && matches!(operation.phase, Some(Phase::Failed | Phase::Error))
    {
        return Some(trouble(TroubleKind::OperationFailed, message(), operation.finished));
    }
    if row.health == Health::Degraded {
        let why = row.health_message.as_deref().unwrap_or("Argo CD gives no reason").to_owned();
        return Some(trouble(TroubleKind::Degraded, why, row.health_since));
    }
    None
}

fn trouble(kind: TroubleKind, reason: String, since: Option<Timestamp>) -> Trouble {
    Trouble { kind, reason, since }
}
