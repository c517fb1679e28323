//! Where manifests come from: revisions of a source, rendered.

use serde_json::Value;
use std::collections::BTreeMap;

/// Contents by path from the root of a repository.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What is to be rendered, for whom.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// `spec.source` or one of `spec.sources`, whole.
    pub source: &'a Value,
    /// The Application's name: Helm's release.
    pub app: &'a str,
    /// The namespace it goes to.
    pub namespace: &'a str,
}

/// A rendered source.
#[derive(Debug, Clone, Default)]
pub struct Manifests {
    /// The objects, hooks among them.
    pub objects: Vec<Value>,
    /// `Helm`, `Kustomize`, `Directory` or `Plugin`.
    pub source_type: &'static str,
}

/// A source could not be resolved or rendered; the text is the repo-server's, after `rpc error: code = Unknown desc = `.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// There is no such repository.
    #[error("failed to list refs: repository not found: ")]
    NoRepository,
    /// The branch, tag or commit is not there.
    #[error("unable to resolve '{0}' to a commit SHA: revision not found")]
    NoRevision(String),
    /// The path is not there.
    #[error("{0}: app path does not exist")]
    NoPath(String),
    /// Rendering failed.
    #[error("{0}")]
    Render(String),
}

/// What the repo-server does.
pub trait Repository: Send {
    /// The commit that `revision` (branch, tag, commit, empty for `HEAD`) of the source is now.
    ///
    /// # Errors
    /// When repository or revision are not there.
    fn resolve(&self, source: &Value, revision: &str) -> Result<String, SourceError>;

    /// The manifests of a commit.
    ///
    /// # Errors
    /// When the path is not there or rendering fails.
    fn manifests(&self, source: Source<'_>, commit: &str) -> Result<Manifests, SourceError>;

    /// The paths of all folders at a branch, tag or commit, for generators; hidden ones and what is in them left out.
    ///
    /// # Errors
    /// When repository or revision are not there.
    fn directories(&self, url: &str, revision: &str) -> Result<Vec<String>, SourceError>;

    /// The files at a branch, tag or commit whose path is wanted, for generators.
    ///
    /// # Errors
    /// When repository or revision are not there.
    fn files(&self, url: &str, revision: &str, wanted: &dyn Fn(&str) -> bool) -> Result<Files, SourceError>;
}
