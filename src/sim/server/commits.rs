//! What is known of commits, which argocd-server asks Git for.

/// What is known of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// `Name <address>`.
    pub author: String,
    /// When, in RFC 3339.
    pub date: String,
    /// The message.
    pub message: String,
    /// Tags on it.
    pub tags: Vec<String>,
}

/// Where commits are looked up.
pub trait Commits: Send + Sync {
    /// What is known of a commit, by its whole id.
    fn describe(&self, commit: &str) -> Option<Commit>;
}
