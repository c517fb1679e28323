//! An API server forgets Events an hour after they were last seen, and what objects were before.

use crate::sim::live::{Agenda, Play};
use crate::sim::manifest::meta::text;
use crate::sim::populate::Stage;
use crate::sim::time::{minus, plus, stamp};
use jiff::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

const LIFE: Duration = Duration::from_hours(1);
const SWEEP: Duration = Duration::from_mins(5);

/// Versions of so many sweeps back are kept: a real server compacts sooner, but nobody skips an hour of its time.
const KEPT: usize = 12;

/// Starts to forget, every five minutes.
pub fn begin(agenda: &mut Agenda, stage: &Stage, now: Timestamp) {
    again(agenda, stage, VecDeque::new(), now);
}

fn again(agenda: &mut Agenda, stage: &Stage, mut versions: VecDeque<u64>, now: Timestamp) {
    versions.push_back(stage.store.resource_version());
    let stage = stage.clone();
    agenda.at(plus(now, SWEEP), move |play| sweep(&stage, versions, play));
}

fn sweep(stage: &Stage, mut versions: VecDeque<u64>, play: &mut Play<'_>) {
    if versions.len() > KEPT
        && let Some(old) = versions.pop_front()
    {
        stage.store.compact_to(old);
    }
    // times of one format compare as their texts do
    let oldest = stamp(minus(play.at, LIFE));
    for event in stage.store.values("Event", None) {
        let told = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime"];
        let last = told.iter().map(|time| text(&event, time)).find(|time| !time.is_empty()).unwrap_or_default();
        if last < oldest.as_str() {
            stage.store.delete("Event", text(&event, "/metadata/namespace"), text(&event, "/metadata/name"));
        }
    }
    again(play.agenda, stage, versions, play.at);
}
