//! A pod's status, made of what its kubelet knows.

use super::resources;
use super::run::{Container, Ended, Run, State};
use crate::sim::manifest::meta::{hex, text};
use crate::sim::time::stamp;
use crate::sim::workload::pod::condition;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The whole status; what others wrote into it stays.
pub(super) fn of(pod: &Value, run: &Run, at: Timestamp) -> Value {
    let mut status = pod["status"].clone();
    let phase = phase(pod, run);
    status["phase"] = json!(phase);
    status["observedGeneration"] = json!(run.generation);
    status["hostIP"] = json!(run.host);
    status["hostIPs"] = json!([{"ip": run.host}]);
    status["startTime"] = json!(stamp(run.started));
    if run.addressed {
        status["podIP"] = json!(run.address);
        status["podIPs"] = json!([{"ip": run.address}]);
    }
    if let Some((reason, message)) = &run.failed {
        status["reason"] = json!(reason);
        status["message"] = json!(message);
    }
    status["conditions"] = conditions(pod, run, phase, at);
    status["resources"] = resources::of(pod);
    let describe = |(index, container): (usize, &Container)| container_status(pod, run, index, container);
    if run.inits > 0 {
        let inits: Vec<Value> = run.containers.iter().enumerate().take(run.inits).map(describe).collect();
        status["initContainerStatuses"] = json!(inits);
    }
    let all = run.containers.iter().enumerate().skip(run.inits).map(describe).collect::<Vec<Value>>();
    let (main, ephemeral) = all.split_at(run.mains.min(all.len()));
    status["containerStatuses"] = json!(main);
    if !ephemeral.is_empty() {
        status["ephemeralContainerStatuses"] = json!(ephemeral);
    }
    status
}

/// The phase as a whole: over once nothing is started again and the sandbox is down.
fn phase(pod: &Value, run: &Run) -> &'static str {
    if run.failed.is_some() {
        return "Failed";
    }
    let ended = |container: &Container| match &container.state {
        State::Ended(ended) => Some(ended.code),
        _ => None,
    };
    if run.over {
        let codes: Vec<Option<i64>> = run.main().map(ended).collect();
        return if codes.iter().all(|code| *code == Some(0)) { "Succeeded" } else { "Failed" };
    }
    let begun = |container: &Container| !matches!(container.state, State::Waiting { .. }) || container.last.is_some();
    if run.initialized() && run.main().any(begun) {
        return "Running";
    }
    // what ran already keeps the phase it had
    if text(pod, "/status/phase") == "Running" { "Running" } else { "Pending" }
}

fn conditions(pod: &Value, run: &Run, phase: &str, at: Timestamp) -> Value {
    let unready: Vec<&str> =
        run.main().filter(|container| !container.ready).map(|container| container.name.as_str()).collect();
    let waiting = format!("containers with unready status: [{}]", unready.join(" "));
    let ready = unready.is_empty();
    let never = text(pod, "/spec/restartPolicy") == "Never";
    let all_ended = run.main().all(|container| matches!(container.state, State::Ended(_)));
    let failed = run.main().any(|container| matches!(&container.state, State::Ended(ended) if ended.code != 0));
    let known = run.main().all(|container| !matches!(&container.state, State::Ended(ended) if ended.times.is_none()));
    let over = known && (matches!(phase, "Succeeded" | "Failed") || (never && all_ended));
    let why = match (over, failed || phase == "Failed") {
        (true, true) => ("PodFailed", None),
        (true, false) => ("PodCompleted", None),
        _ => ("ContainersNotReady", Some(waiting)),
    };
    let initialized = run.initialized();
    let inits: Vec<&str> = run
        .containers
        .iter()
        .take(run.inits)
        .filter(|init| !matches!(&init.state, State::Ended(ended) if ended.code == 0))
        .map(|init| init.name.as_str())
        .collect();
    let incomplete = format!("containers with incomplete status: [{}]", inits.join(" "));
    let completed = over && why.0 == "PodCompleted";
    let initialized_why = match (initialized, completed) {
        (true, true) => Some(("PodCompleted", None)),
        (true, false) => None,
        (false, _) => Some(("ContainersNotInitialized", Some(incomplete))),
    };
    let one = |kind: &str, on: bool, why: Option<(&str, Option<String>)>| {
        let value = if on { "True" } else { "False" };
        let old = condition(pod, kind).filter(|old| old["status"] == value);
        let since = old.map_or_else(|| json!(stamp(at)), |old| old["lastTransitionTime"].clone());
        let mut new = json!({"type": kind, "observedGeneration": run.generation, "status": value,
            "lastProbeTime": null, "lastTransitionTime": since});
        if let Some((reason, message)) = why {
            new["reason"] = json!(reason);
            if let Some(message) = message {
                new["message"] = json!(message);
            }
        }
        new
    };
    let not_ready = (!ready).then_some(why);
    json!([
        one("PodReadyToStartContainers", run.sandbox, None),
        one("Initialized", initialized, initialized_why),
        one("Ready", ready, not_ready.clone()),
        one("ContainersReady", ready, not_ready),
        one("PodScheduled", true, None),
    ])
}

/// The id of a container's life.
pub(super) fn id(run: &Run, container: &Container) -> String {
    format!("containerd://{}", hex(&format!("{} {} {}", run.uid, container.name, container.restarts), 64))
}

fn container_status(pod: &Value, run: &Run, index: usize, container: &Container) -> Value {
    let (list, index) = match index {
        _ if index < run.inits => ("initContainers", index),
        _ if index < run.inits + run.mains => ("containers", index - run.inits),
        _ => ("ephemeralContainers", index - run.inits - run.mains),
    };
    let spec = &pod["spec"][list][index];
    let begun = container.last.is_some() || !matches!(container.state, State::Waiting { .. });
    let image = &container.image;
    let mut status = json!({
        "name": container.name,
        "state": state(&container.state),
        "lastState": container.last.as_ref().map_or_else(|| json!({}), |ended| json!({"terminated": terminated(ended)})),
        "ready": container.ready,
        "restartCount": container.restarts,
        "image": image,
        "imageID": "",
        "started": container.started,
    });
    let known = match &container.state {
        State::Ended(ended) => ended.id.is_some(),
        _ => begun,
    };
    if known {
        let whole = if image.contains('/') { image.clone() } else { format!("docker.io/library/{image}") };
        status["image"] = json!(whole);
        status["imageID"] = json!(format!("sha256:{}", hex(image, 64)));
        let ended = match &container.state {
            State::Waiting { .. } => container.last.as_ref().and_then(|last| last.id.clone()),
            _ => None,
        };
        status["containerID"] = json!(ended.unwrap_or_else(|| id(run, container)));
        if spec["resources"]["requests"].as_object().is_some_and(|requests| !requests.is_empty()) {
            status["allocatedResources"] = spec["resources"]["requests"].clone();
        }
        status["resources"] = if spec["resources"].is_null() { json!({}) } else { spec["resources"].clone() };
    }
    let mounts: Vec<Value> = spec["volumeMounts"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|mount| {
            let mut mount = mount.clone();
            if mount["readOnly"] == true {
                mount["recursiveReadOnly"] = json!("Disabled");
            }
            mount
        })
        .collect();
    if !mounts.is_empty() {
        status["volumeMounts"] = json!(mounts);
    }
    status
}

fn state(state: &State) -> Value {
    match state {
        State::Waiting { reason, message: None } => json!({"waiting": {"reason": reason}}),
        State::Waiting { reason, message } => json!({"waiting": {"reason": reason, "message": message}}),
        State::Running { since } => json!({"running": {"startedAt": stamp(*since)}}),
        State::Ended(ended) => json!({"terminated": terminated(ended)}),
    }
}

fn terminated(ended: &Ended) -> Value {
    let times = ended.times.map(|(started, finished)| (stamp(started), stamp(finished)));
    let (started, finished) = times.unzip();
    let mut value =
        json!({"exitCode": ended.code, "reason": ended.reason, "startedAt": started, "finishedAt": finished});
    if let Some(message) = &ended.message {
        value["message"] = json!(message);
    }
    if let Some(id) = &ended.id {
        value["containerID"] = json!(id);
    }
    value
}
