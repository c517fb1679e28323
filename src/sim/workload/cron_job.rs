//! The `CronJob` controller: a Job whenever its schedule fires.

use super::cluster::{Role, Work};
use super::hand::MANAGER;
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::{owned_by, text};
use crate::sim::schedule::Schedule;
use crate::sim::time::{minus, plus, stamp};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const COMPONENT: &str = "cronjob-controller";
/// The annotation of a Job with the moment it was due.
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// Looks after the Jobs there are, and starts the one that is due.
pub(super) fn sync(work: &mut Work<'_, '_>, key: &str) {
    let Some(cron) = work.cluster.cache.get("CronJob", key) else { return };
    let mut jobs = work.cluster.cache.owned("Job", text(&cron, "/metadata/uid"));
    jobs.sort_by_key(|job| (text(job, "/status/startTime").to_owned(), text(job, "/metadata/name").to_owned()));
    let mut status = cron["status"].clone();
    review(work, &cron, &jobs, &mut status);
    for (ended, field, absent) in
        [("Complete", "successfulJobsHistoryLimit", 3), ("Failed", "failedJobsHistoryLimit", 1)]
    {
        let of_kind: Vec<&Arc<Value>> = jobs.iter().filter(|job| end_of(job) == Some(ended)).collect();
        let most = usize::try_from(cron["spec"][field].as_i64().unwrap_or(absent)).unwrap_or_default();
        for job in of_kind.iter().take(of_kind.len().saturating_sub(most)) {
            delete(work, &cron, job);
        }
    }
    if cron["metadata"]["deletionTimestamp"].is_null() && cron["spec"]["suspend"] != true {
        start(work, key, &cron, &jobs, &mut status);
    }
    if status != cron["status"] {
        work.hand(MANAGER).status(&cron, &status, |_| {});
    }
}

/// How a Job ended, if it has.
fn end_of(job: &Value) -> Option<&str> {
    let conditions = job["status"]["conditions"].as_array()?;
    let over = conditions.iter().filter(|one| one["status"] == "True").map(|one| text(one, "/type"));
    over.into_iter().find(|kind| matches!(*kind, "Complete" | "Failed"))
}

fn active(status: &Value) -> Vec<Value> {
    status["active"].as_array().cloned().unwrap_or_default()
}

/// The API leaves an empty list out.
fn set_active(status: &mut Value, active: &[Value]) {
    if !active.is_empty() {
        status["active"] = json!(active);
    } else if let Some(status) = status.as_object_mut() {
        status.remove("active");
    }
}

/// Takes what has ended or is gone off the list of what runs, and says so.
fn review(work: &mut Work<'_, '_>, cron: &Value, jobs: &[Arc<Value>], status: &mut Value) {
    let mut running = active(status);
    for job in jobs {
        let (name, uid) = (text(job, "/metadata/name"), &job["metadata"]["uid"]);
        let listed = running.iter().any(|one| one["uid"] == *uid);
        match end_of(job) {
            Some(end) if listed => {
                running.retain(|one| one["uid"] != *uid);
                let words = format!("Saw completed job: {name}, condition: {end}");
                work.say(cron, Said::normal("SawCompletedJob", &words), COMPONENT);
            }
            None if !listed => {
                let words = format!("Saw a job that the controller did not create or forgot: {name}");
                work.say(cron, Said::warning("UnexpectedJob", &words), COMPONENT);
            }
            _ => {}
        }
        let done = text(job, "/status/completionTime");
        if end_of(job) == Some("Complete") && done > text(status, "/lastSuccessfulTime") {
            status["lastSuccessfulTime"] = json!(done);
        }
    }
    let store = &work.cluster.stage.store;
    let is_gone = |one: &Value| store.get("Job", text(one, "/namespace"), text(one, "/name")).is_none();
    let (gone, running): (Vec<Value>, Vec<Value>) = running.into_iter().partition(is_gone);
    for one in gone {
        let words = format!("Active job went missing: {}", text(&one, "/name"));
        work.say(cron, Said::normal("MissingJob", &words), COMPONENT);
    }
    set_active(status, &running);
}

/// Starts the Job that is due, if one is, and looks again when the next one is.
fn start(work: &mut Work<'_, '_>, key: &str, cron: &Value, jobs: &[Arc<Value>], status: &mut Value) {
    let at = work.at();
    let zone = text(cron, "/spec/timeZone");
    let zone = TimeZone::get(if zone.is_empty() { "UTC" } else { zone });
    let (Some(schedule), Ok(zone)) = (Schedule::read(text(cron, "/spec/schedule")), zone) else {
        let words = format!("unparseable schedule: {}", cron["spec"]["schedule"]);
        return work.say(cron, Said::warning("UnparseableSchedule", &words), COMPONENT);
    };
    if let Some(next) = schedule.next(at, &zone) {
        work.once(Role::CronJob, key, next);
    }
    let told = |pointer: &str, object: &Value| text(object, pointer).parse::<Timestamp>().ok();
    let begun = told("/lastScheduleTime", status).or_else(|| told("/metadata/creationTimestamp", cron)).unwrap_or(at);
    let patience = cron["spec"]["startingDeadlineSeconds"].as_u64().map(Duration::from_secs);
    let since = patience.map_or(begun, |patience| begun.max(minus(at, patience)));
    let Some(due) = schedule.last(since, at, &zone) else { return };
    if patience.is_some_and(|patience| plus(due, patience) < at) {
        let words = format!("Missed scheduled time to start a job: {}", due.strftime("%a, %d %b %Y %H:%M:%S +0000"));
        return work.say(cron, Said::warning("MissSchedule", &words), COMPONENT);
    }
    let running = active(status);
    match text(cron, "/spec/concurrencyPolicy") {
        "Forbid" if !running.is_empty() => {
            let words = "Not starting job because prior execution is running and concurrency policy is Forbid";
            return work.say(cron, Said::normal("JobAlreadyActive", words), COMPONENT);
        }
        "Replace" => {
            for job in jobs.iter().filter(|job| running.iter().any(|one| one["uid"] == job["metadata"]["uid"])) {
                delete(work, cron, job);
            }
            set_active(status, &[]);
        }
        _ => {}
    }
    match work.hand(MANAGER).try_create(job_of(cron, due, &zone)) {
        Ok(made) => {
            let words = format!("Created job {}", text(&made, "/metadata/name"));
            work.say(cron, Said::normal("SuccessfulCreate", &words), COMPONENT);
            let metadata = &made["metadata"];
            let listed = json!({"apiVersion": made["apiVersion"], "kind": made["kind"], "name": metadata["name"],
                "namespace": metadata["namespace"], "uid": metadata["uid"],
                "resourceVersion": metadata["resourceVersion"]});
            let mut running = active(status);
            running.push(listed);
            set_active(status, &running);
            status["lastScheduleTime"] = json!(stamp(due));
        }
        // it was started, and this is only not seen yet
        Err(failure) if failure.reason == "AlreadyExists" => {}
        Err(failure) => {
            let words = format!("Error creating job: {failure}");
            work.say(cron, Said::warning("FailedCreate", &words), COMPONENT);
            work.refused(Role::CronJob, key);
        }
    }
}

/// The Job of one moment; it is named after the minute, so that there is never a second one.
fn job_of(cron: &Value, due: Timestamp, zone: &TimeZone) -> Value {
    let template = &cron["spec"]["jobTemplate"];
    let mut metadata = json!({
        "name": format!("{}-{}", text(cron, "/metadata/name"), due.as_second() / 60),
        "namespace": cron["metadata"]["namespace"],
        "annotations": template["metadata"]["annotations"],
        "ownerReferences": owned_by(cron),
    });
    if template["metadata"]["labels"].is_object() {
        metadata["labels"] = template["metadata"]["labels"].clone();
    }
    let zoned = due.to_zoned(zone.clone());
    let moment =
        if zoned.offset().seconds() == 0 { stamp(due) } else { zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string() };
    metadata["annotations"][SCHEDULED] = json!(moment);
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]})
}

fn delete(work: &mut Work<'_, '_>, cron: &Value, job: &Value) {
    work.hand(MANAGER).delete(job, None);
    let words = format!("Deleted job {}", text(job, "/metadata/name"));
    work.say(cron, Said::normal("SuccessfulDelete", &words), COMPONENT);
}
