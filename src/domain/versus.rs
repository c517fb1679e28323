//! Two states of an Application that are compared with each other.

use super::{AppKey, Symbol};

/// A state of an Application.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// What Git wants now.
    Git,
    /// What a sync applies, with its hooks: a revision, or for an empty one what Git wants now.
    Sync(Symbol),
    /// What runs.
    Live,
    /// What a deployment of the history applied, by its number.
    Deployment(i64),
    /// What a revision of Git wants.
    Revision(Symbol),
    /// Another Application: the same service in another environment.
    App(AppKey),
}

/// What stands on either side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Versus {
    /// As it would be.
    pub wanted: State,
    /// As it is, or was.
    pub base: State,
}

impl Default for Versus {
    /// What Git wants now, and what runs.
    fn default() -> Self {
        Self { wanted: State::Git, base: State::Live }
    }
}

impl Versus {
    /// What runs, and what it would be.
    #[must_use]
    pub fn live(wanted: State) -> Self {
        Self { wanted, base: State::Live }
    }

    /// The Applications beside its own that have to be read for it.
    pub fn others(&self) -> impl Iterator<Item = &AppKey> {
        [&self.wanted, &self.base].into_iter().filter_map(|state| match state {
            State::App(app) => Some(app),
            _ => None,
        })
    }
}
