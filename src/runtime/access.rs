//! The ways out: the clusters and argocd-servers that a name stands for, one connection each, whoever asks.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::sources::Sources;
use crate::action::Control;
use crate::domain::{AppKey, Clock, Symbol, no_cluster, served_app};
use crate::source::argocd::Server;
use crate::source::kube::{Cluster, SourceSpec};
use crate::source::{Cache, Clusters, Way, Ways};
use crate::store::Apps;

/// What the contexts of the kubeconfig and the sources lead to.
pub struct Access {
    specs: BTreeMap<Symbol, SourceSpec>,
    servers: BTreeMap<Symbol, Server>,
    /// Those that somebody has asked for.
    clusters: BTreeMap<Symbol, Cluster>,
    clock: Arc<dyn Clock>,
}

impl Access {
    /// Through the contexts and servers of `sources`, whether those are on or not. Nothing is connected before somebody
    /// asks.
    #[must_use]
    pub fn new(sources: &Sources, clock: Arc<dyn Clock>) -> Self {
        Self {
            specs: sources.specs().map(|(name, spec)| (name.clone(), spec.clone())).collect(),
            servers: sources.servers().clone(),
            clusters: BTreeMap::new(),
            clock,
        }
    }

    /// Connects anew from now on.
    pub fn reconnect(&mut self) {
        self.clusters.clear();
    }

    /// The cluster behind a context, for one-shot queries; `None` for a context nobody knows.
    pub fn cluster(&mut self, context: &Symbol) -> Option<Cluster> {
        if let Some(known) = self.clusters.get(context) {
            return Some(known.clone());
        }
        let cluster = Cluster::new(self.specs.get(context)?.clone(), Arc::clone(&self.clock));
        self.clusters.insert(context.clone(), cluster.clone());
        Some(cluster)
    }

    /// The argocd-server of a source that has one.
    #[must_use]
    pub fn server(&self, source: &Symbol) -> Option<Server> {
        self.servers.get(source).cloned()
    }

    /// Where the Applications of a source are written, or the cluster behind a context; `None` for a name nobody knows.
    pub fn control(&mut self, name: &Symbol) -> Option<Control> {
        match self.cluster(name) {
            Some(cluster) => Some(Control::Cluster(cluster)),
            None => self.server(name).map(Control::Server),
        }
    }

    /// The way a context of a route leads; `None` for one nobody knows.
    pub fn way(&mut self, context: &Symbol) -> Option<Way> {
        match served_app(context) {
            Some(app) => Some(Way::Server(self.server(&app.source)?, app)),
            None => self.cluster(context).map(Way::Cluster),
        }
    }

    /// The ways to the states of an Application; none for a source nobody knows.
    pub(super) fn ways(&mut self, app: &AppKey, apps: &Apps) -> Option<Ways> {
        let row = apps.find(app).and_then(|id| apps.get(id));
        let facts = apps.sources().get(&app.source).map(|state| &state.facts);
        let namespace = facts.map(|facts| facts.argocd_namespace.to_string()).filter(|name| !name.is_empty());
        let namespace = namespace.unwrap_or_else(|| app.namespace.to_string());
        let clusters = self.cluster(&app.source).map(|argo| {
            let cache = Cache::new(argo.clone(), namespace);
            Clusters { argo, cache, target: self.target(app, apps) }
        });
        let server = self.server(&app.source);
        if clusters.is_none() && server.is_none() {
            return None;
        }
        Some(Ways {
            app: app.clone(),
            called: row.and_then(|row| row.environment.clone()).unwrap_or_else(|| app.name.clone()),
            namespace: row.map(|row| row.destination.namespace.clone()).unwrap_or_default(),
            server,
            clusters,
            clock: Arc::clone(&self.clock),
        })
    }

    /// The cluster an Application's objects are in, or why nobody knows.
    pub(super) fn target(&mut self, app: &AppKey, apps: &Apps) -> Result<Cluster, String> {
        let route = apps.find(app).and_then(|id| apps.route(id));
        match route.as_ref().map(|route| (route, route.context())) {
            Some((_, Some(context))) => self.cluster(context).ok_or_else(|| no_cluster(context)),
            Some((route, None)) => Err(route.to_string()),
            None => Err("the Application is gone".to_owned()),
        }
    }
}
