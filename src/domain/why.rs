//! Why an Application is in trouble, with the evidence.

use super::{AppKey, Event, Health, ObjectRef, Symbol, Timestamp, Trouble};

/// A verdict and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// Whose trouble it is.
    pub app: AppKey,
    /// The verdict.
    pub trouble: Trouble,
    /// From the workload down to the pod, as far as there is one.
    pub chain: Vec<ObjectRef>,
    /// The container that fails.
    pub container: Option<Symbol>,
    /// Why it ended or does not start, in one word: `Error`, `OOMKilled`, `ErrImagePull`, ...
    pub reason: Option<Symbol>,
    /// What it or its node says of that.
    pub message: Option<Box<str>>,
    /// How it ended most recently.
    pub exit_code: Option<i32>,
    /// Restarts of that container.
    pub restarts: u32,
    /// The last lines it wrote, oldest first; empty until they have been read.
    pub log: Vec<Box<str>>,
    /// The last Warning about the pod, else about the Application.
    pub event: Option<Event>,
    /// What the operation says.
    pub operation: Option<Box<str>>,
    /// What Argo CD says.
    pub argocd: (Health, Option<Box<str>>),
    /// Since when, as far as known.
    pub since: Option<Timestamp>,
}
