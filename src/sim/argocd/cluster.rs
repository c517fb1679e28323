//! The clusters Applications go to, as Argo CD reaches them.

use super::key::Key;
use super::project;
use crate::sim::manifest::meta::text;
use crate::sim::store::Store;
use serde_json::Value;

/// Where Argo CD finds the cluster it runs in.
pub const LOCAL: &str = "https://kubernetes.default.svc";

/// How Argo CD reaches a cluster.
#[derive(Debug, Clone)]
pub enum Link {
    /// It does.
    Up(Store),
    /// It has nothing to reach it with; the words are the client library's.
    NoAccess(String),
    /// It is refused; the words are the client library's.
    Down(String),
}

/// A cluster that Applications may name.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// Its address as `spec.destination.server` has it.
    pub server: String,
    /// How it is reached.
    pub link: Link,
}

impl Cluster {
    /// The cluster Argo CD itself runs in.
    #[must_use]
    pub fn local(store: &Store) -> Self {
        Self { name: "in-cluster".to_owned(), server: LOCAL.to_owned(), link: Link::Up(store.clone()) }
    }

    /// What stands between Argo CD and the cluster, as its cluster cache words it.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        match &self.link {
            Link::Up(_) => None,
            Link::NoAccess(words) => Some(format!("error getting cluster: {words}")),
            Link::Down(words) => Some(format!("error synchronizing cache state : {words}")),
        }
    }
}

/// The cluster an Application goes to.
///
/// # Errors
/// The words of the condition when the destination names none.
pub fn of_app<'a>(clusters: &'a [Cluster], app: &Value) -> Result<&'a Cluster, String> {
    let (server, name) = (text(app, "/spec/destination/server"), text(app, "/spec/destination/name"));
    match (server.is_empty(), name.is_empty()) {
        (false, false) => {
            Err(format!("application destination can't have both name and server defined: {name} {server}"))
        }
        (true, true) => Err("Destination server missing from app spec".to_owned()),
        (true, false) => clusters
            .iter()
            .find(|cluster| cluster.name == name)
            .ok_or_else(|| format!("there are no clusters with this name: {name}")),
        (false, true) => clusters
            .iter()
            .find(|cluster| cluster.server == server)
            .ok_or_else(|| format!("cluster \"{server}\" not found")),
    }
}

/// Whether a project lets an object of a cluster-scoped kind be deployed.
#[must_use]
pub fn allows(project: &Value, key: &Key) -> bool {
    let list = |field: &str| project["spec"][field].as_array().cloned().unwrap_or_default();
    let within = |list: &[Value]| {
        list.iter()
            .any(|one| project::glob(text(one, "/group"), &key.group) && project::glob(text(one, "/kind"), &key.kind))
    };
    if Key::is_namespaced(&key.kind) {
        let white = list("namespaceResourceWhitelist");
        (white.is_empty() || within(&white)) && !within(&list("namespaceResourceBlacklist"))
    } else {
        within(&list("clusterResourceWhitelist")) && !within(&list("clusterResourceBlacklist"))
    }
}
