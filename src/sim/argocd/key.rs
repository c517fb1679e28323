//! Which object is meant: group, kind, namespace and name.

use crate::sim::kinds;
use crate::sim::manifest::meta::text;
use serde_json::Value;
use std::fmt;

/// The identity of an object within a cluster, in the order of `status.resources`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// API group; empty for core.
    pub group: String,
    /// Kind as in manifests.
    pub kind: String,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl Key {
    /// The identity of an object.
    #[must_use]
    pub fn of(object: &Value) -> Self {
        Self {
            group: group(object).to_owned(),
            kind: text(object, "/kind").to_owned(),
            namespace: text(object, "/metadata/namespace").to_owned(),
            name: text(object, "/metadata/name").to_owned(),
        }
    }

    /// `deployment.apps/backend`, as kubectl calls it.
    #[must_use]
    pub fn kubectl(&self) -> String {
        let dot = if self.group.is_empty() { "" } else { "." };
        format!("{}{dot}{}/{}", self.kind.to_lowercase(), self.group, self.name)
    }

    /// `apps/Deployment:namespace/backend`, as `Caused by` and orders name it; a core kind bare.
    #[must_use]
    pub fn cause(&self) -> String {
        let slash = if self.group.is_empty() { "" } else { "/" };
        format!("{}{slash}{}:{}/{}", self.group, self.kind, self.namespace, self.name)
    }

    /// The annotation that makes an object part of `app`.
    #[must_use]
    pub fn tracking_id(&self, app: &str) -> String {
        format!("{app}:{}/{}:{}/{}", self.group, self.kind, self.namespace, self.name)
    }

    /// Whether the kind lives in a namespace, as far as the world knows it.
    #[must_use]
    pub fn is_namespaced(kind: &str) -> bool {
        kinds::by_kind(kind).is_none_or(|kind| kind.namespaced)
    }

    /// Whether an entry of `operation.sync.resources` means this object.
    #[must_use]
    pub fn is_meant(&self, entry: &Value) -> bool {
        let namespace = text(entry, "/namespace");
        text(entry, "/kind") == self.kind
            && text(entry, "/name") == self.name
            && text(entry, "/group") == self.group
            && (namespace.is_empty() || namespace == self.namespace)
    }
}

/// `apps/Deployment/backend`, as wait messages write it; a core kind begins with the slash.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.group, self.kind, self.name)
    }
}

/// The API group of an object; empty for core.
#[must_use]
pub fn group(object: &Value) -> &str {
    text(object, "/apiVersion").split_once('/').map_or("", |(group, _)| group)
}

/// The API version of an object within its group.
#[must_use]
pub fn version(object: &Value) -> &str {
    let whole = text(object, "/apiVersion");
    whole.split_once('/').map_or(whole, |(_, version)| version)
}
