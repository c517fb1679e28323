//! What a forward leads to: a pod, whatever pod a workload has, or whatever pod serves a service.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::domain::text::clean;

/// What a forward leads to, within a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// One pod and no other.
    Pod(String),
    /// The pods of a workload: its kind, with a capital, and its name.
    Workload(&'static str, String),
    /// The pods a service sends traffic to, by the service's own ports.
    Service(String),
}

/// The workloads that can be led to, with the words they are called by.
const WORKLOADS: [(&str, &[&str]); 5] = [
    ("Deployment", &["deployment", "deployments", "deploy"]),
    ("StatefulSet", &["statefulset", "statefulsets", "sts"]),
    ("DaemonSet", &["daemonset", "daemonsets", "ds"]),
    ("ReplicaSet", &["replicaset", "replicasets", "rs"]),
    ("Job", &["job", "jobs"]),
];

/// Words that are no target.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is nothing a forward leads to; write pod/NAME, service/NAME or deployment/NAME")]
pub struct TargetError(String);

impl Target {
    /// The workload of this kind and name; none for a kind that has no pods of its own.
    #[must_use]
    pub fn workload(kind: &str, name: &str) -> Option<Self> {
        let (kind, _) = WORKLOADS.iter().find(|(known, _)| *known == kind)?;
        Some(Self::Workload(kind, name.to_owned()))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Pod(name) | Self::Workload(_, name) | Self::Service(name) => name,
        }
    }

    /// Where the API keeps the object that says which pods are meant; none for a pod, which is meant itself.
    #[must_use]
    pub fn path(&self, namespace: &str) -> Option<String> {
        let (group, plural, name) = match self {
            Self::Pod(_) => return None,
            Self::Service(name) => ("api/v1", "services", name),
            Self::Workload("Deployment", name) => ("apis/apps/v1", "deployments", name),
            Self::Workload("StatefulSet", name) => ("apis/apps/v1", "statefulsets", name),
            Self::Workload("DaemonSet", name) => ("apis/apps/v1", "daemonsets", name),
            Self::Workload("ReplicaSet", name) => ("apis/apps/v1", "replicasets", name),
            Self::Workload(_, name) => ("apis/batch/v1", "jobs", name),
        };
        Some(format!("/{group}/namespaces/{namespace}/{plural}/{name}"))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod(name) => write!(f, "pod/{name}"),
            Self::Service(name) => write!(f, "service/{name}"),
            Self::Workload(kind, name) => write!(f, "{}/{name}", kind.to_ascii_lowercase()),
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let wrong = || TargetError(clean(text).into_owned());
        let (kind, name) = text.split_once('/').ok_or_else(wrong)?;
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
        // it goes into the API's paths as it is
        if name.is_empty() || !name.bytes().all(is_plain) {
            return Err(wrong());
        }
        let kind = kind.to_ascii_lowercase();
        match &*kind {
            "pod" | "pods" | "po" => return Ok(Self::Pod(name.to_owned())),
            "service" | "services" | "svc" => return Ok(Self::Service(name.to_owned())),
            _ => {}
        }
        let (kind, _) = WORKLOADS.iter().find(|(_, words)| words.contains(&&*kind)).ok_or_else(wrong)?;
        Ok(Self::Workload(kind, name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_as_kubectl_reads_them() {
        for (text, whole) in [
            ("pod/a-1", "pod/a-1"),
            ("svc/a", "service/a"),
            ("deploy/a", "deployment/a"),
            ("Deployment/a", "deployment/a"),
            ("sts/a.b", "statefulset/a.b"),
        ] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), whole);
        }
        for text in ["a", "pod/", "pod/a/b", "pod/..%2f", "node/a", "/a"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
        let path = "deploy/a".parse::<Target>().unwrap().path("ns");
        assert_eq!(path.as_deref(), Some("/apis/apps/v1/namespaces/ns/deployments/a"));
    }
}
