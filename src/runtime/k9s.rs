//! k9s, for what this program leaves to it: lent the terminal until it ends.

use std::io;
use std::process::ExitStatus;

use tokio::process::{Child, Command};

use crate::source::kube::{KubeconfigPlace, SourceSpec};

/// Why there was no k9s.
#[derive(Debug, thiserror::Error)]
pub enum K9sError {
    /// It is nowhere in `PATH`.
    #[error("k9s is not installed: there is none in PATH")]
    NotInstalled,
    /// It could not be started.
    #[error("k9s cannot be started: {0}")]
    Refused(io::Error),
    /// It ended with an error.
    #[error("k9s ended with {0}")]
    Failed(ExitStatus),
    /// Inside of a cluster there is no context that could be named.
    #[error("k9s needs a context, and this cluster is reached without one")]
    NoContext,
}

/// How k9s is started.
#[derive(Clone, Copy, Debug)]
pub struct K9s {
    /// It may never change anything.
    pub readonly: bool,
}

impl K9s {
    /// Starts it on the context of `spec` and a namespace, both named: what it was used for last does not count.
    pub fn start(self, spec: &SourceSpec, namespace: &str, readonly: bool) -> Result<Child, K9sError> {
        let context = spec.context.as_deref().ok_or(K9sError::NoContext)?;
        let mut command = Command::new("k9s");
        // one word each: a name that begins with a dash is no option
        command.arg(format!("--context={context}")).arg(format!("--namespace={namespace}"));
        if self.readonly || readonly {
            command.arg("--readonly");
        }
        if let KubeconfigPlace::Files(files) = &spec.kubeconfig
            && let Ok(joined) = std::env::join_paths(files)
        {
            command.env("KUBECONFIG", joined);
        }
        command.kill_on_drop(true).spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => K9sError::NotInstalled,
            _ => K9sError::Refused(error),
        })
    }
}
