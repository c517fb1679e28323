//! What listens beside the Kubernetes API of a cluster, and the pods whose ports lead there.

use std::net::SocketAddr;

use crate::sim::argocd::Cluster as Destination;
use crate::sim::manifest::argocd;
use crate::sim::network::{Listener, Rule, Speaks};
use crate::sim::populate::{Git, Stage};
use crate::sim::redis;
use crate::sim::server::{self, Credentials};
use crate::sim::tls::Ca;

/// Starts the argocd-server of a cluster and its Redis; the ports of their pods lead to them.
pub(super) fn argocd_servers(
    ca: &Ca,
    stage: &Stage,
    git: &Git,
    known: Credentials,
) -> std::io::Result<(server::Server, redis::Server)> {
    let namespace = &stage.argocd_namespace;
    let clusters = vec![Destination::local(&stage.store)];
    let (repository, commits) = (Box::new(git.server.clone()), Box::new(git.repo.clone()));
    let password = known.redis.clone();
    let desk = server::Desk::new(&stage.store, namespace, clusters, repository, commits, known);
    let server = server::Server::start(ca, desk)?;
    let redis = redis::Server::start(server.desk(), &password)?;
    let doors =
        [("argocd-server", "argocd-server", 8080, server.address()), ("argocd-redis", "redis", 6379, redis.address())];
    for (workload, container, port, address) in doors {
        stage.store.network().rule(Rule {
            namespace: namespace.clone(),
            workload: workload.to_owned(),
            container: container.to_owned(),
            listeners: vec![Listener::everywhere(port, Speaks::To(address))],
        });
    }
    Ok((server, redis))
}

/// Has the port of a cluster's Prometheus lead to the one that the world serves.
pub(super) fn lead(address: SocketAddr) -> Rule {
    let (name, _, container, _, ports) = argocd::PROMETHEUS;
    let listeners = ports.iter().map(|(_, _, port)| Listener::everywhere(*port, Speaks::To(address))).collect();
    Rule {
        namespace: argocd::MONITORING.to_owned(),
        workload: name.to_owned(),
        container: container.to_owned(),
        listeners,
    }
}
