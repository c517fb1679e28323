//! Kinds of trouble in the order of urgency, and a verdict with its reason.

use crate::domain::Timestamp;

/// What kind of trouble an Application is in. The order is the order of urgency, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TroubleKind {
    /// A container keeps exiting.
    CrashLoop,
    /// An image cannot be pulled.
    ImagePull,
    /// A container cannot be made: its configuration names what is not there, or its command cannot be run.
    CannotStart,
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
    /// A sync window holds auto-sync. Argo CD leaves no trace of that: no operation, no condition.
    Window,
    /// What runs is not what was deployed, and nobody puts it back.
    Drift,
}

impl TroubleKind {
    /// The name in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::CrashLoop => "crashLoop",
            Self::ImagePull => "imagePull",
            Self::CannotStart => "cannotStart",
            Self::OutOfMemory => "outOfMemory",
            Self::Unschedulable => "unschedulable",
            Self::ProbeFailing => "probeFailing",
            Self::OperationFailed => "operationFailed",
            Self::OperationRetrying => "operationRetrying",
            Self::OperationHeld => "operationHeld",
            Self::Degraded => "degraded",
            Self::Broken => "broken",
            Self::Window => "window",
            Self::Drift => "drift",
        }
    }

    /// Whether something is broken, or waits for a cause that is. Drift and a closed window are facts to see.
    #[must_use]
    pub fn is_fault(self) -> bool {
        !matches!(self, Self::Window | Self::Drift)
    }

    /// A short phrase for a cell of the Board.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::CrashLoop => "crash loop",
            Self::ImagePull => "no image",
            Self::CannotStart => "cannot start",
            Self::OutOfMemory => "out of memory",
            Self::Unschedulable => "no node",
            Self::ProbeFailing => "probe fails",
            Self::OperationFailed => "sync failed",
            Self::OperationRetrying => "retrying",
            Self::OperationHeld => "held",
            Self::Degraded => "degraded",
            Self::Broken => "broken",
            Self::Window => "held by window",
            Self::Drift => "drift",
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

impl Trouble {
    /// A verdict of this kind.
    pub(super) fn new(kind: TroubleKind, reason: String, since: Option<Timestamp>) -> Self {
        Self { kind, reason, since }
    }
}

/// The more urgent of two verdicts; of two of one kind the older.
#[must_use]
pub fn worse(a: Option<Trouble>, b: Option<Trouble>) -> Option<Trouble> {
    // a verdict without a beginning is the younger one
    let order = |t: &Trouble| (t.kind, t.since.unwrap_or(Timestamp::MAX));
    match (a, b) {
        (Some(a), Some(b)) => Some(if order(&b) < order(&a) { b } else { a }),
        (a, b) => a.or(b),
    }
}
