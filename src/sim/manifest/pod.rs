//! Pods, and what their containers are doing.

use crate::sim::manifest::managed;
use crate::sim::manifest::meta::{hex, metadata, owned_by, text};
use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::{Value, json};

/// What the (only) container of a pod is doing.
#[derive(Debug, Clone)]
pub enum Container {
    /// The kubelet prepares it.
    Creating,
    /// It runs.
    Running {
        /// Since when.
        since: Timestamp,
    },
    /// It ended and nobody has started it again yet.
    Ended {
        /// Its exit code.
        code: i64,
        /// When it was started.
        started: Timestamp,
        /// When it ended.
        finished: Timestamp,
    },
    /// It is about to be started again.
    BackingOff {
        /// The kubelet's sentence.
        message: String,
    },
}

/// What is asked of a new pod.
#[derive(Debug, Clone)]
pub struct NewPod<'a> {
    /// The controller that owns it.
    pub owner: &'a Value,
    /// Its name.
    pub name: String,
    /// Its labels, template hash included.
    pub labels: Value,
    /// `spec` of the owner's template, defaults filled in.
    pub template: &'a Value,
    /// When it was created.
    pub created: Timestamp,
}

/// A pod nobody has scheduled yet.
#[must_use]
pub fn pending(pod: &NewPod<'_>) -> Value {
    let owner = pod.owner;
    let mut meta = metadata("Pod", text(owner, "/metadata/namespace"), &pod.name, &pod.labels, pod.created);
    meta["ownerReferences"] = owned_by(owner);
    let mut spec = pod.template.clone();
    let token = format!("kube-api-access-{}", &hex(&pod.name, 5));
    spec["volumes"] = json!([{"name": token, "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace",
            "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
    ]}}]);
    spec["containers"][0]["volumeMounts"] =
        json!([{"name": token, "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]);
    for (field, value) in [
        ("serviceAccountName", json!("default")),
        ("serviceAccount", json!("default")),
        ("enableServiceLinks", json!(true)),
        ("preemptionPolicy", json!("PreemptLowerPriority")),
        ("priority", json!(0)),
        (
            "tolerations",
            json!([
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
                {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
            ]),
        ),
    ] {
        spec[field] = value;
    }
    let owned = json!({"metadata": {"labels": meta["labels"], "ownerReferences": meta["ownerReferences"]},
        "spec": {"containers": spec["containers"], "restartPolicy": spec["restartPolicy"]}});
    meta["managedFields"] = json!([managed::entry("v1", "kube-controller-manager", &owned, pod.created)]);
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta,
        "spec": spec,
        "status": {"phase": "Pending", "qosClass": "Burstable"},
    })
}

/// Where a pod runs.
#[derive(Debug, Clone)]
pub struct Place {
    /// The node's name.
    pub node: String,
    /// The node's address.
    pub host: String,
    /// The pod's address, which it gets with its sandbox.
    pub address: String,
}

/// Puts a pod on a node: `PodScheduled` is true, the container is being created.
pub fn schedule(pod: &mut Value, place: &Place, at: Timestamp) {
    pod["spec"]["nodeName"] = json!(place.node);
    pod["status"]["hostIP"] = json!(place.host);
    pod["status"]["hostIPs"] = json!([{"ip": place.host}]);
    pod["status"]["startTime"] = json!(stamp(at));
    pod["status"]["conditions"] = json!([
        condition("PodReadyToStartContainers", false, at),
        condition("Initialized", true, at),
        condition("Ready", false, at),
        condition("ContainersReady", false, at),
        condition("PodScheduled", true, at),
    ]);
    contain(pod, &Container::Creating, 0, at);
}

/// The sandbox exists and has its address.
pub fn set_address(pod: &mut Value, address: &str) {
    pod["status"]["podIP"] = json!(address);
    pod["status"]["podIPs"] = json!([{"ip": address}]);
}

/// Writes what the container does now, with everything in the status that follows from it.
///
/// `restarts` is the new restart count; a container that ended before becomes `lastState` when it starts again.
pub fn contain(pod: &mut Value, doing: &Container, restarts: i64, at: Timestamp) {
    let name = text(pod, "/spec/containers/0/name").to_owned();
    let image = text(pod, "/spec/containers/0/image").to_owned();
    let uid = text(pod, "/metadata/uid").to_owned();
    let job = text(pod, "/metadata/ownerReferences/0/kind") == "Job";
    let before = pod.pointer("/status/containerStatuses/0").cloned().unwrap_or_default();
    let id = |run: i64| format!("containerd://{}", hex(&format!("{uid} {run}"), 64));
    let state = match doing {
        Container::Creating => json!({"waiting": {"reason": "ContainerCreating"}}),
        Container::Running { since } => json!({"running": {"startedAt": stamp(*since)}}),
        Container::Ended { code, started, finished } => json!({"terminated": {
            "exitCode": code,
            "reason": if *code == 0 { "Completed" } else { "Error" },
            "startedAt": stamp(*started),
            "finishedAt": stamp(*finished),
            "containerID": id(restarts),
        }}),
        Container::BackingOff { message } => json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}}),
    };
    let ready = matches!(doing, Container::Running { .. });
    let last = match (&before["state"]["terminated"], doing) {
        (ended @ Value::Object(_), Container::Running { .. } | Container::BackingOff { .. }) => {
            json!({"terminated": ended})
        }
        _ if before["lastState"].is_object() => before["lastState"].clone(),
        _ => json!({}),
    };
    let mut status = json!({
        "name": name,
        "state": state,
        "lastState": last,
        "ready": ready,
        "restartCount": restarts,
        "image": image,
        "imageID": "",
        "started": ready,
        "resources": pod["spec"]["containers"][0]["resources"],
    });
    if !matches!(doing, Container::Creating) {
        status["image"] = json!(if image.contains('/') { image.clone() } else { format!("docker.io/library/{image}") });
        status["imageID"] = json!(format!("sha256:{}", hex(&image, 64)));
        status["containerID"] = json!(id(restarts));
    }
    pod["status"]["containerStatuses"] = json!([status]);
    let phase = match doing {
        Container::Creating => "Pending",
        Container::Ended { code: 0, .. } if job => "Succeeded",
        Container::Ended { .. } if job => "Failed",
        _ => "Running",
    };
    pod["status"]["phase"] = json!(phase);
    let begun = !matches!(doing, Container::Creating);
    set_condition(pod, "PodReadyToStartContainers", begun && phase == "Running", None, at);
    let why = match phase {
        "Succeeded" => ("PodCompleted", String::new()),
        "Failed" => ("PodFailed", String::new()),
        _ => ("ContainersNotReady", format!("containers with unready status: [{name}]")),
    };
    set_condition(pod, "Ready", ready, Some(&why), at);
    set_condition(pod, "ContainersReady", ready, Some(&why), at);
    sign(pod, at);
}

/// The kubelet's entry in `managedFields`.
fn sign(pod: &mut Value, at: Timestamp) {
    let owned = json!({"status": {
        "conditions": pod["status"]["conditions"].as_array().into_iter().flatten()
            .map(|condition| json!({"type": condition["type"], "status": "", "lastTransitionTime": ""})).collect::<Vec<_>>(),
        "containerStatuses": [], "hostIP": "", "phase": "", "podIP": "", "startTime": "",
    }});
    let entry = managed::entry_of("v1", "kubelet", "status", &owned, at);
    let Some(entries) = pod["metadata"]["managedFields"].as_array_mut() else { return };
    entries.retain(|entry| entry["manager"] != "kubelet");
    entries.push(entry);
}

fn condition(kind: &str, on: bool, at: Timestamp) -> Value {
    json!({"type": kind, "status": if on { "True" } else { "False" }, "observedGeneration": 1,
        "lastProbeTime": null, "lastTransitionTime": stamp(at)})
}

fn set_condition(pod: &mut Value, kind: &str, on: bool, why: Option<&(&str, String)>, at: Timestamp) {
    let Some(conditions) = pod["status"]["conditions"].as_array_mut() else { return };
    let Some(old) = conditions.iter_mut().find(|condition| condition["type"] == kind) else { return };
    let mut new = condition(kind, on, at);
    if old["status"] == new["status"] {
        new["lastTransitionTime"] = old["lastTransitionTime"].clone();
    }
    if let (false, Some((reason, message))) = (on, why) {
        new["reason"] = json!(reason);
        if !message.is_empty() {
            new["message"] = json!(message);
        }
    }
    *old = new;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_that_ended_becomes_its_own_past() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let owner = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": "api-1", "namespace": "ns", "uid": "u"}});
        let template = json!({"containers": [{"name": "api", "image": "x:1"}], "restartPolicy": "Always"});
        let mut pod = pending(&NewPod {
            owner: &owner,
            name: "api-1-a".to_owned(),
            labels: json!({"a": "b"}),
            template: &template,
            created: at(0),
        });
        let place = Place { node: "n".to_owned(), host: "192.0.2.2".to_owned(), address: "10.0.0.1".to_owned() };
        schedule(&mut pod, &place, at(1));
        contain(&mut pod, &Container::Running { since: at(2) }, 0, at(2));
        assert_eq!(pod["status"]["phase"], "Running");
        contain(&mut pod, &Container::Ended { code: 1, started: at(2), finished: at(3) }, 0, at(3));
        assert_eq!(pod["status"]["phase"], "Running", "a pod with restartPolicy Always never ends");
        contain(&mut pod, &Container::Running { since: at(13) }, 1, at(13));
        let status = &pod["status"]["containerStatuses"][0];
        assert_eq!(status["lastState"]["terminated"]["exitCode"], 1);
        assert_eq!(status["restartCount"], 1);
    }
}
