//! The tasks that read the sources which are on: one each, so that none delays another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::runtime::Handle;

use super::scope::Scope;
use crate::domain::{Classifier, Link, SourceFacts, Symbol};
use crate::source::Surroundings;
use crate::source::argocd::{self, Server, ServerSpec};
use crate::source::kube::{self, SourceSpec};
use crate::store::{Apps, Delta, ServedBy};

/// A source that can be turned on.
#[derive(Clone, Debug)]
pub struct KnownSource {
    /// Its name.
    pub name: Symbol,
    /// What is known of it before it is on.
    pub facts: SourceFacts,
    /// How it is read through the Kubernetes API; rows come from there where they can.
    pub cluster: Option<SourceSpec>,
    /// How it is read through argocd-server.
    pub server: Option<ServerSpec>,
}

/// Every source that is known, and the tasks of those that are on.
pub struct Sources {
    known: BTreeMap<Symbol, KnownSource>,
    /// One client and one token for all that is asked of an argocd-server.
    servers: BTreeMap<Symbol, Server>,
    tasks: BTreeMap<Symbol, Scope>,
    surroundings: Surroundings,
    io: Handle,
}

impl Sources {
    /// Knows `sources`; none is on. Their tasks will run on `io`.
    #[must_use]
    pub fn new(sources: Vec<KnownSource>, surroundings: Surroundings, io: Handle) -> Self {
        let known: BTreeMap<Symbol, KnownSource> = sources.into_iter().map(|s| (s.name.clone(), s)).collect();
        let served = known.iter().filter_map(|(name, source)| Some((name.clone(), source.server.clone()?)));
        let servers = served.map(|(name, spec)| (name, Server::new(spec, Arc::clone(&surroundings.clock)))).collect();
        Self { known, servers, tasks: BTreeMap::new(), surroundings, io }
    }

    /// Lists every source in the store, so that those that are off are shown too.
    pub fn announce(&self, apps: &mut Apps) {
        for (name, source) in &self.known {
            apps.add_source(name.clone(), source.facts.clone());
            if let Some(server) = &source.server {
                let (place, flags, rows) = (server.place(), server.flags(), source.cluster.is_none());
                apps.add_server(name.clone(), ServedBy { place, flags, rows });
            }
        }
    }

    /// Turns a source on; one that is on stays as it is.
    pub fn start(&mut self, name: &Symbol) {
        let Some(source) = self.known.get(name).filter(|_| !self.tasks.contains_key(name)) else { return };
        let sink = Arc::clone(&self.surroundings.sink);
        sink.push(Delta::Link(name.clone(), Link::Connecting { loaded: 0 }));
        let failed = name.clone();
        let scope = Scope::new(self.io.clone(), move |panic| {
            let why = format!("what reads it broke: {}; ctrl-r starts it anew", panic.message);
            sink.push(Delta::Link(failed.clone(), Link::Auth { why }));
        });
        match (&source.cluster, self.servers.get(name)) {
            (Some(spec), _) => drop(scope.spawn(name.as_str(), kube::run(spec.clone(), self.surroundings.clone()))),
            (None, Some(server)) => {
                scope.spawn(name.as_str(), argocd::run(server.clone(), self.surroundings.clone()));
            }
            (None, None) => {}
        }
        self.tasks.insert(name.clone(), scope);
    }

    /// Turns a source off. What it showed stays, and reads as off.
    pub fn stop(&mut self, name: &Symbol) {
        if let Some(scope) = self.tasks.remove(name) {
            scope.cancel();
            self.surroundings.sink.push(Delta::Link(name.clone(), Link::Off));
        }
    }

    /// Turns a source off if it is on, else on.
    pub fn toggle(&mut self, name: &Symbol) {
        if self.tasks.contains_key(name) { self.stop(name) } else { self.start(name) }
    }

    /// Connects anew: one source, or every one that is on.
    pub fn reconnect(&mut self, name: Option<&Symbol>) {
        let on: BTreeSet<Symbol> = self.tasks.keys().filter(|k| name.is_none_or(|n| n == *k)).cloned().collect();
        for name in on {
            if let Some(scope) = self.tasks.remove(&name) {
                scope.cancel();
            }
            self.start(&name);
        }
    }

    /// Sorts Applications by other rules; the sources that are on are read anew.
    pub fn classify_by(&mut self, classifier: Arc<Classifier>) {
        self.surroundings.classifier = classifier;
        self.reconnect(None);
    }

    /// How the sources that have a context are read through it, on or not.
    pub fn specs(&self) -> impl Iterator<Item = (&Symbol, &SourceSpec)> {
        self.known.iter().filter_map(|(name, source)| Some((name, source.cluster.as_ref()?)))
    }

    /// How a source is read through its context; `None` for one that has none.
    #[must_use]
    pub fn spec(&self, name: &Symbol) -> Option<&SourceSpec> {
        self.known.get(name)?.cluster.as_ref()
    }

    /// The argocd-servers of the sources that have one, on or not.
    #[must_use]
    pub fn servers(&self) -> &BTreeMap<Symbol, Server> {
        &self.servers
    }

    /// The sources that are on.
    pub fn on(&self) -> impl Iterator<Item = &Symbol> {
        self.tasks.keys()
    }
}
