//! Which pods belong to an Application, and which of their containers are read.

use std::sync::Arc;

use crate::cli::arguments::Logs;
use crate::cli::exit::{Exit, Failure};
use crate::domain::{AppRow, LogRequest, LogStreamId};
use crate::source::kube::LogPod;

/// The pods of one Application.
pub(super) struct Selection {
    pub namespace: String,
    app: String,
    service: String,
    container: Option<String>,
}

impl Selection {
    pub(super) fn new(row: &AppRow, container: Option<String>) -> Self {
        Self {
            namespace: row.destination.namespace.to_string(),
            app: row.key.name.to_string(),
            service: row.service.to_string(),
            container,
        }
    }

    /// By label `app.kubernetes.io/instance`; without it, by the name of the workload.
    pub(super) fn has(&self, pod: &LogPod) -> bool {
        if let Some(instance) = &pod.instance {
            return *instance == self.app;
        }
        let Some((kind, owner)) = &pod.owner else { return false };
        let workload = match kind.as_str() {
            "ReplicaSet" => owner.rsplit_once('-').map_or(owner.as_str(), |(workload, _)| workload),
            _ => owner,
        };
        workload == self.app || workload == self.service
    }

    /// The containers of a pod that are read.
    pub(super) fn containers<'a>(&'a self, pod: &'a LogPod) -> impl Iterator<Item = &'a str> {
        let wanted = self.container.as_deref();
        pod.containers.iter().map(String::as_str).filter(move |name| wanted.is_none_or(|wanted| *name == wanted))
    }

    /// The request for a container's whole log, as far as `logs` wants it.
    pub(super) fn request(&self, stream: LogStreamId, pod: &LogPod, container: &str, logs: &Logs) -> LogRequest {
        LogRequest {
            stream,
            namespace: Arc::from(self.namespace.as_str()),
            pod: Arc::from(pod.name.as_str()),
            uid: Some(Arc::from(pod.uid.as_str())),
            container: Arc::from(container),
            previous: logs.previous,
            since: None,
            tail: logs.tail,
            follow: logs.follow,
        }
    }

    /// Whether there is anything to read; when following, pods may still come.
    pub(super) fn check(&self, there: &[LogPod], logs: &Logs) -> Result<(), Failure> {
        if there.is_empty() && !logs.follow {
            return Err(Failure::new(
                Exit::NotFound,
                format!("`{}` has no pods in namespace {}", self.app, self.namespace),
            ));
        }
        let Some(wanted) = &self.container else { return Ok(()) };
        if there.is_empty() || there.iter().any(|pod| pod.containers.contains(wanted)) {
            return Ok(());
        }
        let mut known: Vec<&str> = there.iter().flat_map(|pod| &pod.containers).map(String::as_str).collect();
        known.sort_unstable();
        known.dedup();
        let failure = Failure::new(Exit::NotFound, format!("no pod of `{}` has a container `{wanted}`", self.app));
        Err(failure.hint(known.join("  ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_decides_and_else_the_workloads_name() {
        let mut row = AppRow::default();
        row.key.name = "backend-dev".into();
        row.service = "backend".into();
        let selection = Selection::new(&row, None);
        let pod = |instance: Option<&str>, kind: &str, owner: &str| LogPod {
            instance: instance.map(str::to_owned),
            owner: Some((kind.to_owned(), owner.to_owned())),
            ..LogPod::default()
        };
        assert!(selection.has(&pod(Some("backend-dev"), "ReplicaSet", "anything-7cf7")));
        assert!(!selection.has(&pod(Some("backend-staging"), "ReplicaSet", "backend-7cf7")));
        assert!(selection.has(&pod(None, "ReplicaSet", "backend-7cf7")));
        assert!(selection.has(&pod(None, "StatefulSet", "backend-dev")));
        assert!(!selection.has(&pod(None, "ReplicaSet", "backend-api-7cf7")));
    }
}
