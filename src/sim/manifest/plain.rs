//! Manifests of services that a scenario tells of without charts: plain objects, as people write them.

use crate::sim::manifest::app::WorkloadKind;
use crate::sim::scenario::{Environment, Service, Work};
use serde_json::{Map, Value, json};

/// A service in one environment.
#[derive(Debug, Clone, Copy)]
pub struct Plain<'a> {
    /// What it is.
    pub service: &'a Service,
    /// Where it runs.
    pub environment: &'a Environment,
}

impl Plain<'_> {
    /// Its objects at a version: settings, Service, workloads and hooks.
    #[must_use]
    pub fn objects(&self, version: &str) -> Vec<Value> {
        let service = self.service;
        let name = service.name.get_ref();
        let image = format!("{}:{version}", service.image.as_ref().unwrap_or(name));
        let mut all = vec![json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": format!("{name}-config"), "annotations": {"argocd.argoproj.io/sync-wave": "-1"}},
            "data": service.config,
        })];
        all.extend(service.workloads.first().and_then(|first| self.front(first)));
        all.extend(service.workloads.iter().map(|work| self.workload(work, &image)));
        let before = service.pre_sync.iter().map(|name| job(name, "PreSync", "BeforeHookCreation", &image));
        let after = service.post_sync.iter().map(|name| job(name, "PostSync", "HookSucceeded", &image));
        all.extend(before.chain(after));
        all
    }

    /// The Service in front of a workload; none when nothing listens.
    fn front(&self, first: &Work) -> Option<Value> {
        let port = |(name, port): (&String, &u16)| json!({"name": name, "port": if name == "http" { 80 } else { *port }, "targetPort": port});
        let ports: Vec<Value> = first.ports.iter().map(port).collect();
        let spec = json!({"selector": self.labels(first), "ports": ports});
        let metadata = json!({"name": self.service.name.get_ref()});
        (!ports.is_empty()).then(|| json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}))
    }

    fn workload(&self, work: &Work, image: &str) -> Value {
        let labels = self.labels(work);
        let ports = work.ports.iter().map(|(name, port)| json!({"name": name, "containerPort": port}));
        let mut container = json!({
            "name": work.container,
            "image": image,
            "command": ["sh", "-c", work.command],
            "ports": ports.collect::<Vec<_>>(),
            "env": [{"name": "ENVIRONMENT", "value": self.environment.name.get_ref()}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        });
        if !self.service.config.is_empty() {
            container["envFrom"] =
                json!([{"configMapRef": {"name": format!("{}-config", self.service.name.get_ref())}}]);
        }
        let mut metadata = json!({"name": name_of(self.service, work), "labels": labels});
        if work.wave != 0 {
            metadata["annotations"] = json!({"argocd.argoproj.io/sync-wave": work.wave.to_string()});
        }
        let mut spec = json!({
            "replicas": self.environment.replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            "revisionHistoryLimit": 3,
        });
        match work.kind {
            WorkloadKind::Deployment => spec["progressDeadlineSeconds"] = json!(work.progress_deadline.as_secs()),
            WorkloadKind::StatefulSet => spec["serviceName"] = json!(self.service.name.get_ref()),
        }
        json!({"apiVersion": "apps/v1", "kind": work.kind.word(), "metadata": metadata, "spec": spec})
    }

    fn labels(&self, work: &Work) -> Value {
        json!({
            "app.kubernetes.io/name": name_of(self.service, work),
            "app.kubernetes.io/instance": format!("{}-{}", self.service.name.get_ref(), self.environment.name.get_ref()),
            "app.kubernetes.io/component": work.component.as_ref().unwrap_or(&work.container),
        })
    }
}

fn name_of<'a>(service: &'a Service, work: &'a Work) -> &'a str {
    work.name.as_ref().unwrap_or(service.name.get_ref())
}

fn job(name: &str, phase: &str, policy: &str, image: &str) -> Value {
    let (container, script) = match phase {
        "PreSync" => ("migrate", "echo 'running upgrade'; sleep 3"),
        _ => ("smoke", "echo 'GET /health 200'; sleep 2"),
    };
    let containers = json!([{"name": container, "image": image, "command": ["sh", "-c", script]}]);
    let annotations: Map<String, Value> = [("hook", phase), ("hook-delete-policy", policy)]
        .map(|(key, value)| (format!("argocd.argoproj.io/{key}"), json!(value)))
        .into_iter()
        .collect();
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"backoffLimit": 0, "template": {"spec": {"restartPolicy": "Never", "containers": containers}}},
    })
}
