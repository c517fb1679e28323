//! The objects around Applications: the project, the set that generates them, Argo CD's own parts, and Prometheus.

use crate::sim::manifest::app::App;
use crate::sim::scenario::Scenario;
use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The `AppProject` of the Applications of a repository.
#[must_use]
pub fn app_project(name: &str, repository: &str) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": name},
        "spec": {
            "description": format!("{name} services"),
            "sourceRepos": [repository],
            "destinations": [{"namespace": format!("{name}-*"), "server": "https://kubernetes.default.svc"}],
            "clusterResourceWhitelist": [{"group": "", "kind": "Namespace"}],
        },
    })
}

/// The `ApplicationSet` of a source whose services are told without charts; none when no environment is there.
#[must_use]
pub fn application_set(scenario: &Scenario, source: &str) -> Option<Value> {
    let name = scenario.name.get_ref();
    let mut elements = Vec::new();
    for environment in scenario.environments.iter().filter(|one| one.source.get_ref() == source) {
        let env = environment.name.get_ref();
        for service in &scenario.services {
            if service.releases.iter().any(|release| release.environment.get_ref() == env) {
                let auto = environment.auto_sync;
                elements.push(json!({"env": env, "branch": environment.branch, "service": service.name.get_ref(),
                    "team": service.team, "auto": auto.is_some(), "prune": auto.is_some_and(|auto| auto.prune),
                    "selfHeal": auto.is_some_and(|auto| auto.self_heal)}));
            }
        }
    }
    let set = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": name},
        "spec": {
            "generators": [{"list": {"elements": elements}}],
            "goTemplate": true,
            "goTemplateOptions": ["missingkey=error"],
            "template": {
                "metadata": {
                    "name": "{{.service}}-{{.env}}",
                    "labels": {"component": "{{.service}}", "environment": "{{.env}}", "team": "{{.team}}"},
                    "annotations": {
                        "argocd.argoproj.io/manifest-generate-paths": "/{{.env}}/{{.service}}",
                        "notifications.argoproj.io/subscribe.on-sync-failed.slack": format!("{name}-alerts"),
                    },
                    "finalizers": ["resources-finalizer.argocd.argoproj.io"],
                },
                "spec": {
                    "project": name,
                    "destination": {"namespace": format!("{name}-{{{{.env}}}}"), "server": "https://kubernetes.default.svc"},
                    "source": {
                        "repoURL": scenario.repository,
                        "path": "{{.env}}/{{.service}}",
                        "targetRevision": "{{.branch}}",
                    },
                    "syncPolicy": {"syncOptions": ["CreateNamespace=true", "PruneLast=true"]},
                },
            },
            "templatePatch": "{{- if .auto }}\nspec:\n  syncPolicy:\n    automated: {prune: {{ .prune }}, selfHeal: \
                {{ .selfHeal }}}\n    retry: {limit: 2, backoff: {duration: 5s, factor: 2, maxDuration: 1m}}\n{{- end }}\n",
        },
    });
    (!elements.is_empty()).then_some(set)
}

/// The status of a set that generated `apps`.
#[must_use]
pub fn generated(namespace: &str, apps: &[App], at: Timestamp) -> Value {
    let condition = |kind: &str, status: &str, reason: &str, message: &str| json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": stamp(at)});
    let words = "All applications have been generated successfully";
    let resources = apps.iter().map(|app| {
        json!({"group": "argoproj.io", "version": "v1alpha1", "kind": "Application", "namespace": namespace,
            "name": app.name, "status": "Synced", "health": {"status": "Healthy"}})
    });
    json!({
        "conditions": [
            condition("ErrorOccurred", "False", "ApplicationSetUpToDate", words),
            condition("ParametersGenerated", "True", "ParametersGenerated",
                "Successfully generated parameters for all Applications"),
            condition("ResourcesUpToDate", "True", "ApplicationSetUpToDate", words),
        ],
        "health": {"status": "Healthy", "message": words},
        "resources": resources.collect::<Vec<_>>(),
        "resourcesCount": apps.len(),
    })
}

/// A part of a cluster: what runs it, and the Service in front.
#[must_use]
pub fn component(namespace: &str, (name, kind, container, image, ports): &Component) -> [Value; 2] {
    let labels = json!({"app.kubernetes.io/name": name, "app.kubernetes.io/instance": name,
        "app.kubernetes.io/component": name.trim_start_matches("argocd-")});
    let metadata = json!({"name": name, "namespace": namespace, "labels": labels});
    let open: Vec<Value> = ports.iter().map(|(name, _, port)| json!({"name": name, "containerPort": port})).collect();
    let mut spec = json!({
        "replicas": 1,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{
            "name": container,
            "image": image,
            "command": ["sh", "-c", name],
            "ports": open,
            "env": [{"name": "ENVIRONMENT", "value": "argocd"}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        }]}},
        "revisionHistoryLimit": 3,
    });
    if *kind == "StatefulSet" {
        spec["serviceName"] = json!(name);
    }
    let ports: Vec<Value> =
        ports.iter().map(|(name, port, target)| json!({"name": name, "port": port, "targetPort": target})).collect();
    let front = json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata,
        "spec": {"selector": labels, "ports": ports}});
    [front, json!({"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": spec})]
}

/// One of Argo CD's own components, or another part of a cluster: (name, kind, container, image, ports).
pub type Component = (&'static str, &'static str, &'static str, &'static str, &'static [(&'static str, u16, u16)]);

/// Where Prometheus runs.
pub const MONITORING: &str = "monitoring";
/// Prometheus; its port leads to the API that the world serves.
pub const PROMETHEUS: Component =
    ("prometheus", "StatefulSet", "prometheus", "quay.io/prometheus/prometheus:v3.5.0", &[("web", 9090, 9090)]);

/// What runs in Argo CD's namespace; ports are (name, service port, container port).
pub const COMPONENTS: &[Component] = &[
    (
        "argocd-server",
        "Deployment",
        "argocd-server",
        "quay.io/argoproj/argocd:v3.6.0",
        &[("http", 80, 8080), ("https", 443, 8080)],
    ),
    (
        "argocd-repo-server",
        "Deployment",
        "argocd-repo-server",
        "quay.io/argoproj/argocd:v3.6.0",
        &[("server", 8081, 8081), ("metrics", 8084, 8084)],
    ),
    ("argocd-redis", "Deployment", "redis", "redis:7.2-alpine", &[("tcp-redis", 6379, 6379)]),
    (
        "argocd-applicationset-controller",
        "Deployment",
        "argocd-applicationset-controller",
        "quay.io/argoproj/argocd:v3.6.0",
        &[("webhook", 7000, 7000), ("metrics", 8080, 8080)],
    ),
    (
        "argocd-application-controller",
        "StatefulSet",
        "argocd-application-controller",
        "quay.io/argoproj/argocd:v3.6.0",
        &[("metrics", 8082, 8082)],
    ),
];
