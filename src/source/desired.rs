//! Desired against live: the best rung that answers.

use std::sync::Arc;

use super::argocd::{Server, managed_resources};
use super::kube::{Cluster, ReadError, drift, redis};
use super::managed;
use crate::domain::{AppKey, Clock, Desired, Lack, Pair, Rung};

/// The ways to an Application's desired state, and where its objects are.
pub struct Ways {
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
    /// The namespace of that.
    pub namespace: String,
    /// The cluster its objects are in, or why nobody knows.
    pub target: Result<Cluster, String>,
}

/// Reads both states of every object of an Application on the best rung that can be used; why the better ones cannot is
/// said with it. What is secret is masked.
///
/// # Errors
/// When none answers: what the last one said.
pub async fn desired(ways: &Ways, app: &AppKey) -> Result<Desired, ReadError> {
    let at = |rung, lacks, pairs: Vec<Pair>| Desired { rung, lacks, pairs, at: Some(ways.clock.now()) };
    let mut lacks = Vec::new();
    let refused = match &ways.server {
        Some(server) => match managed_resources(server, app).await {
            Ok(resources) => return Ok(at(Rung::Server, lacks, managed::from_server(resources))),
            Err(error) => error,
        },
        None => ReadError::Failed { why: "no argocd-server is set up for this source".to_owned(), hint: None },
    };
    lacks.push(Lack { rung: Rung::Server, why: refused.to_string().into() });
    let Some(Clusters { argo, namespace, target }) = &ways.clusters else { return Err(refused) };
    match redis::pairs(argo, namespace, app).await {
        Ok(pairs) => return Ok(at(Rung::Redis, lacks, pairs)),
        Err(why) => lacks.push(Lack { rung: Rung::Redis, why: why.into() }),
    }
    let pairs = drift::pairs(argo, target.as_ref().map_err(Clone::clone), app).await?;
    Ok(at(Rung::Drift, lacks, pairs))
}
