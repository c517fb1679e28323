//! What Argo CD is doing, or last did, to an Application: `operation` and `status.operationState`.

use super::{Symbol, Timestamp};

/// Phase of an operation, spelled as Argo CD spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Under way; together with [`Operation::finished`] it waits for a retry.
    Running,
    /// Asked to stop.
    Terminating,
    /// Done.
    Succeeded,
    /// Resources failed.
    Failed,
    /// It could not be carried out.
    Error,
}

impl Phase {
    /// The phase a server names; an unknown word is nothing we may guess from.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "Running" => Self::Running,
            "Terminating" => Self::Terminating,
            "Succeeded" => Self::Succeeded,
            "Failed" => Self::Failed,
            "Error" => Self::Error,
            _ => return None,
        })
    }

    /// The word Argo CD uses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Terminating => "Terminating",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Error => "Error",
        }
    }

    /// Whether nothing more will happen in this phase.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Error)
    }
}

/// The part of an operation that hooks and resources belong to, in the order they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SyncPhase {
    /// Hooks before everything.
    PreSync,
    /// Resources, and hooks beside them.
    Sync,
    /// Hooks when all is healthy: Synced and Healthy is not done while they run.
    PostSync,
    /// Hooks after a failure.
    SyncFail,
}

impl SyncPhase {
    /// Every one, in their order.
    pub const ALL: [Self; 4] = [Self::PreSync, Self::Sync, Self::PostSync, Self::SyncFail];

    /// The phase a server names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.word() == word)
    }

    /// The word Argo CD uses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::PreSync => "PreSync",
            Self::Sync => "Sync",
            Self::PostSync => "PostSync",
            Self::SyncFail => "SyncFail",
        }
    }
}

/// The running or last operation of an Application.
#[expect(clippy::struct_excessive_bools, reason = "each is a field of its own in Argo CD")]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Operation {
    /// `operation` is set: something runs or is asked for. Done is when this is gone *and* the phase is over.
    pub requested: bool,
    /// `None` while the controller has not picked it up.
    pub phase: Option<Phase>,
    /// The controller's message, cleaned.
    pub message: Option<Box<str>>,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended, or when the last failed attempt ended while it waits for a retry.
    pub finished: Option<Timestamp>,
    /// Attempts after the first.
    pub retries: u32,
    /// How many retries it is allowed; `None` where the operation does not say.
    pub retry_limit: Option<i64>,
    /// A retry takes what Git holds by then (`retry.refresh`); otherwise what is newer waits for all attempts.
    pub retry_refreshes: bool,
    /// When the next attempt is due, while it waits for one.
    pub next_attempt: Option<Timestamp>,
    /// The revision it applies.
    pub revision: Option<Symbol>,
    /// Who asked for it; `None` with [`Operation::automated`].
    pub by: Option<Symbol>,
    /// Auto-sync asked for it.
    pub automated: bool,
    /// Nothing was written.
    pub dry_run: bool,
    /// The latest phase it has dealt with anything of; `None` before that.
    pub sync_phase: Option<SyncPhase>,
    /// Resources and hooks that are through.
    pub done: u32,
    /// Resources and hooks known so far.
    pub total: u32,
}

/// What the controller says while a sync window holds an operation back (semantics 6.4).
pub const HELD_MESSAGE: &str = "Sync operation blocked by sync window";

impl Operation {
    /// Something runs, waits or is asked for.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.requested || matches!(self.phase, Some(Phase::Running | Phase::Terminating))
    }

    /// A failed attempt waits for its retry: phase Running *with* `finishedAt` (recorded, `hook-fails`).
    #[must_use]
    pub fn is_retrying(&self) -> bool {
        self.phase == Some(Phase::Running) && self.finished.is_some()
    }

    /// A sync window holds it back. The message also flashes for a fifth of a second when a window lets a manual
    /// sync through (recorded, `window-manual`), so it counts only once the operation is three seconds old.
    #[must_use]
    pub fn is_held(&self, now: Timestamp) -> bool {
        self.phase == Some(Phase::Running)
            && self.message.as_deref() == Some(HELD_MESSAGE)
            && self.started.is_some_and(|at| now.duration_since(at).as_secs() >= 3)
    }

    /// It ended badly.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        !self.is_active() && matches!(self.phase, Some(Phase::Failed | Phase::Error))
    }
}
