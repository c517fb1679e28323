//! A source as the store knows it.

use crate::domain::{Link, SourceFacts};

/// The argocd-server of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedBy {
    /// Where it is, for people.
    pub place: String,
    /// The words that lead `argocd` there.
    pub flags: Vec<String>,
    /// Rows come from it, and not through a context.
    pub rows: bool,
}

/// A source as the store knows it.
#[derive(Clone, Debug, Default)]
pub struct SourceState {
    /// How it is doing.
    pub link: Link,
    /// What is known of it.
    pub facts: SourceFacts,
    /// Its argocd-server, where it has one: somebody can log in there.
    pub server: Option<ServedBy>,
    /// Counts its first lists, so that rows of an earlier one can be told apart.
    pub(super) epoch: u32,
    /// Applications of it in the store.
    pub apps: u32,
    /// Those of them at which auto-sync has something to do and does not do it.
    pub(super) waiting: u32,
}

impl SourceState {
    /// Whether a login is what it waits for.
    #[must_use]
    pub fn wants_login(&self) -> bool {
        matches!(self.link, Link::Auth { .. }) && self.server.as_ref().is_some_and(|server| server.rows)
    }
}
