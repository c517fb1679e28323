//! A pod comes up: sandbox, init containers one after another, then all the others.

use super::run::{Run, State};
use super::{change, image, of, report};
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::text;
use crate::sim::workload::cluster::Work;
use serde_json::Value;
use std::time::Duration;

/// From the first look to a sandbox with a network.
const SANDBOX: Duration = Duration::from_millis(400);
/// A kubelet looks at a pod that cannot go on so often.
pub(super) const RESYNC: Duration = Duration::from_secs(12);

/// The kubelet sees a pod for the first time.
pub(super) fn begin(work: &mut Work<'_, '_>, key: &str, pod: &Value) {
    let run = Run::new(pod, &work.cluster.stage, &work.cluster.book, work.at());
    let uid = run.uid.clone();
    work.cluster.kubelet.runs.insert(key.to_owned(), run);
    report(work, key, &uid);
    let key = key.to_owned();
    work.later(SANDBOX, move |work| mount(work, &key, &uid));
}

/// Containers for debugging were added to a pod that runs.
pub(super) fn join(work: &mut Work<'_, '_>, key: &str, pod: &Value) {
    let Some(run) = work.cluster.kubelet.runs.get_mut(key).filter(|run| !run.stopping && !run.over) else { return };
    if !run.join(pod, &work.cluster.book) {
        return;
    }
    let (uid, stands) = (run.uid.clone(), run.sandbox);
    report(work, key, &uid);
    if stands {
        next(work, key, &uid);
    }
}

/// Volumes must be there before the sandbox is.
fn mount(work: &mut Work<'_, '_>, key: &str, uid: &str) {
    let Some(pod) = of(work, key, uid) else { return };
    if work.cluster.kubelet.runs.get(key).is_none_or(|run| run.stopping) {
        return;
    }
    if let Some(missing) = missing_volume(work, &pod) {
        work.say(&pod, Said::warning("FailedMount", &missing), "kubelet");
        let (key, uid) = (key.to_owned(), uid.to_owned());
        return work.later(RESYNC, move |work| mount(work, &key, &uid));
    }
    change(work, key, uid, |run| run.sandbox = true);
    report(work, key, uid);
    next(work, key, uid);
}

/// Starts what is next: the first init container that is not done, else every container that never ran.
pub(super) fn next(work: &mut Work<'_, '_>, key: &str, uid: &str) {
    let Some(run) = work.cluster.kubelet.runs.get(key).filter(|run| run.uid == uid && !run.stopping) else { return };
    let fresh = |index: usize| {
        run.containers
            .get(index)
            .is_some_and(|container| container.life == 0 && matches!(container.state, State::Waiting { .. }))
    };
    let done = |index: usize| {
        run.containers.get(index).is_some_and(|init| match &init.state {
            State::Ended(ended) => ended.code == 0,
            State::Running { .. } => init.sidecar && init.started,
            State::Waiting { .. } => false,
        })
    };
    let initializing = (0..run.inits).find(|index| !done(*index));
    let ephemeral = run.inits + run.mains;
    let due = match initializing {
        Some(index) => index..index + 1,
        None => run.inits..ephemeral,
    };
    // who debugs a pod does not wait for it
    let due: Vec<usize> = due.chain(ephemeral..run.containers.len()).filter(|index| fresh(*index)).collect();
    for index in due {
        image::ensure(work, key, uid, index);
    }
}

/// What a container needs of its environment and does not find, in the kubelet's words.
pub(super) fn missing_config(work: &Work<'_, '_>, pod: &Value, container: &str) -> Option<String> {
    let namespace = text(pod, "/metadata/namespace");
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    let spec = lists
        .iter()
        .filter_map(|list| pod["spec"][*list].as_array())
        .flatten()
        .find(|spec| spec["name"] == container)?;
    let get = |kind: &str, name: &str| work.cluster.stage.store.get(kind, namespace, name);
    for (field, kind, word) in [("configMapRef", "ConfigMap", "configmap"), ("secretRef", "Secret", "secret")] {
        for from in spec["envFrom"].as_array().into_iter().flatten().filter(|from| from[field].is_object()) {
            let name = text(&from[field], "/name");
            if from[field]["optional"] != true && get(kind, name).is_none() {
                return Some(format!("{word} \"{name}\" not found"));
            }
        }
    }
    for (field, kind, word) in [("configMapKeyRef", "ConfigMap", "configmap"), ("secretKeyRef", "Secret", "secret")] {
        for from in spec["env"].as_array().into_iter().flatten().map(|env| &env["valueFrom"][field]) {
            if !from.is_object() || from["optional"] == true {
                continue;
            }
            let (name, key) = (text(from, "/name"), text(from, "/key"));
            let Some(object) = get(kind, name) else { return Some(format!("{word} \"{name}\" not found")) };
            if ["data", "binaryData", "stringData"].iter().all(|part| object[*part][key].is_null()) {
                return Some(format!("couldn't find key {key} in {kind} {namespace}/{name}"));
            }
        }
    }
    None
}

fn missing_volume(work: &Work<'_, '_>, pod: &Value) -> Option<String> {
    let namespace = text(pod, "/metadata/namespace");
    for volume in pod["spec"]["volumes"].as_array().into_iter().flatten() {
        for (field, name, kind, word) in [
            ("configMap", "/configMap/name", "ConfigMap", "configmap"),
            ("secret", "/secret/secretName", "Secret", "secret"),
        ] {
            let wanted = text(volume, name);
            if !wanted.is_empty()
                && volume[field]["optional"] != true
                && work.cluster.stage.store.get(kind, namespace, wanted).is_none()
            {
                let volume = text(volume, "/name");
                return Some(format!(
                    "MountVolume.SetUp failed for volume \"{volume}\" : {word} \"{wanted}\" not found"
                ));
            }
        }
    }
    None
}
