//! An API server forgets Events an hour after they were last seen.

use crate::sim::live::{Agenda, Play};
use crate::sim::manifest::meta::text;
use crate::sim::populate::Stage;
use crate::sim::time::{minus, plus, stamp};
use jiff::Timestamp;
use std::time::Duration;

const LIFE: Duration = Duration::from_hours(1);
const SWEEP: Duration = Duration::from_mins(5);

/// Starts to forget, every five minutes.
pub fn begin(agenda: &mut Agenda, stage: &Stage, now: Timestamp) {
    let stage = stage.clone();
    agenda.at(plus(now, SWEEP), move |play| sweep(&stage, play));
}

fn sweep(stage: &Stage, play: &mut Play<'_>) {
    // times of one format compare as their texts do
    let oldest = stamp(minus(play.at, LIFE));
    for event in stage.store.list("Event", None) {
        let told = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime"];
        let last = told.iter().map(|time| text(&event, time)).find(|time| !time.is_empty()).unwrap_or_default();
        if last < oldest.as_str() {
            stage.store.delete("Event", text(&event, "/metadata/namespace"), text(&event, "/metadata/name"));
        }
    }
    begin(play.agenda, stage, play.at);
}
