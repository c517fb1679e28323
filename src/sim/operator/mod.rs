//! Controllers that applications count on beside the workloads: External Secrets, the horizontal autoscaler, the one that
//! gives an Ingress its address, the one that gives a claim its volume, those that count for quotas and disruption
//! budgets, and those that furnish a new namespace.
//!
//! They look at what was written a moment later, all objects of theirs at once: there are few.

mod autoscaler;
mod claim;
pub(in crate::sim) mod disruption;
mod external_secret;
mod ingress;
mod namespace;
mod quota;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::agenda::Agenda;
use super::kinds::{KINDS, Kind};
use super::populate::Stage;
use super::store::Store;
use super::time::plus;

/// From a write to the look at it.
const LAG: Duration = Duration::from_millis(200);

/// Starts them in a cluster.
pub fn begin(agenda: &mut Agenda, stage: &Stage) {
    reconcile(agenda, stage, &["ExternalSecret", "Secret"], &["ExternalSecret"], external_secret::sync);
    let kinds = ["HorizontalPodAutoscaler", "Deployment", "StatefulSet"];
    reconcile(agenda, stage, &kinds, &["HorizontalPodAutoscaler"], autoscaler::sync);
    reconcile(agenda, stage, &["Ingress"], &["Ingress"], ingress::sync);
    let volumes = ["PersistentVolumeClaim", "PersistentVolume"];
    reconcile(agenda, stage, &volumes[..1], &volumes, claim::sync);
    let disrupted = ["PodDisruptionBudget", "Pod", "ReplicaSet", "Deployment", "StatefulSet"];
    reconcile(agenda, stage, &disrupted, &disrupted[..1], disruption::sync);
    // Events and Leases come and go all the time, and nobody counts them
    let is_counted = |kind: &&Kind| kind.is_stored() && !kind.is_alias() && !matches!(kind.kind, "Event" | "Lease");
    let counted: Vec<&str> = KINDS.iter().filter(is_counted).map(|kind| kind.kind).collect();
    reconcile(agenda, stage, &counted, &["ResourceQuota"], quota::sync);
    reconcile(agenda, stage, &["Namespace", "ServiceAccount"], &["Namespace"], namespace::sync);
}

/// Has `sync` look whenever objects of these kinds were written and there are any of its own kinds.
fn reconcile(agenda: &mut Agenda, stage: &Stage, kinds: &[&str], own: &[&'static str], sync: fn(&Store)) {
    let mut seen: Vec<_> = kinds.iter().map(|kind| stage.store.subscribe(kind)).collect();
    let (store, due, own) = (stage.store.clone(), Arc::new(AtomicBool::new(false)), own.to_vec());
    agenda.observe(seen.clone(), move |at, agenda| {
        let mut changed = false;
        for seen in &mut seen {
            // the store outlives whoever watches it
            changed |= seen.has_changed().unwrap_or_default();
            seen.mark_unchanged();
        }
        if !changed || own.iter().all(|kind| store.len(kind) == 0) || due.swap(true, Ordering::Relaxed) {
            return;
        }
        let (store, due) = (store.clone(), Arc::clone(&due));
        agenda.at(plus(at, LAG), move |_| {
            due.store(false, Ordering::Relaxed);
            sync(&store);
        });
    });
}
