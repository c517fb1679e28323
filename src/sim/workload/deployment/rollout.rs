//! One look at a Deployment: make the newest `ReplicaSet`, let it grow, let the old ones shrink, tell how it goes.

use super::limits;
use super::sets::{self, Sets, revision, rolled, scale};
use super::status::{condition, counted, is_complete, set_condition, write, write_counts, write_progress};
use crate::sim::manifest::meta::{number, text};
use crate::sim::workload::cluster::{Role, Work};
use crate::sim::workload::pod::{self, replicas};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Does the next thing for a Deployment.
pub(in crate::sim::workload) fn sync(work: &mut Work<'_, '_>, key: &str) {
    let Some(deployment) = work.cluster.cache.get("Deployment", key) else { return };
    let mut sets = Sets::of(work, &deployment);
    if deployment["metadata"]["deletionTimestamp"].is_string() {
        return write_counts(work, &deployment, &sets);
    }
    if deployment["spec"]["paused"] == true || is_scaling(&deployment, &sets) {
        // nothing new is made while it is paused, but what is there is scaled
        let told = sets::newest(work, &deployment, &mut sets, false);
        let deployment = if told { tell(work, &deployment, &sets) } else { deployment };
        spread(work, &deployment, &mut sets);
        return write_counts(work, &deployment, &sets);
    }
    if limits::recreates(&deployment) {
        return recreate(work, deployment, sets);
    }
    let makes = sets.newest.is_none();
    let deployment = with_newest(work, deployment, &mut sets);
    let Some(newest) = sets.newest.clone() else { return };
    if makes {
        // that takes longer than to scale one: its pods come before the next word about it
        return work.busy(Role::Deployment, key, Duration::from_millis(14));
    }
    let present = replicas(&newest);
    let wanted =
        if present > replicas(&deployment) { replicas(&deployment) } else { rolled(&deployment, &sets, present) };
    if let Some(scaled) = scale(work, &deployment, &newest, wanted) {
        sets.newest = Some(scaled);
        return write_progress(work, &deployment, &sets);
    }
    if sets.old.iter().any(|set| is_behind(set)) {
        // the controller calls it an error, and looks again once the set has told
        return;
    }
    if shrink(work, &deployment, &mut sets, &newest) {
        return write_progress(work, &deployment, &sets);
    }
    finish(work, &deployment, &sets);
}

/// Makes the newest `ReplicaSet` if there is none, and tells the Deployment about it.
fn with_newest(work: &mut Work<'_, '_>, deployment: Arc<Value>, sets: &mut Sets) -> Arc<Value> {
    let there = sets.newest.is_some();
    if !sets::newest(work, &deployment, sets, true) {
        return deployment;
    }
    if there {
        return tell(work, &deployment, sets);
    }
    let Some(made) = &sets.newest else { return deployment };
    let mut status = deployment["status"].clone();
    if number(&deployment, "/spec/progressDeadlineSeconds") != i64::from(i32::MAX) {
        let words = format!("Created new replica set \"{}\"", text(made, "/metadata/name"));
        let at = work.at();
        set_condition(&mut status, "Progressing", true, "NewReplicaSetCreated", &words, at);
    }
    let number = revision(made);
    write(work, &deployment, &status, Some(number))
}

/// Gives the Deployment the number of its template, and a first word about an older set that fits again.
fn tell(work: &mut Work<'_, '_>, deployment: &Arc<Value>, sets: &Sets) -> Arc<Value> {
    let Some(newest) = &sets.newest else { return Arc::clone(deployment) };
    let mut status = deployment["status"].clone();
    if condition(&status, "Progressing").is_none() {
        let words = format!("Found new replica set \"{}\"", text(newest, "/metadata/name"));
        let at = work.at();
        set_condition(&mut status, "Progressing", true, "FoundNewReplicaSet", &words, at);
    }
    let number = sets.old.iter().map(|set| revision(set)).max().unwrap_or_default() + 1;
    write(work, deployment, &status, Some(number.max(revision(newest))))
}

/// Whether a set has not told yet what became of its last change: it counts more pods than it is to have.
fn is_behind(set: &Value) -> bool {
    replicas(set) > 0 && number(set, "/status/availableReplicas") > replicas(set)
}

/// Lets old `ReplicaSet`s shrink as far as availability allows: what is broken first, then the oldest.
fn shrink(work: &mut Work<'_, '_>, deployment: &Value, sets: &mut Sets, newest: &Value) -> bool {
    let old: i64 = sets.old.iter().map(|set| replicas(set)).sum();
    if old == 0 {
        return false;
    }
    let least = replicas(deployment) - limits::of(deployment).unavailable;
    let missing = replicas(newest) - number(newest, "/status/availableReplicas");
    let mut most = old + replicas(newest) - least - missing;
    if most <= 0 {
        return false;
    }
    let mut any = false;
    for index in 0..sets.old.len() {
        let Some(set) = sets.old.get(index).cloned() else { continue };
        let broken = (replicas(&set) - number(&set, "/status/availableReplicas")).clamp(0, most);
        if broken > 0
            && let Some(scaled) = scale(work, deployment, &set, replicas(&set) - broken)
        {
            most -= broken;
            any = true;
            sets.old[index] = scaled;
        }
    }
    let available: i64 = sets.all().map(|set| number(set, "/status/availableReplicas")).sum();
    let mut spare = available - least;
    for index in 0..sets.old.len() {
        let Some(set) = sets.old.get(index).cloned() else { continue };
        let fewer = replicas(&set).min(spare);
        if fewer > 0
            && let Some(scaled) = scale(work, deployment, &set, replicas(&set) - fewer)
        {
            spare -= fewer;
            any = true;
            sets.old[index] = scaled;
        }
    }
    any
}

/// All old pods go, and only then the new ones come.
fn recreate(work: &mut Work<'_, '_>, deployment: Arc<Value>, mut sets: Sets) {
    let told = sets::newest(work, &deployment, &mut sets, false);
    let deployment = if told { tell(work, &deployment, &sets) } else { deployment };
    let mut any = false;
    for index in 0..sets.old.len() {
        let Some(set) = sets.old.get(index).cloned() else { continue };
        if let Some(scaled) = scale(work, &deployment, &set, 0) {
            any = true;
            sets.old[index] = scaled;
        }
    }
    let left = sets.old.iter().any(|set| {
        let pods = work.cluster.cache.owned("Pod", text(set, "/metadata/uid"));
        pods.iter().any(|pod| !pod::is_over(pod))
    });
    if any || left {
        return write_progress(work, &deployment, &sets);
    }
    let deployment = with_newest(work, deployment, &mut sets);
    let Some(newest) = sets.newest.clone() else { return };
    if let Some(scaled) = scale(work, &deployment, &newest, replicas(&deployment)) {
        sets.newest = Some(scaled);
        return write_progress(work, &deployment, &sets);
    }
    finish(work, &deployment, &sets);
}

fn finish(work: &mut Work<'_, '_>, deployment: &Value, sets: &Sets) {
    let at = work.at();
    if is_complete(deployment, &counted(deployment, sets, at)) {
        sets::forget(work, deployment, sets);
    }
    write_progress(work, deployment, sets);
}

/// Whether somebody changed the wanted count since the sets were scaled last.
fn is_scaling(deployment: &Value, sets: &Sets) -> bool {
    let wanted = replicas(deployment).to_string();
    sets.all().filter(|set| replicas(set) > 0).any(|set| {
        let told = &set["metadata"]["annotations"]["deployment.kubernetes.io/desired-replicas"];
        told.is_string() && *told != wanted.as_str()
    })
}

/// Scales what is there: the only active set, or all of them in proportion while a rollout stands still.
fn spread(work: &mut Work<'_, '_>, deployment: &Value, sets: &mut Sets) {
    let wanted = replicas(deployment);
    let active = sets.all().filter(|set| replicas(set) > 0).count();
    if active <= 1 {
        let only = sets.all().find(|set| replicas(set) > 0).or(sets.newest.as_ref()).cloned();
        if let Some(only) = only
            && let Some(scaled) = scale(work, deployment, &only, wanted)
        {
            replace(sets, scaled);
        }
        return;
    }
    let surge = if limits::recreates(deployment) || wanted == 0 { 0 } else { limits::of(deployment).surge };
    let all: i64 = sets.all().map(|set| replicas(set)).sum();
    let mut left = wanted + surge - all;
    let mut order: Vec<Arc<Value>> = sets.all().filter(|set| replicas(set) > 0).cloned().collect();
    order.sort_by_key(|set| std::cmp::Reverse(replicas(set)));
    for set in order {
        let share = (replicas(&set) * (wanted + surge) + all / 2) / all.max(1) - replicas(&set);
        let share = if left > 0 { share.clamp(0, left) } else { share.clamp(left, 0) };
        left -= share;
        if let Some(scaled) = scale(work, deployment, &set, (replicas(&set) + share).max(0)) {
            replace(sets, scaled);
        }
    }
}

fn replace(sets: &mut Sets, scaled: Arc<Value>) {
    let name = text(&scaled, "/metadata/name").to_owned();
    let place = sets.newest.iter_mut().chain(&mut sets.old).find(|set| text(set, "/metadata/name") == name);
    if let Some(place) = place {
        *place = scaled;
    }
}
