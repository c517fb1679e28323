//! A release whose container exits a second after every start.
//!
//! Argo CD never calls this Degraded: without a readiness probe every start makes the Deployment available for a
//! moment, so the app flips between Healthy and Progressing.

use crate::sim::manifest::app::App;
use crate::sim::populate::Stage;
use crate::sim::time::{minus, plus};
use crate::sim::workload::{Rule, Workloads, restarting};
use jiff::Timestamp;
use std::time::Duration;

/// How long a container lives.
const LIFE: Duration = Duration::from_secs(1);

/// Moves the last release of an app to when it must have begun so that at `now` its container was restarted `restarts`
/// times, and the next try comes `next` later.
pub fn date(app: &mut App, restarts: u32, next: Duration, now: Timestamp) {
    let began = minus(plus(now, next), restarting(restarts + 1, LIFE));
    if let Some(release) = app.releases.last_mut() {
        release.at = began;
    }
}

/// Has the last release's container crash.
pub fn begin(workloads: &Workloads, stage: &Stage, app: &App) {
    let Some(work) = app.workloads().next() else { return };
    tracing::debug!(source = %stage.source, app = %app.name, "crash-loops");
    workloads.teach(Rule {
        pods: format!("{}/{}-*", app.namespace, work.name),
        image: app.running_image(),
        words: format!("present exit=1 after={}s", LIFE.as_secs()),
        lines: Vec::new(),
    });
}
