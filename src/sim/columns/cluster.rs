//! The cluster itself: nodes, namespaces, types and permissions.

use serde_json::Value;

use super::Cell;
use super::read::{holds, items, or_none, text};
use super::table::{AGE, Column, NAME, Printer, age, column, name, wide};

pub(super) static NAMESPACE: Printer = Printer {
    columns: &[NAME, column("Status", "Whether it is being deleted."), AGE],
    cells: |o| {
        let phase = Some(text(o, "/status/phase")).filter(|p| !p.is_empty()).unwrap_or("Active");
        vec![name(o), Cell::text(phase), age(o)]
    },
};

pub(super) static NODE: Printer = Printer {
    columns: &[
        NAME,
        column("Status", "Whether pods can run there."),
        column("Roles", "What the node is for."),
        AGE,
        column("Version", "Version of the kubelet."),
        wide("Internal-IP", "Address within the cluster."),
        wide("External-IP", "Address outside the cluster."),
        wide("OS-Image", "Operating system."),
        wide("Kernel-Version", "Kernel."),
        wide("Container-Runtime", "Container runtime."),
    ],
    cells: |o| {
        vec![
            name(o),
            Cell::text(node_status(o)),
            Cell::text(roles(o)),
            age(o),
            Cell::text(text(o, "/status/nodeInfo/kubeletVersion")),
            Cell::text(or_none(address(o, "InternalIP"))),
            Cell::text(or_none(address(o, "ExternalIP"))),
            Cell::text(unknown(text(o, "/status/nodeInfo/osImage"))),
            Cell::text(unknown(text(o, "/status/nodeInfo/kernelVersion"))),
            Cell::text(unknown(text(o, "/status/nodeInfo/containerRuntimeVersion"))),
        ]
    },
};

/// Definitions and roles show when they were made.
pub(super) static CREATED_AT: Printer = Printer {
    columns: &[NAME, Column { r#type: "date", ..column("Created At", "When the object was created.") }],
    cells: |o| vec![name(o), Cell::text(text(o, "/metadata/creationTimestamp"))],
};

pub(super) static BINDING: Printer = Printer {
    columns: &[
        NAME,
        column("Role", "The role that is given."),
        AGE,
        wide("Users", "Users it is given to."),
        wide("Groups", "Groups it is given to."),
        wide("ServiceAccounts", "Service accounts it is given to."),
    ],
    cells: |o| {
        let subjects = |kind: &str| {
            let of = items(o, "/subjects").iter().filter(|s| text(s, "/kind") == kind);
            let one = |s: &Value| match text(s, "/namespace") {
                "" => text(s, "/name").to_owned(),
                namespace => format!("{namespace}/{}", text(s, "/name")),
            };
            Cell::text(of.map(one).collect::<Vec<_>>().join(", "))
        };
        vec![
            name(o),
            Cell::text(format!("{}/{}", text(o, "/roleRef/kind"), text(o, "/roleRef/name"))),
            age(o),
            subjects("User"),
            subjects("Group"),
            subjects("ServiceAccount"),
        ]
    },
};

fn node_status(node: &Value) -> String {
    let told = items(node, "/status/conditions").iter().any(|c| text(c, "/type") == "Ready");
    let mut status = match (told, holds(node, "Ready")) {
        (false, _) => "Unknown",
        (true, true) => "Ready",
        (true, false) => "NotReady",
    }
    .to_owned();
    if node.pointer("/spec/unschedulable").and_then(Value::as_bool).unwrap_or_default() {
        status.push_str(",SchedulingDisabled");
    }
    status
}

fn roles(node: &Value) -> String {
    let labels = node.pointer("/metadata/labels").and_then(Value::as_object);
    let of = |(key, value): (&String, &Value)| match key.strip_prefix("node-role.kubernetes.io/") {
        Some(role) => Some(role.to_owned()),
        None if key == "kubernetes.io/role" => value.as_str().map(str::to_owned),
        None => None,
    };
    or_none(&labels.into_iter().flatten().filter_map(of).collect::<Vec<_>>().join(",")).to_owned()
}

fn address<'a>(node: &'a Value, kind: &str) -> &'a str {
    items(node, "/status/addresses").iter().find(|a| text(a, "/type") == kind).map_or("", |a| text(a, "/address"))
}

fn unknown(text: &str) -> &str {
    if text.is_empty() { "<unknown>" } else { text }
}
