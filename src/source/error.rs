//! What keeps a source from being set up at all. What goes wrong later is a link state, not an error.

use std::path::PathBuf;

use thiserror::Error;

/// Why the kubeconfig could not be used. Never holds a value out of the file: it may be a credential.
#[derive(Debug, Error)]
pub enum SourceError {
    /// A kubeconfig file could not be read.
    #[error("cannot read kubeconfig {}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: std::io::Error,
    },
    /// A kubeconfig file is not one.
    #[error("{}{}: not a valid kubeconfig", path.display(), position(*line, *column))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Line of the first mistake, counted from 1; 0 when not known.
        line: u64,
        /// Column of the first mistake, counted from 1.
        column: u64,
    },
    /// There is no kubeconfig and we do not run inside a cluster.
    #[error("no kubeconfig found: looked for {}", looked_for.join(", "))]
    Missing {
        /// The files that would have been read.
        looked_for: Vec<String>,
    },
    /// The kubeconfig has no such context.
    #[error("no context `{name}` in {place}{}", nearest.as_ref().map(|n| format!(", did you mean `{n}`?")).unwrap_or_default())]
    UnknownContext {
        /// The name that was asked for.
        name: String,
        /// The files that were read.
        place: String,
        /// The name that is spelled most like it.
        nearest: Option<String>,
        /// Every name there is.
        known: Vec<String>,
    },
    /// No context was asked for and the kubeconfig names none as current.
    #[error("{place} has no current context")]
    NoCurrentContext {
        /// The files that were read.
        place: String,
        /// Every name there is.
        known: Vec<String>,
    },
    /// A context, or what it refers to, cannot be used.
    #[error("context `{context}`: {why}")]
    Unusable {
        /// The context.
        context: String,
        /// What is wrong with it.
        why: String,
        /// What to try.
        hint: Option<String>,
    },
}

fn position(line: u64, column: u64) -> String {
    if line == 0 { String::new() } else { format!(":{line}:{column}") }
}

impl SourceError {
    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let names = |known: &[String]| {
            if known.is_empty() { "it has no contexts".to_owned() } else { format!("contexts: {}", known.join(", ")) }
        };
        Some(match self {
            Self::Unreadable { .. } => {
                "check the path and who may read it; KUBECONFIG names the files to read".to_owned()
            }
            Self::Invalid { .. } => "`kubectl config view` shows how kubectl reads it".to_owned(),
            Self::Missing { .. } => "set KUBECONFIG, or try `pilothouse demo`, which needs no cluster".to_owned(),
            Self::UnknownContext { known, .. } => names(known),
            Self::NoCurrentContext { known, .. } => {
                format!("name one with --context, or `kubectl config use-context`; {}", names(known))
            }
            Self::Unusable { hint, .. } => return hint.clone(),
        })
    }
}
