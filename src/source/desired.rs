//! Desired against live: the best rung that answers.

use std::sync::Arc;

use super::argocd::{Server, managed_resources};
use super::kube::redis::{Cache, Changes};
use super::kube::{Cluster, ReadError, drift};
use super::managed;
use crate::domain::{AppKey, Clock, Desired, Lack, Pair, Rung, Symbol};

/// The ways to an Application's desired state, and where its objects are.
pub struct Ways {
    /// Which Application.
    pub app: AppKey,
    /// Its environment, or another name that tells it from its twins.
    pub called: Symbol,
    /// The namespace it deploys to.
    pub namespace: Symbol,
    /// The argocd-server of its source, if one is set up.
    pub server: Option<Server>,
    /// The clusters, if its source has a context.
    pub clusters: Option<Clusters>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// Where Argo CD is, and where the objects are.
#[derive(Debug)]
pub struct Clusters {
    /// The cluster its Argo CD runs in.
    pub argo: Cluster,
    /// Argo CD's cache in it.
    pub cache: Cache,
    /// The cluster its objects are in, or why nobody knows.
    pub target: Result<Cluster, String>,
}

impl Ways {
    /// Hears when Argo CD has compared the Application anew, where its cache can be reached.
    #[must_use]
    pub fn changes(&self) -> Option<Changes> {
        self.clusters.as_ref().map(|clusters| clusters.cache.changes(&self.app))
    }
}

/// What was read, secrets and all: only masked does anybody get at it.
pub struct Unmasked(pub(super) Desired);

impl Unmasked {
    /// Masks what is secret.
    #[must_use]
    pub fn masked(self) -> Desired {
        let Self(mut desired) = self;
        desired.pairs.iter_mut().for_each(managed::mask);
        desired
    }
}

/// Reads both states of every object of an Application on the best rung that can be used; why the better ones cannot is
/// said with it.
///
/// # Errors
/// When none answers: what the last one said.
pub(super) async fn desired(ways: &Ways) -> Result<Desired, ReadError> {
    let at = |rung, lacks, pairs: Vec<Pair>| Desired::new(rung, lacks, pairs, Some(ways.clock.now()));
    let mut lacks = Vec::new();
    let app = &ways.app;
    let refused = match &ways.server {
        Some(server) => match managed_resources(server, app).await {
            Ok(resources) => return Ok(at(Rung::Server, lacks, managed::from_server(resources))),
            Err(error) => error,
        },
        None => ReadError::Failed { why: NO_SERVER.to_owned(), hint: None },
    };
    lacks.push(Lack { rung: Rung::Server, why: refused.to_string().into() });
    let Some(Clusters { argo, cache, target }) = &ways.clusters else { return Err(refused) };
    match cache.comparison(app).await {
        Ok(items) => return Ok(at(Rung::Redis, lacks, managed::unmasked(&items))),
        Err(why) => lacks.push(Lack { rung: Rung::Redis, why: why.into() }),
    }
    let pairs = drift::pairs(argo, target.as_ref().map_err(Clone::clone), app).await?;
    Ok(at(Rung::Drift, lacks, pairs))
}

/// Why argocd-server does not answer where there is none.
pub(super) const NO_SERVER: &str = "no argocd-server is set up for this source";
