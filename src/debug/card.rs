//! What a person looks at before and while they debug.

use super::port::DebugPort;
use super::preflight::Finding;
use crate::domain::{AppKey, Symbol, Timestamp};

/// A debugger's place: where it is, and what there is to know about attaching.
#[derive(Clone, Debug)]
pub struct Card {
    /// The Application.
    pub app: AppKey,
    /// Its environment.
    pub environment: Symbol,
    /// Its service.
    pub service: Symbol,
    /// The namespace of the pods.
    pub namespace: String,
    /// The workload or pod, as `deployment/backend`.
    pub target: String,
    /// The pod that would be attached to; none when none is ready.
    pub pod: Option<String>,
    /// Every pod of the workload, with what it is doing.
    pub pods: Vec<(String, String)>,
    /// The port.
    pub port: DebugPort,
    /// What was found out.
    pub findings: Vec<Finding>,
    /// Where the process works, as the pod's spec says.
    pub workdir: Option<String>,
    /// When this was so.
    pub at: Timestamp,
}
