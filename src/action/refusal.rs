//! Why a write is not made, and what to try instead.

use crate::source::kube::ReadError;

/// Why a write is not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Refusal {
    /// What stands in the way.
    pub kind: RefusalKind,
    /// In one line, cleaned.
    pub why: String,
    /// What to try.
    pub hint: Option<String>,
}

/// What stands in the way of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// The whole cockpit only looks.
    ReadOnly,
    /// The environment only is looked at.
    Protected,
    /// What the person saw is no longer so.
    Stale,
    /// A sync window is closed.
    Window,
    /// The right is missing.
    Denied,
    /// It was not confirmed the way it has to be.
    Unconfirmed,
    /// Another operation runs.
    Busy,
    /// It cannot be done, whoever asks.
    Impossible,
    /// It is so already: nothing to do.
    Already,
    /// What was named is not there.
    Missing,
    /// The audit log could not be written.
    Unaudited,
    /// The server could not be asked, or was not reached.
    Unreachable,
}

impl Refusal {
    pub(super) fn new(kind: RefusalKind, why: impl Into<String>, hint: Option<String>) -> Self {
        Self { kind, why: why.into(), hint }
    }

    pub(super) fn impossible(why: String, hint: impl Into<String>) -> Self {
        Self::new(RefusalKind::Impossible, why, Some(hint.into()))
    }

    pub(super) fn busy(why: String) -> Self {
        Self::new(RefusalKind::Busy, why, Some("wait for it, or terminate it".to_owned()))
    }

    pub(super) fn already(why: String) -> Self {
        Self::new(RefusalKind::Already, why, None)
    }

    pub(super) fn missing(why: String, hint: impl Into<String>) -> Self {
        Self::new(RefusalKind::Missing, why, Some(hint.into()))
    }

    pub(super) fn unaudited(why: String) -> Self {
        let hint = "a write leaves a trace or is not made: free space, or make the folder writable".to_owned();
        Self::new(RefusalKind::Unaudited, why, Some(hint))
    }

    /// There is no way to what is to be written.
    #[must_use]
    pub fn no_way(why: String) -> Self {
        Self::new(RefusalKind::Impossible, why, None)
    }

    /// What the decision rests on cannot be read.
    #[must_use]
    pub fn unread(error: &ReadError) -> Self {
        match error {
            ReadError::Missing(why) => Self::new(RefusalKind::Missing, why.clone(), None),
            ReadError::Denied(why) => Self::denied(why.clone()),
            ReadError::Failed { why, hint } => Self::unreachable(why.clone(), hint.clone()),
        }
    }

    /// A server that is not there, or does not answer: nothing was sent.
    pub(super) fn unreachable(why: String, hint: Option<String>) -> Self {
        Self::new(RefusalKind::Unreachable, why, hint)
    }

    /// A server that does not let us.
    pub(super) fn denied(why: String) -> Self {
        Self::new(RefusalKind::Denied, why, Some("ask for the right, or act as somebody who has it".to_owned()))
    }

    pub(super) fn stale(changes: &[String]) -> Self {
        Self::new(
            RefusalKind::Stale,
            format!("it is no longer as you saw it: {}", changes.join("; ")),
            Some("look again, and plan anew".to_owned()),
        )
    }
}
