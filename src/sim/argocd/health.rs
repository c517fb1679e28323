//! How an object is, by the rules of its kind; and how an Application is, by its objects.

use super::key::{Key, group};
use crate::sim::manifest::meta::{number, text};
use serde_json::Value;

/// The states, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// As it should be.
    Healthy,
    /// Held on purpose.
    Suspended,
    /// On its way.
    Progressing,
    /// Not there.
    Missing,
    /// Failed.
    Degraded,
    /// Not to be told.
    Unknown,
}

impl Health {
    /// The word in `status.health.status`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Suspended => "Suspended",
            Self::Progressing => "Progressing",
            Self::Missing => "Missing",
            Self::Degraded => "Degraded",
            Self::Unknown => "Unknown",
        }
    }
}

/// A state and what is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The state.
    pub health: Health,
    /// What is said; often nothing.
    pub message: String,
}

fn is(health: Health, message: impl Into<String>) -> Judgement {
    Judgement { health, message: message.into() }
}

/// How an object is; none for kinds without a rule.
#[must_use]
pub fn of(object: &Value) -> Option<Judgement> {
    if object["metadata"]["deletionTimestamp"].is_string() {
        return Some(is(Health::Progressing, "Pending deletion"));
    }
    Some(match (group(object), text(object, "/kind")) {
        ("apps", "Deployment") => deployment(object),
        ("apps", "StatefulSet") => stateful_set(object),
        ("apps", "DaemonSet") => daemon_set(object),
        ("apps", "ReplicaSet") => replica_set(object),
        ("", "Pod") => pod(object),
        ("batch", "Job") => job(object),
        ("batch", "CronJob") => cron_job(object),
        ("", "Service") => service(object),
        ("networking.k8s.io", "Ingress") => ingress(object),
        ("", "PersistentVolumeClaim") => match text(object, "/status/phase") {
            "Bound" => is(Health::Healthy, ""),
            "Pending" => is(Health::Progressing, ""),
            "Lost" => is(Health::Degraded, ""),
            _ => is(Health::Unknown, ""),
        },
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler(object),
        ("argoproj.io", "ApplicationSet") => application_set(object),
        _ => return None,
    })
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"].as_array()?.iter().find(|one| one["type"] == kind)
}

fn behind(object: &Value) -> bool {
    number(object, "/metadata/generation") > number(object, "/status/observedGeneration")
}

fn wanted(object: &Value) -> i64 {
    object["spec"]["replicas"].as_i64().unwrap_or(1)
}

fn deployment(object: &Value) -> Judgement {
    if object["spec"]["paused"] == true {
        return is(Health::Suspended, "Deployment is paused");
    }
    if behind(object) {
        return is(
            Health::Progressing,
            "Waiting for rollout to finish: observed deployment generation less than desired generation",
        );
    }
    let name = text(object, "/metadata/name");
    if condition(object, "Progressing").is_some_and(|one| one["reason"] == "ProgressDeadlineExceeded") {
        return is(Health::Degraded, format!("Deployment \"{name}\" exceeded its progress deadline"));
    }
    let count = |field: &str| number(object, &format!("/status/{field}"));
    let (updated, all, available) = (count("updatedReplicas"), count("replicas"), count("availableReplicas"));
    let waiting = "Waiting for rollout to finish:";
    if updated < wanted(object) {
        let words = format!("{waiting} {updated} out of {} new replicas have been updated...", wanted(object));
        is(Health::Progressing, words)
    } else if all > updated {
        is(Health::Progressing, format!("{waiting} {} old replicas are pending termination...", all - updated))
    } else if available < updated {
        let words = format!("{waiting} {available} of {updated} updated replicas are available...");
        is(Health::Progressing, words)
    } else {
        is(Health::Healthy, "")
    }
}

fn stateful_set(object: &Value) -> Judgement {
    let ready = number(object, "/status/readyReplicas");
    if number(object, "/status/observedGeneration") == 0 || behind(object) {
        return is(Health::Progressing, "Waiting for statefulset spec update to be observed...");
    }
    if ready < wanted(object) {
        return is(Health::Progressing, format!("Waiting for {} pods to be ready...", wanted(object) - ready));
    }
    let updated = number(object, "/status/updatedReplicas");
    let strategy = &object["spec"]["updateStrategy"];
    if strategy["type"] == "OnDelete" {
        return is(Health::Healthy, format!("statefulset has {ready} ready pods"));
    }
    if strategy["type"] == "RollingUpdate" && strategy["rollingUpdate"].is_object() {
        let partition = number(strategy, "/rollingUpdate/partition");
        if updated < wanted(object) - partition {
            let of = wanted(object) - partition;
            let words = format!(
                "Waiting for partitioned roll out to finish: {updated} out of {of} new pods have been updated..."
            );
            return is(Health::Progressing, words);
        }
        return is(Health::Healthy, format!("partitioned roll out complete: {updated} new pods have been updated..."));
    }
    if object["status"]["updateRevision"] != object["status"]["currentRevision"] {
        let revision = text(object, "/status/updateRevision");
        let words =
            format!("waiting for statefulset rolling update to complete {updated} pods at revision {revision}...");
        return is(Health::Progressing, words);
    }
    let words = format!(
        "statefulset rolling update complete {ready} pods at revision {}...",
        text(object, "/status/currentRevision")
    );
    is(Health::Healthy, words)
}

fn daemon_set(object: &Value) -> Judgement {
    let count = |field: &str| number(object, &format!("/status/{field}"));
    let (updated, desired, available) =
        (count("updatedNumberScheduled"), count("desiredNumberScheduled"), count("numberAvailable"));
    if behind(object) {
        is(
            Health::Progressing,
            "Waiting for rollout to finish: observed daemon set generation less than desired generation",
        )
    } else if object["spec"]["updateStrategy"]["type"] == "OnDelete" {
        is(Health::Healthy, format!("daemon set {updated} out of {desired} new pods have been updated"))
    } else if updated < desired {
        is(
            Health::Progressing,
            format!(
                "Waiting for daemon set rollout to finish: {updated} out of {desired} new pods have been updated..."
            ),
        )
    } else if available < desired {
        is(
            Health::Progressing,
            format!("Waiting for daemon set rollout to finish: {available} of {desired} updated pods are available..."),
        )
    } else {
        is(Health::Healthy, "")
    }
}

fn replica_set(object: &Value) -> Judgement {
    let available = number(object, "/status/availableReplicas");
    if behind(object) {
        is(
            Health::Progressing,
            "Waiting for rollout to finish: observed replica set generation less than desired generation",
        )
    } else if let Some(failed) = condition(object, "ReplicaFailure").filter(|one| one["status"] == "True") {
        is(Health::Degraded, text(failed, "/message"))
    } else if available < wanted(object) {
        is(
            Health::Progressing,
            format!(
                "Waiting for rollout to finish: {available} out of {} new replicas are available...",
                wanted(object)
            ),
        )
    } else {
        is(Health::Healthy, "")
    }
}

fn containers(object: &Value) -> impl Iterator<Item = &Value> {
    object["status"]["containerStatuses"].as_array().into_iter().flatten()
}

fn pod(object: &Value) -> Judgement {
    let always = matches!(text(object, "/spec/restartPolicy"), "Always" | "");
    if always {
        for container in containers(object) {
            let waiting = &container["state"]["waiting"];
            let reason = text(waiting, "/reason");
            if reason.starts_with("Err") || reason.ends_with("Error") || reason.ends_with("BackOff") {
                return is(Health::Degraded, text(waiting, "/message"));
            }
        }
    }
    match text(object, "/status/phase") {
        "Succeeded" => is(Health::Healthy, text(object, "/status/message")),
        "Failed" => {
            let own = text(object, "/status/message");
            let said = containers(object).find_map(|container| {
                let ended = &container["state"]["terminated"];
                let (message, code) = (text(ended, "/message"), number(ended, "/exitCode"));
                if !message.is_empty() {
                    Some(message.to_owned())
                } else if ended["reason"] == "OOMKilled" {
                    Some("OOMKilled".to_owned())
                } else if code != 0 {
                    Some(format!("container \"{}\" failed with exit code {code}", text(container, "/name")))
                } else {
                    None
                }
            });
            is(Health::Degraded, if own.is_empty() { said.unwrap_or_default() } else { own.to_owned() })
        }
        "Running" if always => {
            if condition(object, "Ready").is_some_and(|one| one["status"] == "True") {
                return is(Health::Healthy, text(object, "/status/message"));
            }
            let died = containers(object).any(|container| container["lastState"]["terminated"].is_object());
            is(if died { Health::Degraded } else { Health::Progressing }, text(object, "/status/message"))
        }
        "Running" | "Pending" => is(Health::Progressing, text(object, "/status/message")),
        _ => is(Health::Unknown, text(object, "/status/message")),
    }
}

fn job(object: &Value) -> Judgement {
    if let Some(failed) = condition(object, "Failed") {
        is(Health::Degraded, text(failed, "/message"))
    } else if let Some(held) = condition(object, "Suspended").filter(|one| one["status"] == "True") {
        is(Health::Suspended, text(held, "/message"))
    } else if let Some(done) = condition(object, "Complete") {
        is(Health::Healthy, text(done, "/message"))
    } else {
        is(Health::Progressing, "")
    }
}

fn cron_job(object: &Value) -> Judgement {
    let status = &object["status"];
    if object["spec"]["suspend"] == true {
        return is(Health::Healthy, "CronJob is Suspended");
    }
    if !status.is_object() {
        return is(Health::Progressing, "");
    }
    let active = status["active"].as_array().is_some_and(|active| !active.is_empty());
    let (last, success) = (text(status, "/lastScheduleTime"), text(status, "/lastSuccessfulTime"));
    if !active && !last.is_empty() && !success.is_empty() && success < last {
        return is(Health::Degraded, "CronJob has not completed its last execution successfully");
    }
    is(Health::Healthy, "")
}

fn balanced(object: &Value) -> bool {
    object["status"]["loadBalancer"]["ingress"].as_array().is_some_and(|list| !list.is_empty())
}

fn service(object: &Value) -> Judgement {
    let waits = object["spec"]["type"] == "LoadBalancer" && !balanced(object);
    is(if waits { Health::Progressing } else { Health::Healthy }, "")
}

fn ingress(object: &Value) -> Judgement {
    is(if balanced(object) { Health::Healthy } else { Health::Progressing }, "")
}

fn autoscaler(object: &Value) -> Judgement {
    const BAD: &[(&str, &[&str])] = &[
        ("AbleToScale", &["FailedGetScale", "FailedUpdateScale"]),
        (
            "ScalingActive",
            &[
                "FailedGetResourceMetric",
                "FailedGetObjectMetric",
                "FailedGetPodsMetric",
                "FailedGetExternalMetric",
                "FailedComputeMetricsReplicas",
                "InvalidSelector",
            ],
        ),
    ];
    for (kind, reasons) in BAD {
        if let Some(bad) = condition(object, kind).filter(|one| reasons.contains(&text(one, "/reason"))) {
            return is(Health::Degraded, text(bad, "/message"));
        }
    }
    for kind in ["AbleToScale", "ScalingLimited"] {
        if let Some(good) = condition(object, kind).filter(|one| one["status"] == "True") {
            return is(Health::Healthy, text(good, "/message"));
        }
    }
    is(Health::Progressing, "Waiting to Autoscale")
}

fn application_set(object: &Value) -> Judgement {
    let state = |kind: &str| condition(object, kind).map(|one| text(one, "/status"));
    if let Some(wrong) = condition(object, "ErrorOccurred").filter(|one| one["status"] == "True") {
        return is(Health::Degraded, text(wrong, "/message"));
    }
    match (state("ResourcesUpToDate"), state("RolloutProgressing")) {
        (Some("False"), _) => is(Health::Degraded, ""),
        (_, Some("True")) => is(Health::Progressing, ""),
        (Some("True"), _) => is(Health::Healthy, ""),
        _ => is(Health::Progressing, "Waiting for health status to be determined"),
    }
}

/// How an Application is: the worst of the objects it manages, with who is to blame.
///
/// `objects` holds what counts (no hooks, nothing ignored), with the live object where there is one.
#[must_use]
pub fn aggregate(objects: &[(Key, Option<&Value>)]) -> Judgement {
    if !objects.is_empty() && objects.iter().all(|(_, live)| live.is_none()) {
        return is(Health::Missing, "");
    }
    let mut worst = Health::Healthy;
    let mut blame: Vec<&Key> = Vec::new();
    for (key, live) in objects {
        let Some(judgement) = live.and_then(of) else { continue };
        if judgement.health > worst {
            worst = judgement.health;
            blame.clear();
        }
        if judgement.health == worst && worst != Health::Healthy {
            blame.push(key);
        }
    }
    let shown: Vec<String> = blame.iter().take(3).map(|key| key.cause()).collect();
    let more = match blame.len().saturating_sub(3) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    is(worst, if shown.is_empty() { String::new() } else { format!("Caused by {}{more}", shown.join(", ")) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_application_is_as_bad_as_its_worst_object() {
        let ok = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "n"}});
        let bad = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "b", "namespace": "n"},
            "spec": {"replicas": 1}, "status": {"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]}});
        let rows = [(Key::of(&ok), Some(&ok)), (Key::of(&bad), Some(&bad))];
        let judged = aggregate(&rows);
        assert_eq!((judged.health, judged.message.as_str()), (Health::Degraded, "Caused by apps/Deployment:n/b"));
        assert_eq!(aggregate(&[(Key::of(&bad), None)]).health, Health::Missing);
        assert_eq!(aggregate(&[(Key::of(&bad), None), (Key::of(&ok), Some(&ok))]).health, Health::Healthy);
        assert_eq!(aggregate(&[]).health, Health::Healthy);
    }
}
