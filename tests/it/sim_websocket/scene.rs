//! A pod to come into: the recorded one.

use pilothouse::sim::serve::Cluster;
use serde_json::{Value, json};

use crate::sim_kubernetes::world::World;

pub const NAMESPACE: &str = "predator12-dev";
pub const POD: &str = "backend-5cf68d945c-plbj6";
/// The recorded container's id begins so.
const CONTAINER: &str = "containerd://25462213f784e5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

pub fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"app": "backend"}},
        "spec": {
            "nodeName": "node1",
            "containers": [{
                "name": "api", "image": "x", "command": ["sh", "-c", "serve"],
                "env": [{"name": "ENVIRONMENT", "value": "dev"}],
                "ports": [{"name": "http", "containerPort": 8000}, {"name": "debugpy", "containerPort": 5678},
                    {"name": "redis", "containerPort": 6379}, {"name": "postgres", "containerPort": 5432}],
            }],
        },
        "status": {"phase": "Running", "podIP": "10.88.0.77", "hostIP": "192.0.2.7", "containerStatuses": [{
            "name": "api", "ready": true, "restartCount": 0, "containerID": CONTAINER,
            "state": {"running": {"startedAt": "2026-11-23T06:00:00Z"}},
        }]},
    })
}

/// The recorded cluster with the pod in it.
pub fn world() -> World {
    World::with(|cluster: &mut Cluster| {
        cluster.store.put(pod(POD));
    })
}
