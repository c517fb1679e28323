//! What the tests of the source share: a world, a source reading it, and what the source told.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pilothouse::domain::Clock;
use pilothouse::sim::access::{Access, User};
use pilothouse::sim::kubeconfig::{Context, render};
use pilothouse::sim::serve::{Cluster, Server};
use pilothouse::sim::store::Store;
use pilothouse::sim::tls::Ca;
use pilothouse::source::kube::{KubeconfigPlace, SourceSpec, run};
use serde_json::{Value, json};

use crate::clock::WallClock;
use crate::told::Running;

/// Where the Applications are, for faults.
pub const APPLICATIONS: &str = "/apis/argoproj.io/v1alpha1/applications";
/// Longer than anything here takes, on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);
/// The token that may do everything.
pub const ADMIN: &str = "admin-token";

/// Runs a source on the system's clock.
pub fn start(spec: SourceSpec) -> Running {
    start_at(spec, Arc::new(WallClock))
}

/// Runs a source on a clock.
pub fn start_at(spec: SourceSpec, clock: Arc<dyn Clock>) -> Running {
    Running::run(DEADLINE, clock, |world| run(spec, world))
}

/// A folder with a kubeconfig.
pub struct Home {
    folder: tempfile::TempDir,
    contexts: Mutex<usize>,
}

impl Home {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), contexts: Mutex::new(0) }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A source for a server, its kubeconfig changed by `change`.
    pub fn spec_with(&self, ca: &Ca, server: &str, token: &str, change: impl FnOnce(&mut Value)) -> SourceSpec {
        let mut count = self.contexts.lock().unwrap();
        *count += 1;
        let file = self.path(&format!("config-{count}"));
        let context =
            Context { name: "world".into(), server: server.into(), token: token.into(), namespace: "default".into() };
        let mut config: Value = serde_json::from_str(&render(ca, &[context])).unwrap();
        change(&mut config);
        std::fs::write(&file, config.to_string()).unwrap();
        SourceSpec { name: "world".into(), kubeconfig: KubeconfigPlace::Files(vec![file]), ..SourceSpec::default() }
    }

    pub fn spec(&self, ca: &Ca, server: &str, token: &str) -> SourceSpec {
        self.spec_with(ca, server, token, |_| {})
    }
}

/// A cluster with `count` Applications in namespace `argocd`.
pub fn cluster(count: usize) -> Cluster {
    let store = Store::new();
    for n in 0..count {
        store.put(application("argocd", &format!("app-{n:04}"), "Healthy"));
    }
    Cluster::new("world", store, vec![User::new("admin", ADMIN, Access::full())])
}

/// A world of one cluster, and a source's way to it.
pub struct World {
    pub ca: Ca,
    pub server: Server,
    pub home: Home,
}

impl World {
    pub fn of(cluster: Cluster) -> Self {
        let ca = Ca::generate().unwrap();
        let server = Server::start(&ca, cluster).unwrap();
        Self { ca, server, home: Home::new() }
    }

    pub fn with(count: usize) -> Self {
        Self::of(cluster(count))
    }

    pub fn spec(&self) -> SourceSpec {
        self.spec_as(ADMIN)
    }

    pub fn spec_as(&self, token: &str) -> SourceSpec {
        self.home.spec(&self.ca, &self.server.url(), token)
    }

    pub fn spec_with(&self, change: impl FnOnce(&mut Value)) -> SourceSpec {
        self.home.spec_with(&self.ca, &self.server.url(), ADMIN, change)
    }

    pub fn put(&self, namespace: &str, name: &str, health: &str) {
        self.server.store().put(application(namespace, name, health));
    }
}

pub fn application(namespace: &str, name: &str, health: &str) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": { "name": name, "namespace": namespace, "labels": { "environment": "dev" } },
        "spec": {
            "project": "default",
            "source": { "repoURL": "https://git.example/gitops.git", "path": ".", "targetRevision": "main" },
            "destination": { "server": "https://kubernetes.default.svc", "namespace": "dev" }
        },
        "status": { "sync": { "status": "Synced", "revision": "abc" }, "health": { "status": health } }
    })
}
