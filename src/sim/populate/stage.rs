//! Where things happen: a cluster, its nodes and their addresses.

use crate::sim::manifest::meta::hex;
use crate::sim::scenario::Source;
use crate::sim::store::Store;

/// A cluster of the world: its objects, and where its pods go.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The source's name, which is the context's.
    pub source: String,
    /// Where its Argo CD lives.
    pub argocd_namespace: String,
    /// Names of its nodes; never empty.
    pub nodes: Vec<String>,
    /// Its objects.
    pub store: Store,
}

/// Where a pod runs.
#[derive(Debug, Clone)]
pub struct Place {
    /// The node's address.
    pub host: String,
    /// The pod's address, which it gets with its sandbox.
    pub address: String,
}

impl Stage {
    /// The cluster of a source, empty.
    #[must_use]
    pub fn new(source: &Source, store: Store) -> Self {
        let name = source.name.get_ref().clone();
        let nodes = if source.nodes.is_empty() { vec![name.clone()] } else { source.nodes.clone() };
        Self { source: name, argocd_namespace: source.argocd_namespace.clone(), nodes, store }
    }

    /// The addresses of a node and of a pod on it.
    #[must_use]
    pub fn addresses(&self, node: &str, uid: &str) -> Place {
        let bits = usize::from_str_radix(&hex(uid, 4), 16).unwrap_or_default();
        let index = self.nodes.iter().position(|name| name == node).unwrap_or(self.nodes.len());
        Place { host: host(index), address: format!("10.244.{index}.{}", 2 + bits % 250) }
    }
}

/// The address of a node.
pub(super) fn host(index: usize) -> String {
    format!("192.168.49.{}", 2 + index)
}
