//! The kubelets of a cluster: what becomes of a pod once it has a node.

mod image;
mod life;
mod probe;
mod resources;
mod run;
mod start;
mod status;
mod stop;

use super::cluster::Work;
use super::pod;
use crate::sim::manifest::meta::text;
use run::Run;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) use life::exited;
pub use life::restarting;
pub(super) use stop::{evict, kill};

const MANAGER: &str = "kubelet";

/// What the kubelets know beyond the store.
#[derive(Debug, Default)]
pub(super) struct Kubelet {
    /// Pods they run, by `namespace/name`.
    runs: BTreeMap<String, Run>,
    /// Images on nodes, as `node image`.
    images: BTreeSet<String>,
}

/// Notices what happened to a pod with a node.
pub(super) fn sync(work: &mut Work<'_, '_>, key: &str) {
    let seen = work.cluster.cache.get("Pod", key);
    let uid = seen.as_ref().map(|pod| text(pod, "/metadata/uid").to_owned());
    let known = work.cluster.kubelet.runs.get(key).map(|run| run.uid.clone());
    if known.is_some() && known != uid {
        work.cluster.kubelet.runs.remove(key);
        let store = work.cluster.stage.store.clone();
        work.cluster.recorder.forget(&store);
    }
    let Some(pod) = seen.filter(|pod| !text(pod, "/spec/nodeName").is_empty()) else { return };
    let running = known.is_some() && known == uid;
    if pod::is_going(&pod) {
        stop::begin(work, key, &pod, running);
    } else if !running && !pod::is_over(&pod) {
        start::begin(work, key, &pod);
    } else if running {
        start::join(work, key, &pod);
    }
}

/// The pod of a run and the run itself, if the run is still the one with this uid.
fn of(work: &Work<'_, '_>, key: &str, uid: &str) -> Option<Arc<Value>> {
    work.cluster.kubelet.runs.get(key).filter(|run| run.uid == uid)?;
    work.cluster.cache.get("Pod", key).filter(|pod| text(pod, "/metadata/uid") == uid)
}

/// Changes the run of a pod, if it is still the one with this uid.
fn change<T>(work: &mut Work<'_, '_>, key: &str, uid: &str, f: impl FnOnce(&mut Run) -> T) -> Option<T> {
    work.cluster.kubelet.runs.get_mut(key).filter(|run| run.uid == uid).map(f)
}

/// Writes what is known of a pod into its status.
fn report(work: &mut Work<'_, '_>, key: &str, uid: &str) {
    let Some(pod) = of(work, key, uid) else { return };
    let Some(run) = work.cluster.kubelet.runs.get(key) else { return };
    let status = status::of(&pod, run, work.play.at);
    if status != pod["status"] {
        work.hand(MANAGER).status(&pod, &status, |_| {});
    }
}
