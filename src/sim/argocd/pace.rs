//! How long things take that a real Argo CD spends on network, disk and processes.

use std::time::Duration;

/// The pauses of the controller that are no settings of Argo CD.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// From a change to the look at it.
    pub notice: Duration,
    /// To render the manifests of a revision for the first time.
    pub render: Duration,
    /// To compare and dry-run everything at the start of a sync.
    pub prepare: Duration,
    /// To compare again before each further step of a sync.
    pub again: Duration,
    /// To apply the objects of one kind.
    pub apply: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            notice: Duration::from_millis(35),
            render: Duration::from_millis(240),
            prepare: Duration::from_millis(120),
            again: Duration::from_millis(40),
            apply: Duration::from_millis(80),
        }
    }
}
