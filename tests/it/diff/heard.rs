//! Argo CD says when it has compared an Application anew, and whoever looks hears it.

use std::sync::Arc;
use std::time::Duration;

use pilothouse::domain::AppKey;
use pilothouse::source::Cache;
use pilothouse::source::kube::{Cluster, KubeconfigPlace, SourceSpec};

use super::live::start;
use crate::clock::WallClock;

/// Much longer than anything here takes, on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_reconciliation_is_heard() {
    let world = start("drift");
    let spec = SourceSpec {
        name: "predator-cloud".to_owned(),
        context: Some("predator-cloud".to_owned()),
        kubeconfig: KubeconfigPlace::Files(vec![world.kubeconfig().to_owned()]),
        ..SourceSpec::default()
    };
    let cache = Cache::new(Cluster::new(spec, Arc::new(WallClock)), "argocd".to_owned());
    let app = AppKey { source: "predator-cloud".into(), namespace: "argocd".into(), name: "backend-staging".into() };
    let mut changes = cache.changes(&app);
    assert!(!changes.stands());
    tokio::time::timeout(PATIENCE, changes.next()).await.expect("it listens");
    assert!(changes.stands());
    for round in 0..2 {
        world.store("predator-cloud").unwrap().update("Application", "argocd", "backend-staging", |app| {
            app["metadata"]["annotations"]["argocd.argoproj.io/refresh"] = "normal".into();
        });
        tokio::time::timeout(PATIENCE, changes.next()).await.expect("it hears");
        assert!(changes.stands(), "{round}");
    }
}
