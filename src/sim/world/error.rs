//! Why a world does not start.

use std::path::PathBuf;

use crate::sim::argocd::SourceError;
use crate::sim::control::ControlError;
use crate::sim::git::GitError;
use crate::sim::scenario::ScenarioError;
use crate::sim::tls::TlsError;

/// A world did not start.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// No certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A listener could not be opened.
    #[error("cannot listen for source {source_name} on 127.0.0.1:{port}: {error}; try another --port")]
    Listen {
        /// The source.
        source_name: String,
        /// The port asked for, 0 for any.
        port: u16,
        /// Why.
        error: std::io::Error,
    },
    /// The kubeconfig could not be written.
    #[error("cannot write the kubeconfig {}: {error}", path.display())]
    Kubeconfig {
        /// Where.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The repository could not be made.
    #[error(transparent)]
    Git(#[from] GitError),
    /// What runs cannot be rendered.
    #[error("cannot render what {app} runs: {error}")]
    Render {
        /// The Application.
        app: String,
        /// Why.
        error: SourceError,
    },
    /// The control endpoint could not be opened.
    #[error(transparent)]
    Control(#[from] ControlError),
}
