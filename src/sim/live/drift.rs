//! Somebody scales a workload by hand.

use crate::sim::live::{Agenda, Play};
use crate::sim::manifest::app::App;
use crate::sim::populate::Stage;
use crate::sim::time::plus;
use crate::sim::write::Writer;
use jiff::Timestamp;
use serde_json::json;
use std::time::Duration;

/// What is done by hand.
#[derive(Debug, Clone)]
pub struct Hand {
    /// The field manager's name.
    pub manager: String,
    /// What the first workload is scaled to.
    pub replicas: u32,
    /// From one time to the next; once when none.
    pub every: Option<Duration>,
}

/// Has somebody set the replicas of the app's first workload at a moment.
pub fn begin(agenda: &mut Agenda, stage: &Stage, app: &App, hand: Hand, at: Timestamp) {
    let (stage, app) = (stage.clone(), app.clone());
    agenda.at(at, move |play| scale(&stage, &app, hand, play));
}

fn scale(stage: &Stage, app: &App, hand: Hand, play: &mut Play<'_>) {
    let Some(work) = app.workloads.first() else { return };
    let edited =
        Writer::new(&stage.store, &hand.manager).edit(work.kind.word(), &app.namespace, &work.name, |object| {
            object["spec"]["replicas"] = json!(hand.replicas);
        });
    if let Err(failure) = edited {
        tracing::debug!(app = %app.name, failure = %failure.message, "not scaled");
    }
    if let Some(every) = hand.every {
        let at = plus(play.at, every.max(Duration::from_mins(1)));
        begin(play.agenda, stage, app, hand, at);
    }
}
