//! What every cluster has, whether or not an app runs in it: namespaces, nodes, a class of volumes, CRDs, Argo CD itself,
//! Prometheus.

use super::stage::{Stage, host};
use crate::sim::agenda::Agenda;
use crate::sim::manifest::{argocd, crd, node, settings};
use crate::sim::scenario::Source;
use crate::sim::time::minus;
use crate::sim::write::Writer;
use jiff::Timestamp;
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
/// Who installed Argo CD and Prometheus.
const MANAGER: &str = "kubectl-client-side-apply";

/// Puts it there.
pub fn cluster(agenda: &mut Agenda, stage: &Stage, source: &Source, now: Timestamp) {
    let born = minus(now, 120 * DAY);
    let store = &stage.store;
    let own = stage.argocd_namespace.as_str();
    for name in ["default", "kube-system", "kube-public", "kube-node-lease", argocd::MONITORING, own] {
        store.put(settings::namespace(name, born));
        for object in settings::furniture(name, born) {
            store.put(object);
        }
    }
    store.put(settings::api_service(born));
    store.put(settings::storage_class(born));
    for (index, name) in stage.nodes.iter().enumerate() {
        store.put(node::node(name, &host(index), &source.kubernetes, index == 0, born, now));
    }
    for definition in crd::all(born).into_iter().chain(crd::of_operators(born)) {
        store.put(definition);
    }
    let version = json!({"admin.enabled": "true", "application.resourceTrackingMethod": "annotation"});
    store.put(settings::config_map(&stage.argocd_namespace, "argocd-cm", &version, born));
    let (store, namespace) = (store.clone(), stage.argocd_namespace.clone());
    agenda.at(born, move |_| {
        let writer = Writer::new(&store, MANAGER);
        let own = argocd::COMPONENTS.iter().flat_map(|part| argocd::component(&namespace, part));
        for object in own.chain(argocd::component(argocd::MONITORING, &argocd::PROMETHEUS)) {
            if let Err(failure) = writer.create(object) {
                tracing::warn!(%failure, "a part of the cluster is not installed");
            }
        }
    });
}
