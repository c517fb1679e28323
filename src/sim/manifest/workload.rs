//! Deployments and `StatefulSet`s as they are applied.

use crate::sim::manifest::app::{App, ResourceRef, Workload, WorkloadKind};
use crate::sim::manifest::managed;
use crate::sim::manifest::meta::{metadata, template_hash, text};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The pod spec of a workload, with the defaults an API server fills in.
#[must_use]
pub fn pod_spec(app: &App, workload: &Workload, image: &str) -> Value {
    let ports: Vec<Value> = workload
        .ports
        .iter()
        .map(|(name, port)| json!({"name": name, "containerPort": port, "protocol": "TCP"}))
        .collect();
    let config = json!([{"configMapRef": {"name": format!("{}-config", app.service)}}]);
    let env_from = if app.config.is_empty() { json!([]) } else { config };
    json!({
        "containers": [{
            "name": workload.container,
            "image": image,
            "command": ["sh", "-c", workload.command],
            "ports": ports,
            "envFrom": env_from,
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
            spec["progressDeadlineSeconds"] = json!(what.progress_deadline);
        }
        WorkloadKind::StatefulSet => {
            spec["serviceName"] = json!(app.service);
            spec["podManagementPolicy"] = json!("OrderedReady");
            spec["updateStrategy"] = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}});
        }
    }
    meta["annotations"] = annotations;
    let owned = json!({"metadata": {"annotations": {"argocd.argoproj.io/tracking-id": ""}, "labels": meta["labels"]},
        "spec": spec});
    meta["managedFields"] = json!([managed::entry("apps/v1", "argocd-controller", &owned, at)]);
    json!({"apiVersion": "apps/v1", "kind": kind, "metadata": meta, "spec": spec, "status": {}})
}

/// The hash that pods of this workload carry for an image.
#[must_use]
pub fn hash_of(workload: &Value) -> String {
    let template = &workload["spec"]["template"];
    template_hash(&format!("{} {template}", text(workload, "/metadata/name")))
}
