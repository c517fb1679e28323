//! The verbs that act, as they are typed.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::super::arguments::{Output, duration};
use crate::action::{ObjectName, Propagation};

/// What can be done to an Application.
#[derive(Debug, Subcommand)]
pub enum Act {
    /// Apply what Git wants
    Sync(Sync),
    /// Apply an earlier deployment again; auto-sync has to be off
    Rollback {
        /// Deployment to go back to, as `history` names it; the one before the current one if left out
        #[arg(long, value_name = "ID")]
        to: Option<i64>,
        /// Delete what that deployment did not have
        #[arg(long)]
        prune: bool,
        /// Which, and how
        #[command(flatten)]
        on: On,
    },
    /// Compare with Git now
    Refresh {
        /// Render the manifests anew
        #[arg(long)]
        hard: bool,
        /// Which, and how
        #[command(flatten)]
        on: On,
    },
    /// Stop the running operation
    Terminate {
        /// Which, and how
        #[command(flatten)]
        on: On,
    },
    /// Switch auto-sync on or off; on gives back exactly what was there
    Autosync {
        /// On or off
        #[arg(value_enum)]
        switch: Switch,
        /// Which, and how
        #[command(flatten)]
        on: On,
    },
    /// Wait until an Application is as it should be; exit 1 if it is not in time
    Wait {
        /// Health to wait for, like Healthy
        #[arg(long, value_name = "H")]
        health: Option<String>,
        /// Sync status to wait for, like Synced
        #[arg(long, value_name = "S")]
        sync: Option<String>,
        /// Wait until no operation runs
        #[arg(long)]
        operation: bool,
        /// Which, and how
        #[command(flatten)]
        on: Look,
    },
    /// Print the deployments of an Application, newest first
    History {
        /// Which, and how
        #[command(flatten)]
        on: Look,
    },
    /// Replace the pods of a workload one after the other
    Restart {
        /// Which workload, as GROUP:KIND:NAME; needed where there are several
        #[arg(long, value_name = "GROUP:KIND:NAME", value_parser = resource)]
        resource: Option<ObjectName>,
        /// Which, and how
        #[command(flatten)]
        on: On,
    },
    /// Set the number of pods of a workload
    Scale {
        /// How many pods
        #[arg(long, value_name = "N")]
        replicas: u32,
        /// Which workload, as GROUP:KIND:NAME; needed where there are several
        #[arg(long, value_name = "GROUP:KIND:NAME", value_parser = resource)]
        resource: Option<ObjectName>,
        /// Which, and how
        #[command(flatten)]
        on: On,
    },
    /// Hold the rollout of a Deployment
    Pause {
        /// Which Deployment, as GROUP:KIND:NAME; needed where there are several
        #[arg(long, value_name = "GROUP:KIND:NAME", value_parser = resource)]
        resource: Option<ObjectName>,
        /// Which, and how
        #[command(flatten)]
        on: On,
    },
    /// Put debugpy into a running pod, beside the process it attaches to
    InjectDebugger {
        /// The pod, in the namespace of the Application
        #[arg(long, value_name = "P")]
        pod: String,
        /// The container whose process is debugged
        #[arg(long, value_name = "C")]
        container: String,
        /// An image with debugpy and the same Python: mostly that of the container
        #[arg(long, value_name = "IMAGE")]
        image: String,
        /// Where the debugger is to listen
        #[arg(long, value_name = "N", default_value_t = 5678, value_parser = clap::value_parser!(u16).range(1..))]
        port: u16,
        /// Which, and how
        #[command(flatten)]
        on: On,
    },
    /// Let a held rollout go on
    Resume {
        /// Which Deployment, as GROUP:KIND:NAME; needed where there are several
        #[arg(long, value_name = "GROUP:KIND:NAME", value_parser = resource)]
        resource: Option<ObjectName>,
        /// Which, and how
        #[command(flatten)]
        on: On,
    },
    /// Delete an Application with all it deployed, or one of its resources
    Delete {
        /// Delete this resource and not the Application
        #[arg(long, value_name = "GROUP:KIND:NAME", value_parser = resource)]
        resource: Option<ObjectName>,
        /// What becomes of what it owns; `orphan` leaves it behind
        #[arg(long, value_enum, default_value_t = Cascade::Foreground)]
        cascade: Cascade,
        /// Which, and how
        #[command(flatten)]
        on: On,
    },
}

/// Which Application, for verbs that only look.
#[derive(Clone, Debug, Args)]
pub struct Look {
    /// Which: name, namespace/name, context/namespace/name, or a service together with --env
    #[arg(value_name = "APP")]
    pub app: String,
    /// Only this environment
    #[arg(long = "env", value_name = "E")]
    pub environment: Option<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// How long to wait
    #[arg(long, value_name = "D", default_value = "5m", value_parser = duration)]
    pub timeout: Duration,
}

/// Which Application, for verbs that write.
#[derive(Clone, Debug, Args)]
pub struct On {
    /// Which, and how to print
    #[command(flatten)]
    pub look: Look,
    /// Print the plan and send nothing
    #[arg(long)]
    pub plan: bool,
    /// The environment's name, instead of being asked
    #[arg(long, value_name = "PHRASE")]
    pub confirm: Option<String>,
}

/// `sync`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Clone, Debug, Args)]
pub struct Sync {
    /// Which, and how
    #[command(flatten)]
    pub on: On,
    /// Another revision than the one it follows
    #[arg(long, value_name = "R")]
    pub revision: Option<String>,
    /// Delete what left Git
    #[arg(long)]
    pub prune: bool,
    /// Delete and make anew what cannot be changed
    #[arg(long)]
    pub force: bool,
    /// Replace objects instead of patching them
    #[arg(long)]
    pub replace: bool,
    /// Let the API server merge
    #[arg(long)]
    pub server_side: bool,
    /// Leave alone what is in sync
    #[arg(long)]
    pub out_of_sync_only: bool,
    /// Only this resource; may be given several times; no hooks run then
    #[arg(long, value_name = "GROUP:KIND:NAME", value_parser = resource)]
    pub resource: Vec<ObjectName>,
    /// Change nothing: have Argo CD say what would be
    #[arg(long)]
    pub dry_run: bool,
    /// Watch it, and for this long after it; roll back by itself when it fails, turns Degraded, or its pods are in trouble
    #[arg(long, value_name = "D", value_parser = duration, conflicts_with = "dry_run")]
    pub guard: Option<Duration>,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On
    On,
    /// Off
    Off,
}

/// What becomes of what is owned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Cascade {
    /// Deleted first
    Foreground,
    /// Deleted afterwards
    Background,
    /// Left behind
    Orphan,
}

impl From<Cascade> for Propagation {
    fn from(cascade: Cascade) -> Self {
        match cascade {
            Cascade::Foreground => Self::Foreground,
            Cascade::Background => Self::Background,
            Cascade::Orphan => Self::Orphan,
        }
    }
}

/// A resource as `GROUP:KIND:NAME`; the core group is empty.
fn resource(text: &str) -> Result<ObjectName, String> {
    match text.split(':').collect::<Vec<_>>()[..] {
        [group, kind, name] if !kind.is_empty() && !name.is_empty() => {
            Ok(ObjectName { group: group.into(), kind: kind.into(), name: name.into(), ..ObjectName::default() })
        }
        _ => Err(format!("`{text}` is no resource; write it like apps:Deployment:backend or :ConfigMap:settings")),
    }
}
