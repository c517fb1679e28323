//! The options of a sync, as they are asked for.

use super::guarded::Watch;
use crate::domain::ObjectName;

/// How resources are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Strategy {
    /// With hooks.
    #[default]
    Hook,
    /// Without hooks.
    Apply,
}

/// The options of a sync. What is left out is left to the Application's own policy.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own in Argo CD")]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SyncOptions {
    /// Another revision than the one the Application follows.
    pub revision: Option<String>,
    /// Delete what left Git.
    pub prune: bool,
    /// Change nothing: say what would be.
    pub dry_run: bool,
    /// Delete and make anew what cannot be changed.
    pub force: bool,
    /// Replace objects instead of patching them.
    pub replace: bool,
    /// Let the server merge.
    pub server_side: bool,
    /// Leave alone what is in sync.
    pub out_of_sync_only: bool,
    /// With or without hooks.
    pub strategy: Strategy,
    /// These resources only; hooks do not run then.
    pub resources: Vec<ObjectName>,
    /// Attempts after the first; `None` is the Application's own retry.
    pub retries: Option<u32>,
    /// It is watched, and taken back when it fails.
    pub guard: Option<Watch>,
}

impl SyncOptions {
    /// Whether something can be lost by it.
    #[must_use]
    pub fn is_dangerous(&self) -> bool {
        !self.dry_run && (self.prune || self.force || self.replace)
    }

    /// Whether hooks run.
    #[must_use]
    pub fn runs_hooks(&self) -> bool {
        self.strategy == Strategy::Hook && self.resources.is_empty()
    }
}
