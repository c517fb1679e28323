//! What a Deployment says of itself: counts, and the conditions Available and Progressing.

use super::limits;
use super::sets::{REVISION, Sets};
use crate::sim::manifest::meta::{number, text};
use crate::sim::time::{plus, stamp};
use crate::sim::workload::cluster::Work;
use crate::sim::workload::hand::MANAGER;
use crate::sim::workload::pod::replicas;
use crate::sim::workload::replica_set::REPLICA_FAILURE;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const AVAILABLE: &str = "NewReplicaSetAvailable";
const TIMED_OUT: &str = "ProgressDeadlineExceeded";

/// Counts what the `ReplicaSet`s say, and whether that is enough.
pub(super) fn counted(deployment: &Value, sets: &Sets, at: Timestamp) -> Value {
    let sum = |pointer: &str| -> i64 { sets.all().map(|set| number(set, pointer)).sum() };
    let available = sum("/status/availableReplicas");
    let total: i64 = sets.all().map(|set| replicas(set)).sum();
    let updated = sets.newest.as_ref().map(|set| number(set, "/status/replicas")).unwrap_or_default();
    let mut status = json!({
        "observedGeneration": deployment["metadata"]["generation"],
        "conditions": deployment["status"]["conditions"].as_array().cloned().unwrap_or_default(),
        "terminatingReplicas": sum("/status/terminatingReplicas"),
    });
    // the API leaves counts of zero out
    for (field, value) in [
        ("replicas", sum("/status/replicas")),
        ("updatedReplicas", updated),
        ("readyReplicas", sum("/status/readyReplicas")),
        ("availableReplicas", available),
        ("unavailableReplicas", (total - available).max(0)),
    ] {
        if value > 0 {
            status[field] = json!(value);
        }
    }
    let enough = available >= replicas(deployment) - limits::of(deployment).unavailable;
    let (word, sentence) = if enough {
        ("MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    set_condition(&mut status, "Available", enough, word, sentence, at);
    status
}

/// A condition of a Deployment's status.
pub(super) fn condition<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    status["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

/// Sets a condition; one that changes goes to the end of the list, one that says nothing new stays as it is.
pub(super) fn set_condition(status: &mut Value, kind: &str, on: bool, reason: &str, message: &str, at: Timestamp) {
    let value = if on { "True" } else { "False" };
    let old = condition(status, kind).cloned();
    if old.as_ref().is_some_and(|old| old["status"] == value && old["reason"] == reason) {
        return;
    }
    let since = old.filter(|old| old["status"] == value).map(|old| old["lastTransitionTime"].clone());
    let new = json!({"type": kind, "status": value, "lastUpdateTime": stamp(at),
        "lastTransitionTime": since.unwrap_or_else(|| json!(stamp(at))), "reason": reason, "message": message});
    if !status["conditions"].is_array() {
        status["conditions"] = json!([]);
    }
    if let Some(conditions) = status["conditions"].as_array_mut() {
        conditions.retain(|condition| condition["type"] != kind);
        conditions.push(new);
    }
}

fn remove_condition(status: &mut Value, kind: &str) {
    if let Some(conditions) = status["conditions"].as_array_mut() {
        conditions.retain(|condition| condition["type"] != kind);
    }
}

/// Whether everything wanted runs the newest template and nothing else is left.
pub(super) fn is_complete(deployment: &Value, status: &Value) -> bool {
    let wanted = replicas(deployment);
    ["/updatedReplicas", "/replicas", "/availableReplicas"].iter().all(|field| number(status, field) == wanted)
        && number(status, "/observedGeneration") >= number(deployment, "/metadata/generation")
}

/// Writes the counts only: what a scaling, a pause or a deletion calls for.
pub(super) fn write_counts(work: &mut Work<'_, '_>, deployment: &Value, sets: &Sets) {
    let status = counted(deployment, sets, work.at());
    write(work, deployment, &status, None);
}

/// Writes the counts and how the rollout gets on.
pub(super) fn write_progress(work: &mut Work<'_, '_>, deployment: &Value, sets: &Sets) {
    let at = work.at();
    let before = &deployment["status"];
    let mut status = counted(deployment, sets, at);
    let deadline = deadline(deployment);
    let current = condition(before, "Progressing").cloned();
    let reason = current.as_ref().map(|condition| text(condition, "/reason").to_owned()).unwrap_or_default();
    let done = number(&status, "/replicas") == number(&status, "/updatedReplicas") && reason == AVAILABLE;
    if deadline.is_none() {
        remove_condition(&mut status, "Progressing");
    } else if !done {
        let newest = sets.newest.as_ref().map(|set| text(set, "/metadata/name").to_owned());
        let what = |words: &str| match &newest {
            Some(name) => format!("ReplicaSet \"{name}\" {words}"),
            None => format!("Deployment \"{}\" {words}", text(deployment, "/metadata/name")),
        };
        if is_complete(deployment, &status) {
            let words = what("has successfully progressed.");
            set_condition(&mut status, "Progressing", true, AVAILABLE, &words, at);
        } else if progressed(before, &status) {
            let words = what("is progressing.");
            // also when it said so before: the deadline counts from the last step
            let since = current.filter(|old| old["status"] == "True").map(|old| old["lastTransitionTime"].clone());
            remove_condition(&mut status, "Progressing");
            set_condition(&mut status, "Progressing", true, "ReplicaSetUpdated", &words, at);
            if let (Some(since), Some(last)) =
                (since, status["conditions"].as_array_mut().and_then(|conditions| conditions.last_mut()))
            {
                last["lastTransitionTime"] = since;
            }
        } else if timed_out(deployment, &status, at) {
            let words = what("has timed out progressing.");
            set_condition(&mut status, "Progressing", false, TIMED_OUT, &words, at);
        }
    }
    match refusal(sets) {
        Some((reason, message)) => set_condition(&mut status, REPLICA_FAILURE, true, &reason, &message, at),
        None => remove_condition(&mut status, REPLICA_FAILURE),
    }
    write(work, deployment, &status, None);
    if let Some(wait) = left(deployment, &status, at) {
        let key = crate::sim::workload::cache::key_of(deployment);
        work.again(crate::sim::workload::cluster::Role::Deployment, &key, wait);
    }
}

/// Why pods cannot be created, as the sets say: reason and message.
fn refusal(sets: &Sets) -> Option<(String, String)> {
    let told = |set: &Arc<Value>| {
        let condition = condition(&set["status"], REPLICA_FAILURE)?;
        Some((text(condition, "/reason").to_owned(), text(condition, "/message").to_owned()))
    };
    sets.newest.as_ref().and_then(told).or_else(|| sets.old.iter().find_map(told))
}

/// The seconds without a step after which a rollout counts as failed; none when it has for ever.
fn deadline(deployment: &Value) -> Option<Duration> {
    let seconds = deployment["spec"]["progressDeadlineSeconds"].as_i64().unwrap_or(600);
    (seconds != i64::from(i32::MAX)).then(|| Duration::from_secs(seconds.unsigned_abs()))
}

fn progressed(before: &Value, after: &Value) -> bool {
    let more = |field: &str| number(after, field) > number(before, field);
    let old = |status: &Value| number(status, "/replicas") - number(status, "/updatedReplicas");
    more("/updatedReplicas") || old(after) < old(before) || more("/readyReplicas") || more("/availableReplicas")
}

/// When the rollout runs out of time, if it is under way.
fn due(deployment: &Value, status: &Value) -> Option<Timestamp> {
    let condition = condition(status, "Progressing")?;
    if text(condition, "/reason") == AVAILABLE || deployment["spec"]["paused"] == true {
        return None;
    }
    let since = text(condition, "/lastUpdateTime").parse::<Timestamp>().ok()?;
    Some(plus(since, deadline(deployment)?))
}

fn timed_out(deployment: &Value, status: &Value, at: Timestamp) -> bool {
    condition(status, "Progressing").is_some_and(|condition| condition["reason"] == TIMED_OUT)
        || due(deployment, status).is_some_and(|due| due < at)
}

/// How long until somebody has to look whether the rollout is out of time.
fn left(deployment: &Value, status: &Value, at: Timestamp) -> Option<Duration> {
    if condition(status, "Progressing").is_some_and(|condition| condition["reason"] == TIMED_OUT) {
        return None;
    }
    let due = due(deployment, status).filter(|due| *due >= at)?;
    // statuses tell whole seconds
    Some(Duration::try_from(due.duration_since(at)).unwrap_or_default() + Duration::from_secs(1))
}

/// Writes a status that differs from the one last seen, and maybe the number of the template with it.
pub(super) fn write(work: &mut Work<'_, '_>, deployment: &Value, status: &Value, revision: Option<i64>) -> Arc<Value> {
    if *status == deployment["status"] && revision.is_none() {
        return Arc::new(deployment.clone());
    }
    let written = work.hand(MANAGER).status(deployment, status, |live| {
        if let Some(revision) = revision {
            live["metadata"]["annotations"][REVISION] = json!(revision.to_string());
        }
    });
    written.unwrap_or_else(|| Arc::new(deployment.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_changes_moves_to_the_end() {
        let at = Timestamp::from_second(100).unwrap();
        let later = Timestamp::from_second(200).unwrap();
        let mut status = json!({});
        set_condition(&mut status, "Progressing", true, "A", "a", at);
        set_condition(&mut status, "Available", true, "B", "b", at);
        set_condition(&mut status, "Progressing", true, "C", "c", later);
        let order: Vec<&str> =
            status["conditions"].as_array().unwrap().iter().map(|condition| text(condition, "/type")).collect();
        assert_eq!(order, ["Available", "Progressing"]);
        let progressing = condition(&status, "Progressing").unwrap();
        assert_eq!(text(progressing, "/lastTransitionTime"), stamp(at), "it was true all the time");
        assert_eq!(text(progressing, "/lastUpdateTime"), stamp(later));
        let before = status.clone();
        set_condition(&mut status, "Available", true, "B", "other words", later);
        assert_eq!(status, before);
    }
}
