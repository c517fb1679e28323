//! What can be done to an Application.

use super::debug::Injection;
use super::sync_options::SyncOptions;
use crate::domain::{ObjectName, Risk, State, Symbol};

/// What becomes of what an object owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Propagation {
    /// Deleted first.
    #[default]
    Foreground,
    /// Deleted afterwards.
    Background,
    /// Left behind.
    Orphan,
}

impl Propagation {
    /// The word of the Kubernetes API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Foreground => "Foreground",
            Self::Background => "Background",
            Self::Orphan => "Orphan",
        }
    }
}

/// One thing to do to one Application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Apply what Git wants.
    Sync(SyncOptions),
    /// Look again; `hard` also renders the manifests anew.
    Refresh {
        /// Do not use rendered manifests that are kept.
        hard: bool,
    },
    /// Stop the running operation.
    Terminate,
    /// Apply an earlier deployment again.
    Rollback {
        /// Row of the history; `None` is the deployment before the current one.
        id: Option<i64>,
        /// Delete what that deployment did not have.
        prune: bool,
    },
    /// Switch auto-sync on or off.
    AutoSync {
        /// On.
        on: bool,
    },
    /// Replace the pods of a workload one after the other.
    Restart(ObjectName),
    /// Set the number of pods of a workload.
    Scale {
        /// The workload.
        object: ObjectName,
        /// How many pods it is to have.
        replicas: u32,
    },
    /// Hold the rollout of a Deployment.
    Pause(ObjectName),
    /// Let a held rollout go on.
    Resume(ObjectName),
    /// What argocd-server offers to do to a live object, by its name there.
    Run {
        /// The object.
        object: ObjectName,
        /// The action.
        action: Symbol,
    },
    /// Put a debugger into a running pod.
    Inject(Box<Injection>),
    /// Delete one live object.
    DeleteResource {
        /// Which.
        object: ObjectName,
        /// What becomes of what it owns.
        propagation: Propagation,
    },
    /// Delete the Application.
    Delete {
        /// Delete its resources too, and how; `None` leaves them behind.
        cascade: Option<Propagation>,
    },
}

impl Verb {
    /// Its name in the command line and the audit log.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Sync(_) => "sync",
            Self::Refresh { .. } => "refresh",
            Self::Terminate => "terminate",
            Self::Rollback { .. } => "rollback",
            Self::AutoSync { .. } => "autosync",
            Self::Restart(_) => "restart",
            Self::Scale { .. } => "scale",
            Self::Pause(_) => "pause",
            Self::Resume(_) => "resume",
            Self::Run { .. } => "resource-action",
            Self::Inject(_) => "inject-debugger",
            Self::DeleteResource { .. } => "delete-resource",
            Self::Delete { .. } => "delete",
        }
    }

    /// How far it reaches, its options included (DESIGN section 7).
    #[must_use]
    pub fn risk(&self) -> Risk {
        match self {
            Self::Refresh { .. } => Risk::Nudge,
            // a dry run writes nothing but the operation itself, and force and prune stay dry with it
            Self::Sync(options) if options.is_dangerous() => Risk::Danger,
            Self::Rollback { .. } | Self::DeleteResource { .. } | Self::Delete { .. } => Risk::Danger,
            Self::Sync(_)
            | Self::Terminate
            | Self::AutoSync { .. }
            | Self::Restart(_)
            | Self::Scale { .. }
            | Self::Pause(_)
            | Self::Resume(_)
            | Self::Run { .. }
            | Self::Inject(_) => Risk::Change,
        }
    }

    /// The live object it is done to, where it is not the Application itself.
    #[must_use]
    pub fn object(&self) -> Option<&ObjectName> {
        match self {
            Self::Restart(object)
            | Self::Scale { object, .. }
            | Self::Run { object, .. }
            | Self::Pause(object)
            | Self::Resume(object)
            | Self::DeleteResource { object, .. } => Some(object),
            Self::Inject(injection) => Some(&injection.pod),
            Self::Sync(_)
            | Self::Refresh { .. }
            | Self::Terminate
            | Self::Rollback { .. }
            | Self::AutoSync { .. }
            | Self::Delete { .. } => None,
        }
    }

    /// The state that it would make of what runs; none for what makes none, or does not say yet which.
    #[must_use]
    pub fn wants(&self) -> Option<State> {
        match self {
            Self::Sync(options) => Some(State::Sync(options.revision.as_deref().unwrap_or_default().into())),
            Self::Rollback { id, .. } => id.map(State::Deployment),
            _ => None,
        }
    }

    /// Whether it asks Argo CD for an operation.
    #[must_use]
    pub fn is_operation(&self) -> bool {
        matches!(self, Self::Sync(_) | Self::Rollback { .. })
    }
}
