//! A source that is an argocd-server, run for a test.

use std::sync::Arc;
use std::time::Duration;

use pilothouse::domain::Clock;
use pilothouse::source::argocd::{Server, ServerSpec, run};

use crate::clock::WallClock;
use crate::told::Running;

/// Longer than anything here takes, on a busy machine.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// Runs a source on the system's clock.
pub fn start(spec: ServerSpec) -> Running {
    start_at(spec, Arc::new(WallClock))
}

/// Runs a source on a clock.
pub fn start_at(spec: ServerSpec, clock: Arc<dyn Clock>) -> Running {
    let server = Server::new(spec, Arc::clone(&clock));
    Running::run(DEADLINE, clock, |world| run(server, world))
}
