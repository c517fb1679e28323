//! What no watch tells: read again and again for as long as somebody looks, and told of when it has changed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::diff;
use crate::domain::{AppDetail, AppKey, Clock, ClusterNames, Comparison, LiveObject, ObjectName, Symbol};
use crate::source::kube::{self, Cluster, Ways};
use crate::store::{Delta, LiveDelta, Sink};

/// Resources are read anew after this at the latest: not all that changes their health shows elsewhere.
const REFRESH: Duration = Duration::from_secs(30);
/// A live object that is looked at is read again after this.
const LOOK: Duration = Duration::from_secs(3);
/// A comparison is made anew after this at the latest: live objects change without the Application's row.
const COMPARE: Duration = Duration::from_secs(10);
/// Changes come in bursts: resources are read anew at most this often.
const BURST: Duration = Duration::from_secs(1);

/// Reads the resources of an Application, and again when something changed or some time has passed.
pub(super) async fn follow_detail(
    argo: Cluster,
    target: Result<Cluster, String>,
    app: AppKey,
    sink: Arc<dyn Sink>,
    changed: Arc<Notify>,
) {
    let clock: Arc<dyn Clock> = Arc::clone(argo.clock());
    let mut known = AppDetail::default();
    loop {
        match kube::detail(&argo, target.as_ref().map_err(Clone::clone), &app).await {
            Ok(detail) => known = detail,
            Err(error) => known.failed = Some(error.to_string().into()),
        }
        sink.push(Delta::Live(LiveDelta::Detail(app.clone(), Box::new(known.clone()))));
        let (pause, burst) = (clock.sleep(REFRESH), clock.sleep(BURST));
        burst.await;
        tokio::select! {
            () = changed.notified() => {}
            () = pause => {}
        }
    }
}

/// Reads a live object again and again; tells of it when it has changed.
pub(super) async fn follow_object(cluster: Cluster, context: Symbol, name: ObjectName, sink: Arc<dyn Sink>) {
    let clock: Arc<dyn Clock> = Arc::clone(cluster.clock());
    let mut told: Option<LiveObject> = None;
    loop {
        let object = match kube::shown_object(&cluster, &name).await {
            Ok(object) => object,
            Err(error) => LiveObject { failed: Some(error.to_string().into()), ..told.clone().unwrap_or_default() },
        };
        if told.as_ref() != Some(&object) {
            sink.push(Delta::Live(LiveDelta::Object(context.clone(), name.clone(), Box::new(object.clone()))));
            told = Some(object);
        }
        clock.sleep(LOOK).await;
    }
}

/// Compares what an Application's objects are wanted to be with what they are, and again when something changed or some
/// time has passed; tells of it when it has changed.
pub(super) async fn follow_comparison(ways: Ways, app: AppKey, sink: Arc<dyn Sink>, changed: Arc<Notify>) {
    let clock: Arc<dyn Clock> = Arc::clone(ways.argo.clock());
    let mut told: Option<Comparison> = None;
    loop {
        let comparison = match kube::desired(&ways, &app).await {
            Ok(desired) => diff::compare(desired),
            Err(error) => Comparison { failed: Some(error.to_string().into()), ..told.clone().unwrap_or_default() },
        };
        let is_news = told.as_ref().is_none_or(|told| !told.says_the_same(&comparison));
        if is_news {
            sink.push(Delta::Live(LiveDelta::Comparison(app.clone(), Arc::new(comparison.clone()))));
            told = Some(comparison);
        }
        let (pause, burst) = (clock.sleep(COMPARE), clock.sleep(BURST));
        burst.await;
        tokio::select! {
            () = changed.notified() => {}
            () = pause => {}
        }
    }
}

/// Reads what an Argo CD calls its clusters, again and again; tells of it when it has changed. What was known stays
/// known when it cannot be read anew.
pub(super) async fn follow_names(cluster: Cluster, source: Symbol, namespace: Symbol, sink: Arc<dyn Sink>) {
    let clock: Arc<dyn Clock> = Arc::clone(cluster.clock());
    let mut told: Option<ClusterNames> = None;
    loop {
        let names = match kube::cluster_names(&cluster, &namespace).await {
            Ok(names) => names,
            Err(error) => told.clone().unwrap_or_default().unread(&error.to_string()),
        };
        if told.as_ref() != Some(&names) {
            sink.push(Delta::Live(LiveDelta::Clusters(source.clone(), Box::new(names.clone()))));
            told = Some(names);
        }
        clock.sleep(REFRESH).await;
    }
}
