//! Pods of a workload while the world runs: found, started, stopped.

use crate::sim::live::Play;
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::{number, text};
use crate::sim::manifest::pod::{self, Container};
use crate::sim::manifest::workload::{self, Counts};
use crate::sim::populate::{Stage, new_pod, say};
use crate::sim::time::stamp;
use serde_json::{Value, json};

/// The object that owns the pods of a workload's present template: a Deployment's `ReplicaSet`, or itself.
#[must_use]
pub fn owner_of(stage: &Stage, workload: &Value) -> Option<Value> {
    if workload["kind"] == "StatefulSet" {
        return Some(workload.clone());
    }
    let name = format!("{}-{}", text(workload, "/metadata/name"), workload::hash_of(workload));
    stage.store.get("ReplicaSet", text(workload, "/metadata/namespace"), &name)
}

/// Pods that an object owns.
#[must_use]
pub fn owned(stage: &Stage, owner: &Value) -> Vec<Value> {
    let mut pods = stage.store.list("Pod", Some(text(owner, "/metadata/namespace")));
    pods.retain(|pod| pod["metadata"]["ownerReferences"][0]["uid"] == owner["metadata"]["uid"]);
    pods
}

/// Creates a pod for `owner` and puts it on a node; says what controller and scheduler say.
pub fn create(stage: &Stage, workload: &Value, owner: &Value, ordinal: usize, play: &mut Play<'_>) -> String {
    let at = play.at;
    let mut made = new_pod(workload, owner, ordinal, at, play.random);
    let name = text(&made, "/metadata/name").to_owned();
    let namespace = text(&made, "/metadata/namespace").to_owned();
    stage.store.put(made.clone());
    if owner["kind"] == "StatefulSet" {
        let message = format!("Create Pod {name} in StatefulSet {} successful", text(owner, "/metadata/name"));
        say(stage, owner, Said::normal("SuccessfulCreate", &message), "statefulset-controller", at);
    } else {
        say(
            stage,
            owner,
            Said::normal("SuccessfulCreate", &format!("Created pod: {name}")),
            "replicaset-controller",
            at,
        );
    }
    let place = stage.place(&name, at);
    let assigned = format!("Successfully assigned {namespace}/{name} to {}", place.node);
    say(stage, &made, Said::normal("Scheduled", &assigned), "default-scheduler", at);
    pod::schedule(&mut made, &place, at);
    stage.store.update("Pod", &namespace, &name, |live| pod::schedule(live, &place, at));
    name
}

/// The container of a pod starts: the kubelet's three sentences, then the status.
pub fn start(stage: &Stage, namespace: &str, name: &str, restarts: i64, play: &mut Play<'_>) {
    let Some(pod) = stage.store.get("Pod", namespace, name) else { return };
    let image = text(&pod, "/spec/containers/0/image");
    let pulled = format!("Container image \"{image}\" already present on machine and can be accessed by the pod");
    let at = play.at;
    say(stage, &pod, Said::normal("Pulled", &pulled), "kubelet", at);
    say(stage, &pod, Said::normal("Created", "Container created"), "kubelet", at);
    let (stage, namespace, name) = (stage.clone(), namespace.to_owned(), name.to_owned());
    play.later(100, move |play| {
        say(&stage, &pod, Said::normal("Started", "Container started"), "kubelet", play.at);
        let running = Container::Running { since: play.at };
        let address = stage.place(&name, play.at).address;
        stage.store.update("Pod", &namespace, &name, |pod| {
            if pod["status"]["podIP"].is_null() {
                pod::set_address(pod, &address);
            }
            pod::contain(pod, &running, restarts, play.at);
        });
    });
}

/// Ends a pod politely: marked as deleting now, gone in two seconds.
pub fn stop(stage: &Stage, pod: &Value, play: &mut Play<'_>) {
    let namespace = text(pod, "/metadata/namespace").to_owned();
    let name = text(pod, "/metadata/name").to_owned();
    let uid = pod["metadata"]["uid"].clone();
    let at = play.at;
    stage.store.update("Pod", &namespace, &name, |pod| {
        pod["metadata"]["deletionTimestamp"] = json!(stamp(at));
        pod["metadata"]["deletionGracePeriodSeconds"] = json!(30);
    });
    let killing = format!("Stopping container {}", text(pod, "/spec/containers/0/name"));
    say(stage, pod, Said::normal("Killing", &killing), "kubelet", at);
    let stage = stage.clone();
    play.later(2_200, move |_| {
        // a StatefulSet's pod may have a successor of the same name by now
        if stage.store.get("Pod", &namespace, &name).is_some_and(|pod| pod["metadata"]["uid"] == uid) {
            stage.store.delete("Pod", &namespace, &name);
        }
    });
}

/// Counts the pods of a workload and writes what its controllers would: `ReplicaSet`s first, then the workload.
pub fn recount(stage: &Stage, namespace: &str, kind: &str, name: &str, play: &Play<'_>) {
    let Some(object) = stage.store.get(kind, namespace, name) else { return };
    let hash = workload::hash_of(&object);
    let alive = |pods: Vec<Value>| -> (i64, i64) {
        let alive: Vec<_> = pods.into_iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).collect();
        let ready = alive.iter().filter(|pod| pod["status"]["containerStatuses"][0]["ready"] == true).count();
        (whole(alive.len()), whole(ready))
    };
    let mut counts = Counts::default();
    if kind == "StatefulSet" {
        let (replicas, ready) = alive(owned(stage, &object));
        let revision = format!("{name}-{hash}");
        let pods = owned(stage, &object);
        let updated = pods.iter().filter(|pod| text(pod, "/metadata/labels/controller-revision-hash") == revision);
        let updated = whole(updated.count());
        counts = Counts { replicas, updated, ready };
    } else {
        let newest = format!("{name}-{hash}");
        for set in stage.store.list("ReplicaSet", Some(namespace)) {
            if set["metadata"]["ownerReferences"][0]["uid"] != object["metadata"]["uid"] {
                continue;
            }
            let (replicas, ready) = alive(owned(stage, &set));
            let set_name = text(&set, "/metadata/name");
            counts.replicas += replicas;
            counts.ready += ready;
            if set_name == newest {
                counts.updated = replicas;
            }
            if number(&set, "/status/replicas") != replicas || number(&set, "/status/readyReplicas") != ready {
                stage.store.update("ReplicaSet", namespace, set_name, |set| {
                    let wanted = if set_name == newest { number(set, "/spec/replicas") } else { replicas };
                    workload::count_replica_set(set, replicas, ready);
                    set["spec"]["replicas"] = json!(wanted);
                });
            }
        }
    }
    stage.store.update(kind, namespace, name, |object| workload::count(object, counts, &hash, play.at));
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Kills a pod and has its controller replace it; the message says what happened.
pub fn kill(stage: &Stage, namespace: &str, name: &str, play: &mut Play<'_>) -> bool {
    let Some(pod) = stage.store.get("Pod", namespace, name) else { return false };
    let killing = format!("Stopping container {}", text(&pod, "/spec/containers/0/name"));
    say(stage, &pod, Said::normal("Killing", &killing), "kubelet", play.at);
    stage.store.delete("Pod", namespace, name);
    let Some((owner, object)) = controllers(stage, &pod) else { return true };
    let kind = text(&object, "/kind").to_owned();
    let workload = text(&object, "/metadata/name").to_owned();
    recount(stage, namespace, &kind, &workload, play);
    let ordinal = name.rsplit('-').next().and_then(|tail| tail.parse().ok()).unwrap_or_default();
    let (stage, namespace) = (stage.clone(), namespace.to_owned());
    play.later(30, move |play| {
        let made = create(&stage, &object, &owner, ordinal, play);
        recount(&stage, &namespace, &kind, &workload, play);
        play.later(600, move |play| {
            start(&stage, &namespace, &made, 0, play);
            play.later(150, move |play| recount(&stage, &namespace, &kind, &workload, play));
        });
    });
    true
}

/// The direct owner of a pod and the workload above it, when both are of the apps group.
fn controllers(stage: &Stage, pod: &Value) -> Option<(Value, Value)> {
    let namespace = text(pod, "/metadata/namespace");
    let of = |object: &Value| {
        let reference = &object["metadata"]["ownerReferences"][0];
        stage.store.get(text(reference, "/kind"), namespace, text(reference, "/name"))
    };
    let owner = of(pod).filter(|owner| owner["apiVersion"] == "apps/v1")?;
    let workload = if owner["kind"] == "ReplicaSet" { of(&owner)? } else { owner.clone() };
    Some((owner, workload))
}
