//! What a person looks at before and while they debug.

use super::port::DebugPort;
use super::preflight::Finding;
use super::values::Values;
use super::worker::Worker;
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
    /// Where the process works, as the pod's spec or the process itself says.
    pub workdir: Option<String>,
    /// The Celery workers of the Application, a line each.
    pub workers: Vec<Worker>,
    /// How Git would have a debugger listen; none where one listens, or nobody knows.
    pub values: Option<Values>,
    /// The image of the container that is debugged.
    pub image: String,
    /// Nothing listens: a debugger may be put into the pod.
    pub silent: bool,
    /// When this was so.
    pub at: Timestamp,
}
