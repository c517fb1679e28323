//! Which containers of an Application's pods are read, and from where on.

use crate::cli::arguments::Logs;
use crate::cli::exit::{Exit, Failure};
use crate::domain::{AppRow, LogRequest, LogStreamId, Pod};

/// What is read of one Application.
pub(super) struct Selection {
    app: String,
    namespace: String,
    container: Option<String>,
}

impl Selection {
    pub(super) fn new(row: &AppRow, container: Option<String>) -> Self {
        let (app, namespace) = (row.key.name.to_string(), row.destination.namespace.to_string());
        Self { app, namespace, container }
    }

    /// The containers of a pod that are read.
    pub(super) fn containers<'a>(&'a self, pod: &'a Pod) -> impl Iterator<Item = &'a str> {
        let wanted = self.container.as_deref();
        pod.containers.iter().map(|c| c.name.as_str()).filter(move |name| wanted.is_none_or(|wanted| *name == wanted))
    }

    /// Whether there is anything to read; when following, pods may still come.
    pub(super) fn check(&self, there: &[Pod], logs: &Logs) -> Result<(), Failure> {
        if there.is_empty() && !logs.follow {
            return Err(Failure::new(
                Exit::NotFound,
                format!("`{}` has no pods in namespace {}", self.app, self.namespace),
            ));
        }
        let Some(wanted) = &self.container else { return Ok(()) };
        if there.is_empty() || there.iter().any(|pod| pod.container(wanted).is_some()) {
            return Ok(());
        }
        let mut known: Vec<&str> = there.iter().flat_map(|pod| &pod.containers).map(|c| c.name.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        let failure = Failure::new(Exit::NotFound, format!("no pod of `{}` has a container `{wanted}`", self.app));
        Err(failure.hint(known.join("  ")))
    }
}

/// The request for a container's whole log, as far as `logs` wants it.
pub(super) fn request(stream: LogStreamId, pod: &Pod, container: &str, logs: &Logs) -> LogRequest {
    LogRequest {
        stream,
        namespace: pod.namespace.as_str().into(),
        pod: pod.name.as_str().into(),
        uid: Some(pod.uid.as_str().into()),
        container: container.into(),
        previous: logs.previous,
        since: None,
        tail: logs.tail,
        follow: logs.follow,
    }
}
