//! The resource tree of an Application: what it manages and what that made, as argocd-server last saw it.

use serde::Deserialize;

use super::super::kube::fault::Fault;
use super::super::kube::request::escape;
use super::server::Server;
use crate::domain::{AppKey, ObjectName};

/// The largest tree that is read, in bytes.
const LARGEST: usize = 64 << 20;

/// A tree. Texts in it are as they came: whoever keeps one cleans it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tree {
    nodes: Option<Vec<Node>>,
}

/// An object in it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Node {
    /// API group; empty for the core group.
    pub group: String,
    /// API version, without the group.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Empty for objects without one.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Empty for one that is not there.
    pub uid: String,
    /// Moves with the object.
    pub resource_version: String,
    /// In RFC 3339.
    pub created_at: String,
    /// What Argo CD makes of it; none for a kind it has no rule for.
    pub health: Option<NodeHealth>,
    info: Option<Vec<Info>>,
    parent_refs: Option<Vec<Parent>>,
}

/// What Argo CD makes of an object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NodeHealth {
    /// One word.
    pub status: String,
    /// Why.
    pub message: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Info {
    name: String,
    value: String,
}

/// What made an object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Parent {
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
}

impl Tree {
    /// Its objects.
    pub fn nodes(&self) -> &[Node] {
        self.nodes.as_deref().unwrap_or_default()
    }

    /// The object of a name, if it is in the tree.
    pub fn find(&self, name: &ObjectName) -> Option<&Node> {
        self.nodes().iter().find(|node| {
            node.kind == *name.kind
                && node.name == *name.name
                && node.group == *name.group
                && node.namespace == *name.namespace
        })
    }
}

impl Node {
    /// One of the short texts beside it, like `Containers`; empty where there is none.
    pub fn info(&self, name: &str) -> &str {
        self.info.iter().flatten().find(|info| info.name == name).map_or("", |info| &info.value)
    }

    /// What made it.
    pub fn parent(&self) -> Option<&Parent> {
        self.parent_refs.as_ref()?.first()
    }

    /// Whether the object is there.
    pub fn exists(&self) -> bool {
        !self.uid.is_empty()
    }

    /// The query that names it.
    pub fn query(&self) -> String {
        query([&self.namespace, &self.name, &self.version, &self.group, &self.kind])
    }
}

/// The query that names an object: namespace, name, version, group and kind.
pub(super) fn query(parts: [&str; 5]) -> String {
    let names = ["namespace", "resourceName", "version", "group", "kind"];
    let named: Vec<String> = names.iter().zip(parts).map(|(name, part)| format!("{name}={}", escape(part))).collect();
    named.join("&")
}

/// The path of something of an Application, with its namespace; more of a query can follow after `&`.
pub(super) fn path(app: &AppKey, what: &str) -> String {
    let slash = if what.is_empty() { "" } else { "/" };
    format!("/api/v1/applications/{}{slash}{what}?appNamespace={}", escape(&app.name), escape(&app.namespace))
}

/// Reads the tree of an Application.
pub(super) async fn tree(server: &Server, app: &AppKey) -> Result<Tree, Fault> {
    server.json(&path(app, "resource-tree"), LARGEST, &format!("the resource tree of {}", app.name)).await
}
