//! Kubelets tell that they are there: a Lease every few seconds, and now and then the whole status of their node.

use crate::sim::live::{Agenda, Play};
use crate::sim::manifest::node;
use crate::sim::populate::Stage;
use crate::sim::time::{plus, stamp};
use jiff::Timestamp;
use serde_json::json;
use std::time::Duration;

/// From one renewal of the Lease to the next.
const RENEW: Duration = Duration::from_secs(10);
/// Renewals between two whole statuses.
const STATUS: u32 = 30;

/// Starts the heartbeats of a cluster's nodes.
pub fn begin(agenda: &mut Agenda, stage: &Stage, now: Timestamp) {
    for node in stage.store.list("Node", None) {
        stage.store.put(node::lease(&node, now));
    }
    again(agenda, stage.clone(), 1, plus(now, RENEW));
}

fn again(agenda: &mut Agenda, stage: Stage, turn: u32, at: Timestamp) {
    agenda.at(at, move |play| beat(stage, turn, play));
}

fn beat(stage: Stage, turn: u32, play: &mut Play<'_>) {
    let (at, moment) = (stamp(play.at), node::micro(play.at));
    let whole = turn.is_multiple_of(STATUS);
    for name in &stage.nodes {
        stage.store.update("Lease", node::LEASES, name, |lease| lease["spec"]["renewTime"] = json!(moment));
        if whole {
            stage.store.update("Node", "", name, |node| {
                for condition in node["status"]["conditions"].as_array_mut().into_iter().flatten() {
                    condition["lastHeartbeatTime"] = json!(at);
                }
            });
        }
    }
    again(play.agenda, stage, turn.wrapping_add(1), plus(play.at, RENEW));
}
