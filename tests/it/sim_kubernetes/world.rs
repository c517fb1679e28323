//! The cluster these tests ask: shaped after the recorded one. What was there before a test begins is put into the store as
//! it stood, with the fields only a server writes; what a test has somebody do goes by the API.

use jiff::Timestamp;
use pilothouse::sim::access::{Access, User};
use pilothouse::sim::clock::Clock;
use pilothouse::sim::manifest::crd;
use pilothouse::sim::serve::{Cluster, Server};
use pilothouse::sim::store::Store;
use pilothouse::sim::tls::Ca;
use serde_json::{Value, json};

use super::client::Client;

/// 2026-11-23T06:43:26Z
pub const NOW: i64 = 1_795_416_206;
/// The version of the recorded cluster after its objects were written.
pub const VERSION: u64 = 6057;

pub struct World {
    pub ca: Ca,
    pub server: Server,
    pub store: Store,
}

impl World {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// A world whose cluster is changed before it starts.
    pub fn with(change: impl FnOnce(&mut Cluster)) -> Self {
        let ca = Ca::generate().unwrap();
        let clock = Clock::new(|| Timestamp::from_second(NOW).unwrap());
        let store = Store::with(clock, 1);
        fill(&store);
        store.advance(VERSION);
        let users = vec![
            User::new("admin", "admin", Access::full()),
            User::new("dev-user", "dev-user", Access::nothing()),
            User::new("shop", "shop", Access::read_only_within(&["predator12-dev"])),
        ];
        let mut cluster = Cluster::new("recorded", store.clone(), users);
        change(&mut cluster);
        let server = Server::start(&ca, cluster).unwrap();
        Self { ca, server, store }
    }

    pub fn client(&self) -> Client {
        Client::new(&self.ca, &self.server)
    }
}

/// A moment some minutes ago.
pub fn ago(seconds: i64) -> String {
    Timestamp::from_second(NOW - seconds).unwrap().to_string()
}

pub fn application(name: &str) -> Value {
    let (component, environment) = name.rsplit_once('-').unwrap();
    let revision = match environment {
        "dev" => "3fa95954b66c604ceb1725a7eaa7d44db5331393",
        "staging" => "acb0d1848594a4ddce56513708beb2b36b2d0eb9",
        _ => "83409bf3b435eed5590c0069ff895e6d6f76c73d",
    };
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": name,
            "namespace": "argocd",
            "labels": {"component": component, "environment": environment},
            "annotations": {"who": "test"},
            "finalizers": ["resources-finalizer.argocd.argoproj.io"],
            "managedFields": [],
            "ownerReferences": [],
        },
        "spec": {
            "project": "predator12",
            "destination": {"server": "https://kubernetes.default.svc", "namespace": format!("predator12-{environment}")},
        },
        "status": {"sync": {"status": "Synced", "revision": revision}, "health": {"status": "Healthy"}},
    })
}

/// Phase and address of the recorded pods; names, ages and the rest of their metadata are in the fixture.
const PODS: &[(&str, &str)] = &[
    ("Running", "10.88.0.77"),
    ("Succeeded", "10.88.0.65"),
    ("Running", "10.88.0.60"),
    ("Running", "10.88.0.88"),
    ("Running", "10.88.0.16"),
];

/// The objects of a fixture of recorded ones, a line each; versions left out.
pub fn recorded(name: &str) -> Vec<Value> {
    let path = format!("{}/tests/fixtures/kubernetes/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn fill(store: &Store) {
    for namespace in ["argocd", "predator12-dev", "default"] {
        store.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}));
    }
    for application in recorded("applications") {
        store.put(application);
    }
    for (metadata, (phase, address)) in recorded("pods").into_iter().zip(PODS) {
        let state = match *phase {
            "Running" => json!({"running": {}}),
            _ => json!({"terminated": {"reason": "Completed", "exitCode": 0}}),
        };
        store.put(json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
            "spec": {"nodeName": "node1", "containers": [{"name": "main", "image": "x"}]},
            "status": {"phase": phase, "podIP": address, "containerStatuses": [
                {"name": "main", "ready": *phase == "Running", "restartCount": 0, "state": state},
            ]},
        }));
    }
    for definition in crd::all(Timestamp::from_second(NOW).unwrap()) {
        store.put(definition);
    }
}
