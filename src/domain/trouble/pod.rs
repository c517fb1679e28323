//! What a pod tells of trouble: its containers, and the Events about their probes.

use std::time::Duration;

use super::{Trouble, TroubleKind, worse};
use crate::domain::time::{after, elapsed};
use crate::domain::{Container, ContainerState, Event, Pod, Terminated, Timestamp};

/// A container that ran for this long is taken for well again: kubelet forgets its back-off then.
const STEADY: Duration = Duration::from_mins(10);
/// A container may take this long to become ready.
const WARM_UP: Duration = Duration::from_mins(5);
/// What a node says when it cannot have an image.
const NO_IMAGE: [&str; 6] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
];
/// What a node says when it cannot make or start a container.
const NO_START: [&str; 4] = ["CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError"];
/// Exit codes of a process that was told to end, or made to: 128 + SIGKILL, 128 + SIGTERM.
const KILLED: [i32; 2] = [137, 143];

/// What a pod tells of trouble, and when time alone may change that. `unhealthy` is the latest Event about a failed
/// probe of it, where Events are read.
#[must_use]
pub fn of_pod(pod: &Pod, unhealthy: Option<&Event>, now: Timestamp) -> (Option<Trouble>, Option<Timestamp>) {
    if pod.deleting.is_some() || matches!(&*pod.phase, "Succeeded" | "Failed") {
        return (None, None);
    }
    if let Some((why, since)) = &pod.unschedulable {
        return (
            Some(Trouble::new(TroubleKind::Unschedulable, format!("no node takes {}: {why}", pod.name), *since)),
            None,
        );
    }
    let (mut worst, mut next) = (None, None);
    for container in &pod.containers {
        let (verdict, until) = of_container(pod, container, unhealthy, now);
        worst = worse(worst, verdict);
        next = [next, until].into_iter().flatten().min();
    }
    (worst, next)
}

/// The container a pod's trouble comes from.
#[must_use]
pub fn culprit<'a>(pod: &'a Pod, unhealthy: Option<&Event>, now: Timestamp) -> Option<&'a Container> {
    let judged = pod.containers.iter().filter_map(|c| Some((c, of_container(pod, c, unhealthy, now).0?)));
    judged.min_by_key(|(_, verdict)| (verdict.kind, verdict.since.unwrap_or(Timestamp::MAX))).map(|(c, _)| c)
}

fn of_container(
    pod: &Pod,
    container: &Container,
    unhealthy: Option<&Event>,
    now: Timestamp,
) -> (Option<Trouble>, Option<Timestamp>) {
    let none = (None, None);
    match &container.state {
        ContainerState::Waiting { reason, message } => {
            if NO_IMAGE.contains(&&**reason) {
                let said = message.as_deref().map(|m| format!(": {m}")).unwrap_or_default();
                let why = format!("container {} has no image {} ({reason}{said})", container.name, container.image);
                return (Some(Trouble::new(TroubleKind::ImagePull, why, pod.created)), None);
            }
            if NO_START.contains(&&**reason) {
                let said = message.as_deref().map(|m| format!(": {m}")).unwrap_or_default();
                let why = format!("container {} cannot start ({reason}{said})", container.name);
                return (Some(Trouble::new(TroubleKind::CannotStart, why, pod.created)), None);
            }
            match &container.last {
                Some(last) if &**reason == "CrashLoopBackOff" => (Some(crash(pod, container, last)), None),
                _ => none,
            }
        }
        ContainerState::Terminated(ended) => {
            let is_out_of_memory = &*ended.reason == "OOMKilled";
            // an init container that is through has ended well
            let is_done = pod.runs_once || (ended.exit_code == 0 && container.init && !container.sidecar);
            if is_done || !(is_out_of_memory || container.restarts > 0 && is_short(ended)) {
                return none;
            }
            (Some(crash(pod, container, ended)), None)
        }
        ContainerState::Running { since } => of_running(pod, container, *since, unhealthy, now),
    }
}

/// A container that runs may be between two crashes, or run without ever being ready.
fn of_running(
    pod: &Pod,
    container: &Container,
    since: Option<Timestamp>,
    unhealthy: Option<&Event>,
    now: Timestamp,
) -> (Option<Trouble>, Option<Timestamp>) {
    let Some(since) = since else { return (None, None) };
    let age = elapsed(since, now);
    if let Some(last) = &container.last
        && age < STEADY
    {
        let steady = Some(after(since, STEADY));
        if &*last.reason == "OOMKilled" {
            return (Some(crash(pod, container, last)), steady);
        }
        let was_killed = !container.ready && KILLED.contains(&last.exit_code);
        if was_killed && container.restarts > 0 {
            let why = format!("container {} is killed by its probe, {}", container.name, times(container.restarts));
            return (Some(Trouble::new(TroubleKind::ProbeFailing, why, beginning(pod, container, last))), steady);
        }
        if container.restarts > 1 && is_short(last) {
            return (Some(crash(pod, container, last)), steady);
        }
    }
    if container.ready || container.init {
        return (None, None);
    }
    if let Some(event) = unhealthy.filter(|event| event.last.is_some_and(|at| at >= since)) {
        let why = format!("container {}: {}", container.name, event.message);
        return (Some(Trouble::new(TroubleKind::ProbeFailing, why, event.first)), None);
    }
    if age < WARM_UP {
        return (None, Some(after(since, WARM_UP)));
    }
    let why = format!("container {} runs but does not become ready", container.name);
    (Some(Trouble::new(TroubleKind::ProbeFailing, why, Some(since))), None)
}

/// It did not run long enough to be taken for well.
fn is_short(run: &Terminated) -> bool {
    match (run.started, run.finished) {
        (Some(started), Some(finished)) => elapsed(started, finished) < STEADY,
        _ => true,
    }
}

fn crash(pod: &Pod, container: &Container, ended: &Terminated) -> Trouble {
    let (kind, what) = if &*ended.reason == "OOMKilled" {
        (TroubleKind::OutOfMemory, "is killed for its memory")
    } else {
        (TroubleKind::CrashLoop, "crashes")
    };
    let often = times(container.restarts.max(1));
    let why = format!("container {} {what}, {often}, exit code {}", container.name, ended.exit_code);
    Trouble::new(kind, why, beginning(pod, container, ended))
}

/// Since when it has been ending over and over: since the pod was made, if it may have done nothing else; otherwise the
/// oldest run that is known.
fn beginning(pod: &Pod, container: &Container, ended: &Terminated) -> Option<Timestamp> {
    let oldest = container.last.iter().chain([ended]).filter_map(|run| run.started).min();
    let (Some(created), Some(finished)) = (pod.created, ended.finished) else { return oldest };
    // each run is short and each back-off at the most five minutes
    let longest = (STEADY + Duration::from_mins(5)).saturating_mul(container.restarts.saturating_add(1));
    if elapsed(created, finished) <= longest { Some(created) } else { oldest }
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}
