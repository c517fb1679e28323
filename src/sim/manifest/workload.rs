//! Deployments, their `ReplicaSet`s, and `StatefulSet`s.

use crate::sim::manifest::app::{App, ResourceRef, Workload, WorkloadKind};
use crate::sim::manifest::managed;
use crate::sim::manifest::meta::{metadata, owned_by, template_hash, text};
use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::{Value, json};

/// How many pods of a workload are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Pods that exist.
    pub replicas: i64,
    /// Of the newest template.
    pub updated: i64,
    /// Ready and available.
    pub ready: i64,
}

impl Counts {
    /// All of `replicas` run the newest template and are ready.
    #[must_use]
    pub fn whole(replicas: i64) -> Self {
        Self { replicas, updated: replicas, ready: replicas }
    }
}

/// The pod spec of a workload, with the defaults an API server fills in.
#[must_use]
pub fn pod_spec(app: &App, workload: &Workload, image: &str) -> Value {
    let ports: Vec<Value> = workload
        .ports
        .iter()
        .map(|(name, port)| json!({"name": name, "containerPort": port, "protocol": "TCP"}))
        .collect();
    json!({
        "containers": [{
            "name": workload.container,
            "image": image,
            "command": ["sh", "-c", workload.command],
            "ports": ports,
            "envFrom": [{"configMapRef": {"name": format!("{}-config", app.service)}}],
            "env": [{"name": "ENVIRONMENT", "value": app.environment}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": "IfNotPresent",
        }],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    })
}

/// A Deployment or `StatefulSet` as Argo CD applied it at `at`, before any controller has looked at it.
#[must_use]
pub fn workload(app: &App, what: &Workload, image: &str, created: Timestamp, at: Timestamp) -> Value {
    let kind = what.kind.word();
    let selector = app.pod_labels(what);
    let resource = ResourceRef { group: "apps", kind, name: what.name.clone(), wave: what.wave };
    let mut meta = metadata(kind, &app.namespace, &what.name, &selector, created);
    let mut annotations = json!({"argocd.argoproj.io/tracking-id": app.tracking_id(&resource)});
    if what.wave != 0 {
        annotations["argocd.argoproj.io/sync-wave"] = json!(what.wave.to_string());
    }
    let mut spec = json!({
        "replicas": app.replicas,
        "selector": {"matchLabels": selector},
        "template": {"metadata": {"labels": selector}, "spec": pod_spec(app, what, image)},
        "revisionHistoryLimit": 3,
    });
    match what.kind {
        WorkloadKind::Deployment => {
            spec["strategy"] =
                json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}});
            spec["progressDeadlineSeconds"] = json!(600);
            annotations["deployment.kubernetes.io/revision"] = json!("1");
        }
        WorkloadKind::StatefulSet => {
            spec["serviceName"] = json!(app.service);
            spec["podManagementPolicy"] = json!("OrderedReady");
            spec["updateStrategy"] = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}});
        }
    }
    meta["annotations"] = annotations;
    meta["generation"] = json!(1);
    let owned = json!({"metadata": {"annotations": {"argocd.argoproj.io/tracking-id": ""}, "labels": meta["labels"]},
        "spec": spec});
    meta["managedFields"] = json!([managed::entry("apps/v1", "argocd-controller", &owned, at)]);
    json!({"apiVersion": "apps/v1", "kind": kind, "metadata": meta, "spec": spec, "status": {}})
}

/// The status a controller writes once it has counted the pods.
///
/// `hash` is the template hash that the newest pods carry (a `StatefulSet` names its revisions by it).
pub fn count(workload: &mut Value, counts: Counts, hash: &str, at: Timestamp) {
    let generation = workload["metadata"]["generation"].clone();
    let wanted = workload["spec"]["replicas"].as_i64().unwrap_or(1);
    let name = text(workload, "/metadata/name").to_owned();
    if workload["kind"] == "StatefulSet" {
        let revision = format!("{name}-{hash}");
        let whole = counts == Counts::whole(wanted);
        let before = text(workload, "/status/currentRevision");
        let current = if whole || before.is_empty() { revision.clone() } else { before.to_owned() };
        workload["status"] = json!({
            "observedGeneration": generation,
            "replicas": counts.replicas,
            "readyReplicas": counts.ready,
            "availableReplicas": counts.ready,
            "updatedReplicas": counts.updated,
            "currentReplicas": if whole { counts.updated } else { counts.replicas - counts.updated },
            "currentRevision": current,
            "updateRevision": revision,
            "collisionCount": 0,
        });
    } else {
        let available = counts.ready >= wanted - wanted / 4;
        let done = counts == Counts::whole(wanted);
        let set = format!("{name}-{hash}");
        let settled = text(workload, "/status/conditions/1/reason") == "NewReplicaSetAvailable"
            && text(workload, "/status/conditions/1/message").contains(&set);
        let available_why = if available {
            ("MinimumReplicasAvailable", "Deployment has minimum availability.".to_owned())
        } else {
            ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.".to_owned())
        };
        let progress_why = if done || settled {
            ("NewReplicaSetAvailable", format!("ReplicaSet \"{set}\" has successfully progressed."))
        } else {
            ("ReplicaSetUpdated", format!("ReplicaSet \"{set}\" is progressing."))
        };
        let conditions = json!([
            deployment_condition(workload, 0, "Available", available, &available_why, at),
            deployment_condition(workload, 1, "Progressing", true, &progress_why, at),
        ]);
        let mut status = json!({"observedGeneration": generation, "conditions": conditions, "terminatingReplicas": 0});
        // the API leaves counts of zero out
        for (field, value) in [
            ("replicas", counts.replicas),
            ("updatedReplicas", counts.updated),
            ("readyReplicas", counts.ready),
            ("availableReplicas", counts.ready),
            ("unavailableReplicas", (counts.replicas.max(wanted) - counts.ready).max(0)),
        ] {
            if value > 0 {
                status[field] = json!(value);
            }
        }
        workload["status"] = status;
    }
    sign(workload, at);
}

fn deployment_condition(old: &Value, index: usize, kind: &str, on: bool, why: &(&str, String), at: Timestamp) -> Value {
    let status = if on { "True" } else { "False" };
    let old = &old["status"]["conditions"][index];
    let since = if old["status"] == status { old["lastTransitionTime"].clone() } else { json!(stamp(at)) };
    let updated = if old["reason"] == why.0 && old["message"] == why.1 {
        old["lastUpdateTime"].clone()
    } else {
        json!(stamp(at))
    };
    json!({"type": kind, "status": status, "reason": why.0, "message": why.1,
        "lastTransitionTime": since, "lastUpdateTime": updated})
}

fn sign(object: &mut Value, at: Timestamp) {
    let owned = json!({"status": {"conditions": [{"type": "Available"}, {"type": "Progressing"}],
        "observedGeneration": 0, "replicas": 0, "readyReplicas": 0, "updatedReplicas": 0, "availableReplicas": 0}});
    let entry = managed::entry_of("apps/v1", "kube-controller-manager", "status", &owned, at);
    let Some(entries) = object["metadata"]["managedFields"].as_array_mut() else { return };
    entries.retain(|entry| entry["manager"] != "kube-controller-manager");
    entries.push(entry);
}

/// The hash that pods of this workload carry for an image.
#[must_use]
pub fn hash_of(workload: &Value) -> String {
    let template = &workload["spec"]["template"];
    template_hash(&format!("{} {template}", text(workload, "/metadata/name")))
}

/// Labels of the pods of a workload, with what its controller adds. `ordinal` counts the pods of a `StatefulSet`.
#[must_use]
pub fn labels_of_pods(workload: &Value, ordinal: usize) -> Value {
    let hash = hash_of(workload);
    let mut labels = workload["spec"]["template"]["metadata"]["labels"].clone();
    if workload["kind"] == "StatefulSet" {
        let name = text(workload, "/metadata/name");
        labels["controller-revision-hash"] = json!(format!("{name}-{hash}"));
        labels["apps.kubernetes.io/pod-index"] = json!(ordinal.to_string());
        labels["statefulset.kubernetes.io/pod-name"] = json!(format!("{name}-{ordinal}"));
    } else {
        labels["pod-template-hash"] = json!(hash);
    }
    labels
}

/// The `ReplicaSet` of a Deployment's present template, with `replicas` pods of which `ready` are ready.
#[must_use]
pub fn replica_set(deployment: &Value, replicas: i64, ready: i64, created: Timestamp) -> Value {
    let hash = hash_of(deployment);
    let name = format!("{}-{hash}", text(deployment, "/metadata/name"));
    let namespace = text(deployment, "/metadata/namespace");
    let mut labels = deployment["spec"]["template"]["metadata"]["labels"].clone();
    labels["pod-template-hash"] = json!(hash);
    let mut meta = metadata("ReplicaSet", namespace, &name, &labels, created);
    meta["ownerReferences"] = owned_by(deployment);
    meta["generation"] = json!(1);
    meta["annotations"] = json!({
        "argocd.argoproj.io/tracking-id": deployment["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"],
        "deployment.kubernetes.io/desired-replicas": deployment["spec"]["replicas"].to_string(),
        "deployment.kubernetes.io/max-replicas": (deployment["spec"]["replicas"].as_i64().unwrap_or(1) + 1).to_string(),
        "deployment.kubernetes.io/revision": deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
    });
    let mut template = deployment["spec"]["template"].clone();
    template["metadata"]["labels"] = labels.clone();
    let owned = json!({"metadata": {"labels": labels}, "spec": {"replicas": replicas, "template": template}});
    meta["managedFields"] = json!([managed::entry("apps/v1", "kube-controller-manager", &owned, created)]);
    let mut set = json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": meta,
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
        "status": {},
    });
    count_replica_set(&mut set, replicas, ready);
    set
}

/// The status of a `ReplicaSet` with so many pods.
pub fn count_replica_set(set: &mut Value, replicas: i64, ready: i64) {
    set["spec"]["replicas"] = json!(replicas);
    let generation = set["metadata"]["generation"].clone();
    set["status"] = json!({"replicas": replicas, "observedGeneration": generation, "terminatingReplicas": 0});
    if replicas > 0 {
        set["status"]["fullyLabeledReplicas"] = json!(replicas);
    }
    if ready > 0 {
        set["status"]["readyReplicas"] = json!(ready);
        set["status"]["availableReplicas"] = json!(ready);
    }
}
