//! The Job controller: pods that have to end well, so many times.

use super::cluster::{Role, Work};
use super::hand::MANAGER;
use super::pod::{self, count};
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::{number, text};
use crate::sim::time::{plus, stamp};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const COMPONENT: &str = "job-controller";
/// Holds a pod until its Job has counted it.
const TRACKING: &str = "batch.kubernetes.io/job-tracking";

/// A Job and its pods as they were last seen.
struct Seen {
    job: Arc<Value>,
    active: Vec<Arc<Value>>,
    going: usize,
    /// Ended, but not counted yet.
    ended: Vec<Arc<Value>>,
}

/// What a Job comes to.
#[derive(Clone, Copy)]
struct Outcome {
    /// The condition that says it is decided, and the one that says it is over.
    conditions: (&'static str, &'static str),
    reason: &'static str,
    message: &'static str,
}

const COMPLETE: Outcome = Outcome {
    conditions: ("SuccessCriteriaMet", "Complete"),
    reason: "CompletionsReached",
    message: "Reached expected number of succeeded pods",
};
const BACKOFF: Outcome = Outcome {
    conditions: ("FailureTarget", "Failed"),
    reason: "BackoffLimitExceeded",
    message: "Job has reached the specified backoff limit",
};
const DEADLINE: Outcome = Outcome {
    conditions: ("FailureTarget", "Failed"),
    reason: "DeadlineExceeded",
    message: "Job was active longer than specified deadline",
};

/// Does the next thing for a Job.
pub(super) fn sync(work: &mut Work<'_, '_>, key: &str) {
    let Some(job) = work.cluster.cache.get("Job", key) else { return };
    let pods = work.cluster.cache.owned("Pod", text(&job, "/metadata/uid"));
    if is_finished(&job) {
        return expire(work, key, &job, &pods);
    }
    let (over, alive): (Vec<_>, Vec<_>) = pods.into_iter().partition(|pod| pod::is_over(pod));
    let (going, active): (Vec<_>, Vec<_>) = alive.into_iter().partition(|pod| pod::is_going(pod));
    let ended = over.into_iter().filter(|pod| is_tracked(pod)).collect();
    let seen = Seen { job, active, going: going.len(), ended };
    if seen.job["metadata"]["deletionTimestamp"].is_string() {
        for pod in seen.active.iter().chain(&going).chain(&seen.ended) {
            release(work, pod);
        }
        let status = base(&seen, work.at());
        return write(work, &seen.job, &status);
    }
    if seen.job["spec"]["suspend"] == true {
        return suspend(work, &seen);
    }
    run(work, key, &seen);
}

fn is_finished(job: &Value) -> bool {
    let conditions = job["status"]["conditions"].as_array().into_iter().flatten();
    conditions
        .into_iter()
        .any(|condition| condition["status"] == "True" && matches!(text(condition, "/type"), "Complete" | "Failed"))
}

fn is_tracked(pod: &Value) -> bool {
    pod["metadata"]["finalizers"].as_array().is_some_and(|held| held.iter().any(|held| held == TRACKING))
}

/// A spec field that counts from zero, with what it is when it is not said.
fn limit(job: &Value, field: &str, absent: i64) -> i64 {
    job["spec"][field].as_i64().unwrap_or(absent)
}

fn run(work: &mut Work<'_, '_>, key: &str, seen: &Seen) {
    let at = work.at();
    if is_suspended(&seen.job) {
        work.say(&seen.job, Said::normal("Resumed", "Job resumed"), COMPONENT);
    }
    let job = &seen.job;
    let well = |pod: &&Arc<Value>| text(pod, "/status/phase") == "Succeeded";
    let succeeded = number(job, "/status/succeeded") + count(seen.ended.iter().filter(well).count());
    let failed = number(job, "/status/failed") + count(seen.ended.iter().filter(|pod| !well(pod)).count());
    let restarts: i64 = match text(job, "/spec/template/spec/restartPolicy") {
        "OnFailure" => seen.active.iter().map(|pod| number(pod, "/status/containerStatuses/0/restartCount")).sum(),
        _ => 0,
    };
    let most = limit(job, "backoffLimit", 6);
    let due = deadline(job, at);
    let outcome = if failed > most || (restarts > 0 && restarts >= most) {
        Some(BACKOFF)
    } else if due.is_some_and(|due| due <= at) {
        Some(DEADLINE)
    } else if succeeded >= limit(job, "completions", 1) {
        Some(COMPLETE)
    } else {
        None
    };
    if let Some(outcome) = outcome {
        return finish(work, seen, outcome, succeeded, failed);
    }
    let created = create(work, key, seen, succeeded, failed);
    let mut status = base(seen, at);
    set_active(&mut status, count(seen.active.len()) + created);
    if !seen.ended.is_empty() {
        uncounted(&mut status, seen);
        write(work, job, &status);
        for pod in &seen.ended {
            release(work, pod);
        }
        status["uncountedTerminatedPods"] = json!({});
        set_count(&mut status, "succeeded", succeeded);
        set_count(&mut status, "failed", failed);
    }
    write(work, job, &status);
    if let Some(due) = due.filter(|_| job["status"]["startTime"].is_null()) {
        work.again(Role::Job, key, Duration::try_from(due.duration_since(at)).unwrap_or_default());
    }
}

/// When the Job has been active for too long, if it may not be for ever.
fn deadline(job: &Value, at: Timestamp) -> Option<Timestamp> {
    let seconds = job["spec"]["activeDeadlineSeconds"].as_i64()?;
    let started = text(job, "/status/startTime").parse().unwrap_or(at);
    Some(plus(started, Duration::from_secs(seconds.unsigned_abs())))
}

/// Creates the pods that are missing; after a failure only once the wait is over. Returns how many there are more.
fn create(work: &mut Work<'_, '_>, key: &str, seen: &Seen, succeeded: i64, failed: i64) -> i64 {
    let job = &seen.job;
    let left = limit(job, "completions", 1) - succeeded;
    let wanted = limit(job, "parallelism", 1).min(left);
    let missing = wanted - count(seen.active.len()) - count(seen.going);
    if missing <= 0 {
        return 0;
    }
    if let Some(wait) = back_off(work, seen, failed) {
        work.again(Role::Job, key, wait);
        return 0;
    }
    let template = &job["spec"]["template"];
    let (name, uid) = (text(job, "/metadata/name"), text(job, "/metadata/uid"));
    let mut labels = template["metadata"]["labels"].clone();
    for (label, value) in [
        ("batch.kubernetes.io/controller-uid", uid),
        ("batch.kubernetes.io/job-name", name),
        ("controller-uid", uid),
        ("job-name", name),
    ] {
        labels[label] = json!(value);
    }
    let mut created = 0;
    for _ in 0..missing {
        let mut pod = pod::from_template(job, template, &labels, &format!("{name}-"));
        pod["metadata"]["finalizers"] = json!([TRACKING]);
        if pod::create(work, job, pod, COMPONENT).is_err() {
            work.refused(Role::Job, key);
            break;
        }
        created += 1;
    }
    created
}

/// The wait after a failure: 10 s, doubled each time, at most ten minutes; none once it is over.
fn back_off(work: &Work<'_, '_>, seen: &Seen, failed: i64) -> Option<Duration> {
    let uid = text(&seen.job, "/metadata/uid");
    let pods = work.cluster.cache.owned("Pod", uid);
    let ended = |pod: &Value| -> Option<Timestamp> {
        let statuses = pod["status"]["containerStatuses"].as_array()?;
        statuses.iter().filter_map(|status| text(status, "/state/terminated/finishedAt").parse().ok()).max()
    };
    let failures = pods.iter().filter(|pod| text(pod, "/status/phase") == "Failed");
    let last = failures.filter_map(|pod| ended(pod)).max()?;
    let times = u32::try_from(failed - 1).ok()?.min(6);
    let due = plus(last, Duration::from_secs((10u64 << times).min(600)));
    let left = Duration::try_from(due.duration_since(work.play.at)).ok()?;
    (!left.is_zero()).then_some(left)
}

/// What the status is but for the counts of pods that ended.
fn base(seen: &Seen, at: Timestamp) -> Value {
    let mut status = seen.job["status"].clone();
    if !status.is_object() {
        status = json!({});
    }
    if status["startTime"].is_null() {
        status["startTime"] = json!(stamp(at));
    }
    status["terminating"] = json!(seen.going);
    status["ready"] = json!(seen.active.iter().filter(|pod| pod::is_ready(pod)).count());
    status["uncountedTerminatedPods"] = json!({});
    set_active(&mut status, count(seen.active.len()));
    if is_suspended(&seen.job) && seen.job["spec"]["suspend"] != true {
        set_suspended(&mut status, false, at);
    }
    status
}

fn is_suspended(job: &Value) -> bool {
    let conditions = job["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|one| one["type"] == "Suspended" && one["status"] == "True")
}

fn set_suspended(status: &mut Value, on: bool, at: Timestamp) {
    if let Some(conditions) = status["conditions"].as_array_mut() {
        conditions.retain(|one| one["type"] != "Suspended");
    }
    let (value, reason, message) =
        if on { ("True", "JobSuspended", "Job suspended") } else { ("False", "JobResumed", "Job resumed") };
    let told = json!({"type": "Suspended", "status": value, "reason": reason, "message": message,
        "lastProbeTime": stamp(at), "lastTransitionTime": stamp(at)});
    push(status, told);
}

fn set_active(status: &mut Value, active: i64) {
    set_count(status, "active", active);
}

/// The API leaves counts of zero out.
fn set_count(status: &mut Value, field: &str, value: i64) {
    let Some(status) = status.as_object_mut() else { return };
    if value > 0 {
        status.insert(field.to_owned(), json!(value));
    } else {
        status.remove(field);
    }
}

fn uncounted(status: &mut Value, seen: &Seen) {
    for (phase, field) in [("Succeeded", "succeeded"), ("Failed", "failed")] {
        let uids: Vec<&Value> = seen
            .ended
            .iter()
            .filter(|pod| text(pod, "/status/phase") == phase)
            .map(|pod| &pod["metadata"]["uid"])
            .collect();
        if !uids.is_empty() {
            status["uncountedTerminatedPods"][field] = json!(uids);
        }
    }
}

/// The Job is decided: what still runs is stopped, what ended is counted, and that is said.
fn finish(work: &mut Work<'_, '_>, seen: &Seen, outcome: Outcome, succeeded: i64, failed: i64) {
    let at = work.at();
    for pod in &seen.active {
        work.hand(MANAGER).delete(pod, None);
        let words = format!("Deleted pod: {}", text(pod, "/metadata/name"));
        work.say(&seen.job, Said::normal("SuccessfulDelete", &words), COMPONENT);
    }
    let condition = |kind: &str| {
        json!({"type": kind, "status": "True", "lastProbeTime": stamp(at), "lastTransitionTime": stamp(at),
            "reason": outcome.reason, "message": outcome.message})
    };
    let mut status = base(seen, at);
    let decided =
        status["conditions"].as_array().is_some_and(|all| all.iter().any(|one| one["type"] == outcome.conditions.0));
    set_active(&mut status, 0);
    if !decided {
        push(&mut status, condition(outcome.conditions.0));
    }
    uncounted(&mut status, seen);
    write(work, &seen.job, &status);
    for pod in &seen.ended {
        release(work, pod);
    }
    status["uncountedTerminatedPods"] = json!({});
    set_count(&mut status, "succeeded", succeeded);
    set_count(&mut status, "failed", failed + count(seen.active.len()));
    for pod in &seen.active {
        release(work, pod);
    }
    if outcome.conditions.1 == "Complete" {
        status["completionTime"] = json!(stamp(at));
    }
    push(&mut status, condition(outcome.conditions.1));
    write(work, &seen.job, &status);
    if outcome.conditions.1 == "Complete" {
        work.say(&seen.job, Said::normal("Completed", "Job completed"), COMPONENT);
    } else {
        work.say(&seen.job, Said::warning(outcome.reason, outcome.message), COMPONENT);
    }
}

fn push(status: &mut Value, condition: Value) {
    match status["conditions"].as_array_mut() {
        Some(conditions) => conditions.push(condition),
        None => status["conditions"] = json!([condition]),
    }
}

/// Lets go of a pod: it was counted, or nobody counts any more.
fn release(work: &mut Work<'_, '_>, pod: &Value) {
    if !is_tracked(pod) {
        return;
    }
    let (namespace, name) = (text(pod, "/metadata/namespace"), text(pod, "/metadata/name"));
    // one that waited for nothing else goes with it
    work.hand(MANAGER).change("Pod", namespace, name, |live| {
        let Some(metadata) = live["metadata"].as_object_mut() else { return };
        let Some(held) = metadata.get_mut("finalizers").and_then(Value::as_array_mut) else { return };
        held.retain(|held| held != TRACKING);
        if held.is_empty() {
            metadata.remove("finalizers");
        }
    });
}

fn suspend(work: &mut Work<'_, '_>, seen: &Seen) {
    let at = work.at();
    for pod in &seen.active {
        work.hand(MANAGER).delete(pod, None);
        release(work, pod);
        let words = format!("Deleted pod: {}", text(pod, "/metadata/name"));
        work.say(&seen.job, Said::normal("SuccessfulDelete", &words), COMPONENT);
    }
    let mut status = base(seen, at);
    set_active(&mut status, 0);
    status["ready"] = json!(0);
    if let Some(status) = status.as_object_mut() {
        status.remove("startTime");
    }
    if !is_suspended(&seen.job) {
        set_suspended(&mut status, true, at);
        work.say(&seen.job, Said::normal("Suspended", "Job suspended"), COMPONENT);
    }
    write(work, &seen.job, &status);
}

/// A Job that is over goes by itself, with its pods, when it says after how long.
fn expire(work: &mut Work<'_, '_>, key: &str, job: &Value, pods: &[Arc<Value>]) {
    for pod in pods.iter().filter(|pod| pod::is_over(pod)) {
        release(work, pod);
    }
    let Some(seconds) = job["spec"]["ttlSecondsAfterFinished"].as_i64() else { return };
    let conditions = job["status"]["conditions"].as_array().into_iter().flatten();
    let ended = conditions.filter_map(|one| text(one, "/lastTransitionTime").parse::<Timestamp>().ok()).max();
    let due = plus(ended.unwrap_or(work.at()), Duration::from_secs(seconds.unsigned_abs()));
    let left = Duration::try_from(due.duration_since(work.at())).unwrap_or_default();
    if !left.is_zero() {
        return work.again(Role::Job, key, left);
    }
    for pod in pods {
        work.hand(MANAGER).delete(pod, None);
    }
    work.hand(MANAGER).delete(job, None);
}

fn write(work: &mut Work<'_, '_>, job: &Value, status: &Value) {
    if *status != job["status"] {
        work.hand(MANAGER).status(job, status, |_| {});
    }
}
