//! Nodes and their Leases.

use crate::sim::manifest::meta::{hex, metadata};
use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::{Value, json};

/// A ready node with `address` on its internal network.
#[must_use]
pub fn node(
    name: &str,
    address: &str,
    version: &str,
    control_plane: bool,
    created: Timestamp,
    now: Timestamp,
) -> Value {
    let mut labels = json!({
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
    });
    if control_plane {
        labels["node-role.kubernetes.io/control-plane"] = json!("");
    }
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({"type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": stamp(now), "lastTransitionTime": stamp(created)})
    };
    let room = json!({"cpu": "4", "memory": "16384256Ki", "ephemeral-storage": "81106868Ki", "pods": "110",
        "hugepages-1Gi": "0", "hugepages-2Mi": "0"});
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata("Node", "", name, &labels, created),
        "spec": {"podCIDR": "10.244.0.0/24", "podCIDRs": ["10.244.0.0/24"], "providerID": format!("sim://{name}")},
        "status": {
            "capacity": room,
            "allocatable": room,
            "conditions": [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
            ],
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "machineID": hex(name, 32),
                "systemUUID": hex(&format!("system {name}"), 32),
                "bootID": hex(&format!("boot {name}"), 32),
                "kernelVersion": "6.8.0-60-generic",
                "osImage": "Ubuntu 24.04.2 LTS",
                "containerRuntimeVersion": "containerd://2.1.4",
                "kubeletVersion": version,
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    })
}

/// Where the Leases of nodes are.
pub const LEASES: &str = "kube-node-lease";

/// The Lease by which a node tells that it is there.
#[must_use]
pub fn lease(node: &Value, now: Timestamp) -> Value {
    let name = &node["metadata"]["name"];
    let owner = json!([{"apiVersion": "v1", "kind": "Node", "name": name, "uid": node["metadata"]["uid"]}]);
    json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "namespace": LEASES, "ownerReferences": owner,
            "creationTimestamp": node["metadata"]["creationTimestamp"]},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": micro(now)},
    })
}

/// A moment as Leases have it: to the microsecond.
#[must_use]
pub fn micro(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
