//! What Argo CD's components say: the application controller, the repo-server and argocd-server.

use crate::sim::manifest::meta::hex;
use crate::sim::object::Object;
use crate::sim::populate::Stage;
use crate::sim::prometheus::series::{Labels, Shelf, labels};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::HashMap;

const SERVER: &str = "https://kubernetes.default.svc";
/// Upper bounds of the controller's reconcile histogram.
const RECONCILE: [f64; 7] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0];

/// Scrapes Argo CD.
#[derive(Debug)]
pub struct Scraper {
    kubernetes: String,
    repository: String,
    known: HashMap<String, Known>,
    counters: HashMap<Labels, f64>,
    began: Option<Timestamp>,
}

/// What the last scrape saw of an Application.
#[derive(Debug, Default)]
struct Known {
    version: u64,
    info: Labels,
    finished: String,
    reconciled: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct App {
    spec: Spec,
    status: Status,
    operation: Option<IgnoredAny>,
    metadata: Meta,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Meta {
    deletion_timestamp: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    project: String,
    source: Source,
    destination: Destination,
    sync_policy: Policy,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    #[serde(rename = "repoURL")]
    repository: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Destination {
    server: String,
    namespace: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Policy {
    automated: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    sync: Word,
    health: Word,
    reconciled_at: String,
    operation_state: State,
    history: Vec<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Word {
    status: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct State {
    phase: String,
    started_at: String,
    finished_at: String,
    operation: Operation,
    sync_result: SyncResult,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Operation {
    sync: Sync,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Sync {
    dry_run: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SyncResult {
    resources: Vec<IgnoredAny>,
}

impl Scraper {
    /// Of a cluster of this version, with one repository.
    pub fn new(kubernetes: &str, repository: &str) -> Self {
        Self {
            kubernetes: kubernetes.to_owned(),
            repository: repository.to_owned(),
            known: HashMap::new(),
            counters: HashMap::new(),
            began: None,
        }
    }

    /// Looks at every Application that changed since the last time.
    pub fn scrape(&mut self, stage: &Stage, shelf: &Shelf, at: Timestamp) {
        let began = *self.began.get_or_insert(at);
        let all = stage.store.snapshot("Application", Some(&stage.argocd_namespace), None);
        let all = all.map(|snapshot| snapshot.objects).unwrap_or_default();
        let mut there = std::collections::HashSet::with_capacity(all.len());
        for object in &all {
            there.insert(object.name().to_owned());
            if self.known.get(object.name()).is_none_or(|known| known.version != object.resource_version) {
                self.application(stage, shelf, object, at);
            }
        }
        // the counters of an Application that is gone stay, what it is does not
        self.known.retain(|name, known| {
            let stays = there.contains(name);
            if !stays {
                shelf.end(&known.info, at);
            }
            stays
        });
        self.cluster(stage, shelf, began, at);
        for (labels, value) in &self.counters {
            shelf.set(labels, *value, at);
        }
    }

    fn application(&mut self, stage: &Stage, shelf: &Shelf, object: &Object, at: Timestamp) {
        let Ok(app) = serde_json::from_slice::<App>(object.body()) else { return };
        let (namespace, name, project) = (stage.argocd_namespace.as_str(), object.name(), app.spec.project.as_str());
        let operation = match (app.metadata.deletion_timestamp.is_some(), app.operation.is_some()) {
            (true, _) => "delete",
            (false, true) => "sync",
            _ => "",
        };
        let server = app.spec.destination.server.as_str();
        let info = labels(
            "argocd_app_info",
            &[
                ("job", "argocd-metrics"),
                ("namespace", namespace),
                ("name", name),
                ("project", project),
                ("autosync_enabled", if app.spec.sync_policy.automated.is_some() { "true" } else { "false" }),
                ("repo", app.spec.source.repository.trim_end_matches(".git")),
                ("dest_server", server),
                ("dest_namespace", &app.spec.destination.namespace),
                ("sync_status", &app.status.sync.status),
                ("health_status", &app.status.health.status),
                ("operation", operation),
            ],
        );
        let first = !self.known.contains_key(name);
        let known = self.known.entry(name.to_owned()).or_default();
        if known.info != info {
            shelf.end(&known.info, at);
            shelf.set(&info, 1.0, at);
            known.info = info;
        }
        known.version = object.resource_version;
        let of_app = [("job", "argocd-metrics"), ("namespace", namespace), ("name", name), ("project", project)];
        let with = |metric: &str, more: &[(&str, &str)]| labels(metric, &[&of_app, more].concat());
        shelf.set(&with("argocd_app_orphaned_resources_count", &[]), 0.0, at);
        let state = &app.status.operation_state;
        let ended = known.finished != state.finished_at && !matches!(state.phase.as_str(), "" | "Running");
        let compared = std::mem::replace(&mut known.reconciled, app.status.reconciled_at.clone());
        if first || ended {
            known.finished.clone_from(&state.finished_at);
            let dry_run = if state.operation.sync.dry_run { "true" } else { "false" };
            let total = with(
                "argocd_app_sync_total",
                &[("dest_server", server), ("phase", &state.phase), ("dry_run", dry_run)],
            );
            let took = with("argocd_app_sync_duration_seconds_total", &[("dest_server", server)]);
            let asked = with(
                "argocd_app_k8s_request_total",
                &[
                    ("server", server),
                    ("response_code", "200"),
                    ("verb", "Patch"),
                    ("resource_kind", "apps"),
                    ("resource_namespace", &app.spec.destination.namespace),
                    ("dry_run", dry_run),
                ],
            );
            // the controller has run for longer than anybody looked: its history stands for what it counted
            let times = if first { app.status.history.len() } else { 1 } as f64;
            let seconds = match (state.started_at.parse::<Timestamp>(), state.finished_at.parse::<Timestamp>()) {
                (Ok(begin), Ok(end)) => end.duration_since(begin).as_secs_f64().max(0.0),
                _ => 0.0,
            };
            if !state.phase.is_empty() {
                self.add(total, times);
                self.add(took, times * seconds);
                self.add(asked, times * state.sync_result.resources.len() as f64);
            }
        }
        if !first && compared != app.status.reconciled_at {
            self.reconciled(namespace, server, hex(&format!("{name}{compared}"), 4).as_str());
        }
    }

    /// One more comparison, quick or slow by chance.
    fn reconciled(&mut self, namespace: &str, server: &str, chance: &str) {
        let roll = f64::from(u16::from_str_radix(chance, 16).unwrap_or_default()) / f64::from(u16::MAX);
        let took = 0.03 + 0.9 * roll.powi(6);
        let of = [("job", "argocd-metrics"), ("namespace", namespace), ("dest_server", server)];
        for bound in RECONCILE.into_iter().map(Some).chain([None]) {
            let le = bound.map_or("+Inf".to_owned(), |bound| bound.to_string());
            let bucket = labels("argocd_app_reconcile_bucket", &[&of[..], &[("le", le.as_str())]].concat());
            self.add(bucket, if bound.is_none_or(|bound| took <= bound) { 1.0 } else { 0.0 });
        }
        self.add(labels("argocd_app_reconcile_sum", &of), took);
        self.add(labels("argocd_app_reconcile_count", &of), 1.0);
        let repository = self.repository.clone();
        let git = [("job", "argocd-repo-server"), ("repo", repository.as_str()), ("request_type", "ls-remote")];
        self.add(labels("argocd_git_request_total", &git), 1.0);
        for command in ["get", "set", "publish"] {
            let redis = [
                ("job", "argocd-metrics"),
                ("command", command),
                ("failed", "false"),
                ("hostname", "argocd-application-controller-0"),
                ("initiator", "argocd-application-controller"),
            ];
            self.add(labels("argocd_redis_request_total", &redis), 1.0);
        }
    }

    fn cluster(&self, stage: &Stage, shelf: &Shelf, began: Timestamp, at: Timestamp) {
        let of = [("job", "argocd-metrics"), ("server", SERVER)];
        let with = |metric: &str, more: &[(&str, &str)]| labels(metric, &[&of, more].concat());
        let version = [("k8s_version", self.kubernetes.as_str())];
        shelf.set(&with("argocd_cluster_info", &[version[0], ("name", "in-cluster")]), 1.0, at);
        shelf.set(&with("argocd_cluster_connection_status", &version), 1.0, at);
        let kinds = ["ConfigMap", "Deployment", "Job", "Pod", "ReplicaSet", "Secret", "Service", "StatefulSet"];
        let objects: usize = kinds.iter().map(|kind| stage.store.len(kind)).sum();
        shelf.set(&with("argocd_cluster_api_resource_objects", &[]), objects as f64, at);
        shelf.set(&with("argocd_cluster_api_resources", &[]), crate::sim::kinds::KINDS.len() as f64, at);
        let age = at.duration_since(began).as_secs_f64();
        shelf.set(&with("argocd_cluster_cache_age_seconds", &[]), age, at);
        shelf.set(&labels("argocd_info", &[("job", "argocd-server-metrics"), ("version", "v3.6.0")]), 1.0, at);
        for job in ["argocd-metrics", "argocd-server-metrics", "argocd-repo-server"] {
            shelf.set(&labels("up", &[("job", job), ("namespace", &stage.argocd_namespace)]), 1.0, at);
        }
    }

    fn add(&mut self, labels: Labels, more: f64) {
        *self.counters.entry(labels).or_default() += more;
    }
}
