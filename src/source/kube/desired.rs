//! Desired against live: the best rung that answers.

use super::cluster::Cluster;
use super::objects::ReadError;
use super::{drift, redis};
use crate::domain::{AppKey, Desired, Lack, Pair, Rung};

/// The ways to an Application's desired state, and where its objects are.
#[derive(Debug)]
pub struct Ways {
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
    let mut lacks = vec![Lack { rung: Rung::Server, why: "no argocd-server is set up for this source".into() }];
    let at = |rung, lacks, pairs: Vec<Pair>| Desired { rung, lacks, pairs, at: Some(ways.argo.clock().now()) };
    match redis::pairs(&ways.argo, &ways.namespace, app).await {
        Ok(pairs) => return Ok(at(Rung::Redis, lacks, pairs)),
        Err(why) => lacks.push(Lack { rung: Rung::Redis, why: why.into() }),
    }
    let pairs = drift::pairs(&ways.argo, ways.target.as_ref().map_err(Clone::clone), app).await?;
    Ok(at(Rung::Drift, lacks, pairs))
}
