//! What an Argo CD calls the clusters it deploys to.

use std::collections::{BTreeMap, BTreeSet};

use super::Symbol;

/// What the Argo CD of a source calls the clusters it deploys to.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ClusterNames {
    servers: BTreeMap<Symbol, BTreeSet<Symbol>>,
    /// Why they could not be read, or not anew.
    unread: Option<Box<str>>,
}

impl ClusterNames {
    /// From names and server URLs, one pair a registered cluster.
    #[must_use]
    pub fn new(pairs: impl IntoIterator<Item = (Symbol, Symbol)>) -> Self {
        let mut names = Self::default();
        for (name, server) in pairs {
            names.servers.entry(name).or_default().insert(server);
        }
        names
    }

    /// The same, when they could not be read anew.
    #[must_use]
    pub fn unread(self, why: &str) -> Self {
        Self { unread: Some(why.into()), ..self }
    }

    /// The one server of this name, or why there is none. Argo CD refuses a name that several clusters have.
    pub(super) fn server(&self, name: &Symbol) -> Result<&Symbol, String> {
        let servers = self.servers.get(name);
        match servers.and_then(|servers| servers.first().map(|first| (first, servers.len()))) {
            Some((server, 1)) => Ok(server),
            Some((_, count)) => Err(format!("{name}: {count} clusters have this name")),
            None => Err(self.unread.as_ref().map_or_else(|| name.to_string(), |why| format!("{name}: {why}"))),
        }
    }
}
