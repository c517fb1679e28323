//! What a source is handed by whoever runs it.

use std::fmt;
use std::sync::Arc;

use crate::domain::{Classifier, Clock};
use crate::store::delta::Sink;

/// Where deltas go, what time it is, and how Applications are sorted into environments.
#[derive(Clone)]
pub struct Surroundings {
    /// Takes the deltas.
    pub sink: Arc<dyn Sink>,
    /// Decides what time it is; connection time-outs of the HTTP client alone are the system's.
    pub clock: Arc<dyn Clock>,
    /// Names the environment and the service of every row.
    pub classifier: Arc<Classifier>,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("classifier", &self.classifier).finish_non_exhaustive()
    }
}
