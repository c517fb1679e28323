//! A pod is stopped: asked, waited for, killed, reported, removed.

use super::run::{Ended, State};
use super::{MANAGER, change, of, report};
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::{number, text};
use crate::sim::workload::behaviour::Stop;
use crate::sim::workload::cluster::Work;
use serde_json::Value;
use std::time::Duration;

/// From the last container's end to the write that says so.
const NOTICE: Duration = Duration::from_millis(1_150);
/// From that write to the removal.
const REMOVE: Duration = Duration::from_millis(700);

/// The kubelet sees that a pod has to go. What it never ran itself is removed at once.
pub(super) fn begin(work: &mut Work<'_, '_>, key: &str, pod: &Value, running: bool) {
    let uid = text(pod, "/metadata/uid").to_owned();
    if !running {
        return work.hand(MANAGER).delete(pod, Some(0));
    }
    let generation = pod["metadata"]["generation"].as_i64().unwrap_or(1);
    let grace = Duration::from_secs(number(pod, "/metadata/deletionGracePeriodSeconds").unsigned_abs());
    let begun = change(work, key, &uid, |run| {
        if run.stopping {
            return None;
        }
        run.stopping = true;
        run.generation = generation;
        for container in &mut run.containers {
            if container.life > 0 && container.last.is_none() && matches!(container.state, State::Waiting { .. }) {
                let reason = "ContainerCreating".to_owned();
                container.state = State::Waiting { reason, message: None };
            }
        }
        let running: Vec<String> = run
            .containers
            .iter()
            .filter(|container| matches!(container.state, State::Running { .. }))
            .map(|container| container.name.clone())
            .collect();
        Some(running)
    });
    let Some(names) = begun.flatten() else { return };
    for name in &names {
        work.say_of(pod, name, Said::normal("Killing", &format!("Stopping container {name}")));
    }
    report(work, key, &uid);
    let (key, uid) = (key.to_owned(), uid);
    if names.is_empty() {
        let unstarted = change(work, &key, &uid, |run| {
            run.main().any(|container| matches!(container.state, State::Waiting { .. }) && container.last.is_none())
        });
        if unstarted == Some(true) {
            return work.later(Duration::from_millis(100), move |work| down(work, key, uid));
        }
        return work.later(Duration::from_millis(220), move |work| finish(work, &key, &uid));
    }
    let times: Vec<(usize, Duration, i64)> = work
        .cluster
        .kubelet
        .runs
        .get(&key)
        .into_iter()
        .flat_map(|run| run.containers.iter().enumerate())
        .filter(|(_, container)| matches!(container.state, State::Running { .. }))
        .map(|(index, container)| match container.behaviour.stop {
            Stop::Ends(time, code) if time < grace => (index, time, code),
            _ => (index, grace, 137),
        })
        .collect();
    let last = times.iter().map(|(_, time, _)| *time).max().unwrap_or_default();
    for (index, time, code) in times {
        let (key, uid) = (key.clone(), uid.clone());
        work.later(time, move |work| end(work, &key, &uid, index, code));
    }
    work.later(last + NOTICE, move |work| finish(work, &key, &uid));
}

/// A container has ended; it is told with the end of the pod.
fn end(work: &mut Work<'_, '_>, key: &str, uid: &str, index: usize, code: i64) {
    let now = work.at();
    change(work, key, uid, |run| {
        let Some(container) = run.containers.get(index) else { return };
        let State::Running { since } = container.state else { return };
        let id = Some(super::status::id(run, container));
        let reason = if code == 0 { "Completed" } else { "Error" }.to_owned();
        if let Some(container) = run.containers.get_mut(index) {
            let times = Some((since, now));
            container.state = State::Ended(Ended { code, reason, message: None, times, id });
            container.ready = false;
            container.started = false;
        }
    });
}

/// The sandbox of a pod whose containers never ran is taken down.
fn down(work: &mut Work<'_, '_>, key: String, uid: String) {
    change(work, &key, &uid, |run| run.sandbox = false);
    report(work, &key, &uid);
    work.later(Duration::from_millis(400), move |work| {
        change(work, &key, &uid, |run| {
            for container in &mut run.containers {
                if matches!(container.state, State::Waiting { .. }) && container.last.is_none() {
                    container.state = State::Ended(Ended {
                        code: 137,
                        reason: "ContainerStatusUnknown".to_owned(),
                        message: Some("The container could not be located when the pod was terminated".to_owned()),
                        times: None,
                        id: None,
                    });
                }
            }
        });
        over(work, &key, &uid);
        work.later(Duration::from_millis(10), move |work| gone(work, &key, &uid));
    });
}

/// Nothing runs any more: the pod is over, and soon gone.
fn finish(work: &mut Work<'_, '_>, key: &str, uid: &str) {
    over(work, key, uid);
    let (key, uid) = (key.to_owned(), uid.to_owned());
    work.later(REMOVE, move |work| gone(work, &key, &uid));
}

fn over(work: &mut Work<'_, '_>, key: &str, uid: &str) {
    change(work, key, uid, |run| {
        run.over = true;
        run.sandbox = false;
        for container in &mut run.containers {
            // waiting for its next try when it was told to go: its last life is what is left of it
            if let (State::Waiting { .. }, Some(last)) = (&container.state, &container.last) {
                container.state = State::Ended(last.clone());
            }
        }
    });
    report(work, key, uid);
}

fn gone(work: &mut Work<'_, '_>, key: &str, uid: &str) {
    let Some(pod) = of(work, key, uid) else { return };
    work.hand(MANAGER).delete(&pod, Some(0));
}

/// Throws a pod out: it has failed, and whoever wanted it makes another. False when no kubelet runs it.
pub(in crate::sim::workload) fn evict(work: &mut Work<'_, '_>, key: &str) -> bool {
    let Some(run) = work.cluster.kubelet.runs.get_mut(key).filter(|run| !run.stopping && !run.over) else {
        return false;
    };
    let message = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 61292Ki. ".to_owned();
    run.stopping = true;
    let uid = run.uid.clone();
    let running: Vec<usize> = run
        .containers
        .iter()
        .enumerate()
        .filter(|(_, container)| matches!(container.state, State::Running { .. }))
        .map(|(index, _)| index)
        .collect();
    let Some(pod) = of(work, key, &uid) else { return false };
    work.say(&pod, Said::warning("Evicted", &message), "kubelet");
    for index in running {
        let name =
            work.cluster.kubelet.runs.get(key).and_then(|run| run.containers.get(index)).map(|it| it.name.clone());
        if let Some(name) = name {
            work.say_of(&pod, &name, Said::normal("Killing", &format!("Stopping container {name}")));
        }
        end(work, key, &uid, index, 137);
    }
    change(work, key, &uid, |run| run.failed = Some(("Evicted", message)));
    over(work, key, &uid);
    true
}

/// Removes a pod at once, whatever it is doing. False when there is none.
pub(in crate::sim::workload) fn kill(work: &mut Work<'_, '_>, key: &str) -> bool {
    let Some(pod) = work.cluster.cache.get("Pod", key) else { return false };
    let names: Vec<String> = work
        .cluster
        .kubelet
        .runs
        .get(key)
        .into_iter()
        .flat_map(|run| &run.containers)
        .filter(|container| matches!(container.state, State::Running { .. }))
        .map(|container| container.name.clone())
        .collect();
    for name in names {
        work.say_of(&pod, &name, Said::normal("Killing", &format!("Stopping container {name}")));
    }
    work.hand(MANAGER).delete(&pod, Some(0));
    true
}
