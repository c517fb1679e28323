//! Health from a live object, by the rules and in the words of Argo CD. Since its version 3 it no longer writes the
//! health of single resources into the Application, so whoever wants it computes it.

use serde_json::Value;

use super::Health;

/// A verdict and what is said with it.
pub type Verdict = (Health, Option<String>);

/// The health of a live object; `None` for a kind without a rule, which has none.
#[must_use]
pub fn of(live: &Value) -> Option<Verdict> {
    if text(live, "/metadata/deletionTimestamp") != "" && !has_hook_finalizer(live) {
        return Some(said(Health::Progressing, "Pending deletion"));
    }
    let (group, version) = group_and_version(text(live, "/apiVersion"));
    Some(match (group, text(live, "/kind")) {
        ("apps", "Deployment") => deployment(live),
        ("apps", "StatefulSet") => stateful_set(live),
        ("apps", "DaemonSet") => daemon_set(live),
        ("apps", "ReplicaSet") => replica_set(live),
        ("", "Pod") => pod(live),
        ("batch", "Job") => job(live),
        ("batch", "CronJob") => cron_job(live),
        ("", "Service") => service(live),
        ("networking.k8s.io" | "extensions", "Ingress") => {
            bare(if has_ingress(live) { Health::Healthy } else { Health::Progressing })
        }
        ("", "PersistentVolumeClaim") => bare(match text(live, "/status/phase") {
            "Bound" => Health::Healthy,
            "Pending" => Health::Progressing,
            "Lost" => Health::Degraded,
            _ => Health::Unknown,
        }),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler(live, version),
        ("apiregistration.k8s.io", "APIService") => api_service(live),
        ("argoproj.io", "Workflow") => {
            let health = match text(live, "/status/phase") {
                "" | "Pending" | "Running" => Health::Progressing,
                "Succeeded" => Health::Healthy,
                "Failed" | "Error" => Health::Degraded,
                _ => Health::Unknown,
            };
            said(health, text(live, "/status/message"))
        }
        ("argoproj.io", "ApplicationSet") => application_set(live),
        _ => return None,
    })
}

/// Whether objects of this kind have health at all.
#[must_use]
pub fn has_rule(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
            | ("", "Pod" | "Service" | "PersistentVolumeClaim")
            | ("batch", "Job" | "CronJob")
            | ("networking.k8s.io" | "extensions", "Ingress")
            | ("autoscaling", "HorizontalPodAutoscaler")
            | ("apiregistration.k8s.io", "APIService")
            | ("argoproj.io", "Workflow" | "ApplicationSet")
    )
}

fn group_and_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

fn bare(health: Health) -> Verdict {
    (health, None)
}

fn said(health: Health, message: impl Into<String>) -> Verdict {
    let message = message.into();
    (health, (!message.is_empty()).then_some(message))
}

fn progressing(message: impl Into<String>) -> Verdict {
    said(Health::Progressing, message)
}

fn text<'a>(live: &'a Value, path: &str) -> &'a str {
    live.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn number(live: &Value, path: &str) -> i64 {
    live.pointer(path).and_then(Value::as_i64).unwrap_or_default()
}

fn items<'a>(live: &'a Value, path: &str) -> &'a [Value] {
    live.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn condition<'a>(live: &'a Value, kind: &str) -> Option<&'a Value> {
    items(live, "/status/conditions").iter().find(|c| text(c, "/type") == kind)
}

fn is_true(condition: Option<&Value>) -> bool {
    condition.is_some_and(|c| text(c, "/status") == "True")
}

fn has_hook_finalizer(live: &Value) -> bool {
    items(live, "/metadata/finalizers").iter().any(|f| f.as_str() == Some("argocd.argoproj.io/hook-finalizer"))
}

/// The controller has not looked at the newest spec yet.
fn is_behind(live: &Value) -> bool {
    number(live, "/metadata/generation") > number(live, "/status/observedGeneration")
}

fn deployment(live: &Value) -> Verdict {
    if live.pointer("/spec/paused") == Some(&Value::Bool(true)) {
        return said(Health::Suspended, "Deployment is paused");
    }
    if is_behind(live) {
        return progressing(
            "Waiting for rollout to finish: observed deployment generation less than desired generation",
        );
    }
    if condition(live, "Progressing").is_some_and(|c| text(c, "/reason") == "ProgressDeadlineExceeded") {
        let name = text(live, "/metadata/name");
        return said(Health::Degraded, format!("Deployment \"{name}\" exceeded its progress deadline"));
    }
    let status = |field: &str| number(live, &format!("/status/{field}"));
    let (updated, all, available) = (status("updatedReplicas"), status("replicas"), status("availableReplicas"));
    match live.pointer("/spec/replicas").and_then(Value::as_i64) {
        Some(wanted) if updated < wanted => progressing(format!(
            "Waiting for rollout to finish: {updated} out of {wanted} new replicas have been updated..."
        )),
        _ if all > updated => progressing(format!(
            "Waiting for rollout to finish: {} old replicas are pending termination...",
            all - updated
        )),
        _ if available < updated => progressing(format!(
            "Waiting for rollout to finish: {available} of {updated} updated replicas are available..."
        )),
        _ => bare(Health::Healthy),
    }
}

fn stateful_set(live: &Value) -> Verdict {
    if number(live, "/status/observedGeneration") == 0 || is_behind(live) {
        return progressing("Waiting for statefulset spec update to be observed...");
    }
    let wanted = live.pointer("/spec/replicas").and_then(Value::as_i64);
    let (ready, updated) = (number(live, "/status/readyReplicas"), number(live, "/status/updatedReplicas"));
    if let Some(wanted) = wanted.filter(|wanted| ready < *wanted) {
        return progressing(format!("Waiting for {} pods to be ready...", wanted - ready));
    }
    let strategy = text(live, "/spec/updateStrategy/type");
    if strategy == "RollingUpdate" && live.pointer("/spec/updateStrategy/rollingUpdate").is_some_and(Value::is_object) {
        let partition = live.pointer("/spec/updateStrategy/rollingUpdate/partition").and_then(Value::as_i64);
        return match (wanted, partition) {
            (Some(wanted), Some(partition)) if updated < wanted - partition => progressing(format!(
                "Waiting for partitioned roll out to finish: {updated} out of {} new pods have been updated...",
                wanted - partition
            )),
            _ => {
                said(Health::Healthy, format!("partitioned roll out complete: {updated} new pods have been updated..."))
            }
        };
    }
    if strategy == "OnDelete" {
        return said(Health::Healthy, format!("statefulset has {ready} ready pods"));
    }
    let (update, current) = (text(live, "/status/updateRevision"), text(live, "/status/currentRevision"));
    if update != current {
        return progressing(format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision {update}..."
        ));
    }
    let at_current = number(live, "/status/currentReplicas");
    said(Health::Healthy, format!("statefulset rolling update complete {at_current} pods at revision {current}..."))
}

fn daemon_set(live: &Value) -> Verdict {
    if is_behind(live) {
        return progressing(
            "Waiting for rollout to finish: observed daemon set generation less than desired generation",
        );
    }
    let status = |field: &str| number(live, &format!("/status/{field}"));
    let (updated, wanted) = (status("updatedNumberScheduled"), status("desiredNumberScheduled"));
    let (available, name) = (status("numberAvailable"), text(live, "/metadata/name"));
    if text(live, "/spec/updateStrategy/type") == "OnDelete" {
        return said(Health::Healthy, format!("daemon set {updated} out of {wanted} new pods have been updated"));
    }
    let rollout = format!("Waiting for daemon set \"{name}\" rollout to finish");
    if updated < wanted {
        progressing(format!("{rollout}: {updated} out of {wanted} new pods have been updated..."))
    } else if available < wanted {
        progressing(format!("{rollout}: {available} of {wanted} updated pods are available..."))
    } else {
        bare(Health::Healthy)
    }
}

fn replica_set(live: &Value) -> Verdict {
    if is_behind(live) {
        return progressing(
            "Waiting for rollout to finish: observed replica set generation less than desired generation",
        );
    }
    if let Some(failure) = condition(live, "ReplicaFailure").filter(|c| is_true(Some(c))) {
        return said(Health::Degraded, text(failure, "/message"));
    }
    let available = number(live, "/status/availableReplicas");
    match live.pointer("/spec/replicas").and_then(Value::as_i64) {
        Some(wanted) if available < wanted => progressing(format!(
            "Waiting for rollout to finish: {available} out of {wanted} new replicas are available..."
        )),
        _ => bare(Health::Healthy),
    }
}

fn pod(live: &Value) -> Verdict {
    let annotation =
        live.pointer("/metadata/annotations").and_then(|a| a.get("argocd.argoproj.io/ignore-restart-policy"));
    let always = text(live, "/spec/restartPolicy") == "Always";
    let containers = items(live, "/status/containerStatuses");
    if always || annotation.and_then(Value::as_str) == Some("true") {
        let stuck: Vec<&str> = containers
            .iter()
            .filter(|c| {
                let reason = text(c, "/state/waiting/reason");
                reason.starts_with("Err") || reason.ends_with("Error") || reason.ends_with("BackOff")
            })
            .map(|c| text(c, "/state/waiting/message"))
            .collect();
        if !stuck.is_empty() {
            return said(Health::Degraded, stuck.join(", "));
        }
    }
    let message = text(live, "/status/message");
    match text(live, "/status/phase") {
        "Pending" => progressing(message),
        "Succeeded" => said(Health::Healthy, message),
        "Failed" => {
            let failed = || {
                let all = items(live, "/status/initContainerStatuses").iter().chain(containers);
                all.filter_map(container_failure).next().unwrap_or_default()
            };
            said(Health::Degraded, if message.is_empty() { failed() } else { message.to_owned() })
        }
        "Running" if !always => progressing(message),
        "Running" if is_true(condition(live, "Ready")) => said(Health::Healthy, message),
        "Running" if containers.iter().any(|c| c.pointer("/lastState/terminated").is_some()) => {
            said(Health::Degraded, message)
        }
        "Running" => progressing(message),
        _ => said(Health::Unknown, message),
    }
}

fn container_failure(container: &Value) -> Option<String> {
    let ended = container.pointer("/state/terminated")?;
    let (message, reason, code) = (text(ended, "/message"), text(ended, "/reason"), number(ended, "/exitCode"));
    if !message.is_empty() {
        Some(message.to_owned())
    } else if reason == "OOMKilled" {
        Some(reason.to_owned())
    } else if code != 0 {
        Some(format!("container \"{}\" failed with exit code {code}", text(container, "/name")))
    } else {
        None
    }
}

/// That a condition is there counts; its status is looked at for `Suspended` only.
fn job(live: &Value) -> Verdict {
    let (mut failure, mut message, mut complete, mut suspended) = (None, "", false, false);
    for condition in items(live, "/status/conditions") {
        let said = text(condition, "/message");
        match text(condition, "/type") {
            "Failed" => (complete, failure) = (true, Some(said)),
            "Complete" => (complete, message) = (true, said),
            "Suspended" => {
                (complete, message) = (true, said);
                suspended |= is_true(Some(condition));
            }
            _ => {}
        }
    }
    match failure {
        _ if !complete => progressing(message),
        Some(failure) => said(Health::Degraded, failure),
        None if suspended => said(Health::Suspended, message),
        None => said(Health::Healthy, message),
    }
}

fn cron_job(live: &Value) -> Verdict {
    if live.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
        return said(Health::Healthy, "CronJob is Suspended");
    }
    if !live.pointer("/status").is_some_and(Value::is_object) {
        return progressing("Waiting for CronJob");
    }
    // both are RFC 3339 in UTC, so they compare as text
    let (scheduled, succeeded) = (text(live, "/status/lastScheduleTime"), text(live, "/status/lastSuccessfulTime"));
    if scheduled.is_empty() {
        return said(Health::Healthy, "CronJob has not been scheduled yet");
    }
    if succeeded.is_empty() {
        return said(Health::Healthy, "The CronJob never completed successfully. It may not be healthy");
    }
    if !items(live, "/status/active").is_empty() {
        return said(Health::Healthy, "The job is running. Its last execution may not have been successful");
    }
    if succeeded < scheduled {
        return said(Health::Degraded, "CronJob has not completed its last execution successfully");
    }
    said(Health::Healthy, "CronJob has completed its last execution successfully")
}

fn has_ingress(live: &Value) -> bool {
    !items(live, "/status/loadBalancer/ingress").is_empty()
}

fn service(live: &Value) -> Verdict {
    let waits = text(live, "/spec/type") == "LoadBalancer" && !has_ingress(live);
    bare(if waits { Health::Progressing } else { Health::Healthy })
}

/// Type and reason of what an autoscaler cannot do.
const SCALING_FAILURES: [(&str, &str); 8] = [
    ("AbleToScale", "FailedGetScale"),
    ("AbleToScale", "FailedUpdateScale"),
    ("ScalingActive", "FailedGetResourceMetric"),
    ("ScalingActive", "FailedGetObjectMetric"),
    ("ScalingActive", "FailedGetPodsMetric"),
    ("ScalingActive", "FailedGetExternalMetric"),
    ("ScalingActive", "FailedComputeMetricsReplicas"),
    ("ScalingActive", "InvalidSelector"),
];

fn autoscaler(live: &Value, version: &str) -> Verdict {
    let parsed: Vec<Value>;
    let conditions = match version {
        "v2" => items(live, "/status/conditions"),
        // v1 keeps them as JSON in an annotation
        "v1" => {
            let annotations = live.pointer("/metadata/annotations");
            let kept = annotations.and_then(|a| a.get("autoscaling.alpha.kubernetes.io/conditions")?.as_str());
            parsed = kept.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
            &parsed
        }
        _ => return said(Health::Unknown, format!("unsupported HPA version autoscaling/{version}")),
    };
    for condition in conditions {
        let (kind, reason) = (text(condition, "/type"), text(condition, "/reason"));
        if SCALING_FAILURES.contains(&(kind, reason)) {
            return said(Health::Degraded, text(condition, "/message"));
        }
        if matches!(kind, "AbleToScale" | "ScalingLimited") && is_true(Some(condition)) {
            return said(Health::Healthy, text(condition, "/message"));
        }
    }
    progressing("Waiting to Autoscale")
}

fn api_service(live: &Value) -> Verdict {
    let Some(available) = condition(live, "Available") else { return progressing("Waiting to be processed") };
    let message = format!("{}: {}", text(available, "/reason"), text(available, "/message"));
    said(if is_true(Some(available)) { Health::Healthy } else { Health::Progressing }, message)
}

fn application_set(live: &Value) -> Verdict {
    let find = |kind: &str, status: &str| condition(live, kind).filter(|c| text(c, "/status") == status);
    let rules = [
        ("ErrorOccurred", "True", Health::Degraded),
        ("ResourcesUpToDate", "False", Health::Degraded),
        ("RolloutProgressing", "True", Health::Progressing),
        ("ResourcesUpToDate", "True", Health::Healthy),
    ];
    for (kind, status, health) in rules {
        if let Some(condition) = find(kind, status) {
            return said(health, text(condition, "/message"));
        }
    }
    progressing("Waiting for health status to be determined")
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
