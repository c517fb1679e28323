//! The objects around Applications: the project, the set that generates them, and Argo CD's own pods.

use crate::sim::manifest::app::App;
use crate::sim::manifest::meta::metadata;
use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The `AppProject` of the world's Applications.
#[must_use]
pub fn app_project(namespace: &str, name: &str, repository: &str, windows: &[Value], created: Timestamp) -> Value {
    let mut meta = metadata("AppProject", namespace, name, &json!({}), created);
    meta["generation"] = json!(1);
    let mut project = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": meta,
        "spec": {
            "description": format!("{name} services"),
            "sourceRepos": [repository],
            "destinations": [{"namespace": format!("{name}-*"), "server": "https://kubernetes.default.svc"}],
            "clusterResourceWhitelist": [{"group": "", "kind": "Namespace"}],
            "orphanedResources": {"warn": false},
            "roles": [{
                "name": "developers",
                "description": "May sync dev, may only look elsewhere",
                "policies": [
                    format!("p, proj:{name}:developers, applications, get, {name}/*, allow"),
                    format!("p, proj:{name}:developers, applications, sync, {name}/*-dev, allow"),
                ],
            }],
        },
    });
    if !windows.is_empty() {
        project["spec"]["syncWindows"] = json!(windows);
    }
    project
}

/// The `ApplicationSet` that generated `apps`: a matrix of environments and services.
#[must_use]
pub fn application_set(namespace: &str, name: &str, apps: &[App], unmanaged: &[String], created: Timestamp) -> Value {
    let mut environments: Vec<Value> = Vec::new();
    let mut services: Vec<Value> = Vec::new();
    for app in apps {
        let environment = json!({"env": app.environment, "revision": app.target_revision});
        let service = json!({"service": app.service, "chart": app.chart, "team": app.team});
        if !environments.contains(&environment) {
            environments.push(environment);
        }
        if !services.contains(&service) {
            services.push(service);
        }
    }
    let repository = apps.first().map(|app| app.repository.as_str()).unwrap_or_default();
    let condition = |kind: &str, status: &str, reason: &str, message: &str| json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": stamp(created)});
    let generated = "All applications have been generated successfully";
    let mut meta = metadata("ApplicationSet", namespace, name, &json!({}), created);
    meta["generation"] = json!(1);
    let mut set = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": meta,
        "spec": {
            "generators": [{"matrix": {"generators": [
                {"list": {"elements": environments}},
                {"list": {"elements": services}},
            ]}}],
            "goTemplate": true,
            "goTemplateOptions": ["missingkey=error"],
            "syncPolicy": {"preserveResourcesOnDeletion": false},
            "template": {
                "metadata": {
                    "name": "{{.service}}-{{.env}}",
                    "labels": {"component": "{{.service}}", "environment": "{{.env}}", "team": "{{.team}}"},
                    "annotations": {
                        "argocd.argoproj.io/manifest-generate-paths":
                            "/helm/charts/{{.chart}};/helm/overlays/{{.env}}/{{.service}}.yaml",
                        "notifications.argoproj.io/subscribe.on-sync-failed.slack": format!("{name}-alerts"),
                    },
                },
                "spec": {
                    "project": name,
                    "destination": {"namespace": format!("{name}-{{{{.env}}}}"), "server": "https://kubernetes.default.svc"},
                    "source": {
                        "repoURL": repository,
                        "path": "helm/charts/{{.chart}}",
                        "targetRevision": "{{.revision}}",
                        "helm": {"valueFiles": ["/helm/overlays/{{.env}}/{{.service}}.yaml"]},
                    },
                    "syncPolicy": {"syncOptions": ["CreateNamespace=true", "PruneLast=true"]},
                },
            },
            "templatePatch": "{{- if ne .env \"prod\" }}\nspec:\n  syncPolicy:\n    automated: {prune: true, selfHeal: \
                {{ eq .env \"dev\" }}}\n    retry: {limit: 2, backoff: {duration: 5s, factor: 2, maxDuration: 1m}}\n{{- end }}\n",
        },
        "status": {
            "conditions": [
                condition("ErrorOccurred", "False", "ApplicationSetUpToDate", generated),
                condition("ParametersGenerated", "True", "ParametersGenerated",
                    "Successfully generated parameters for all Applications"),
                condition("ResourcesUpToDate", "True", "ApplicationSetUpToDate", generated),
            ],
            "health": {"status": "Healthy", "message": generated},
            "resources": apps.iter().map(|app| json!({"group": "argoproj.io", "version": "v1alpha1", "kind": "Application",
                "namespace": namespace, "name": app.name, "status": "Synced", "health": {"status": "Healthy"}}))
                .collect::<Vec<_>>(),
            "resourcesCount": apps.len(),
        },
    });
    if !unmanaged.is_empty() {
        set["spec"]["ignoreApplicationDifferences"] = json!([{"jsonPointers": unmanaged}]);
    }
    set
}

/// One of Argo CD's own components: (name, kind, container, image, ports).
pub type Component = (&'static str, &'static str, &'static str, &'static str, &'static [(&'static str, u16, u16)]);

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
