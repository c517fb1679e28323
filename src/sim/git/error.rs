//! What can be wrong with the repository.

use super::edit::EditError;

/// The repository could not be made or written.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// Git says no.
    #[error("the GitOps repository: {0}")]
    Git(#[from] git2::Error),
    /// The folder could not be made.
    #[error("cannot make a folder for the GitOps repository: {0}")]
    Folder(#[from] std::io::Error),
    /// A commit of the scenario is by nobody.
    #[error(
        "the author `{author}` of the commit `{commit}` is no person of the repository's history; there are: {there}"
    )]
    NoAuthor {
        /// The commit's name.
        commit: String,
        /// Who it says.
        author: String,
        /// Who there is.
        there: String,
    },
    /// A file of the scenario's folder could not be read.
    #[error("cannot read {path} for the GitOps repository: {error}; `gitops` names `predator12` or a folder")]
    Read {
        /// Which.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// A commit changes what cannot be changed.
    #[error("the commit `{message}` on {branch}: {error}")]
    Edit {
        /// Where.
        branch: String,
        /// Which.
        message: String,
        /// Why.
        error: EditError,
    },
}
