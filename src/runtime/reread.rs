//! What no watch tells: read again and again for as long as somebody looks, and told of when it has changed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::diff;
use crate::domain::{AppDetail, AppKey, Clock, ClusterNames, Comparison, LiveObject, ObjectName, Rung, Symbol, Versus};
use crate::source::argocd::{self, Server};
use crate::source::kube::{self, Cluster, ReadError};
use crate::source::{Way, Ways, compared};
use crate::store::{Delta, LiveDelta, Sink};

/// Resources are read anew after this at the latest: not all that changes their health shows elsewhere.
const REFRESH: Duration = Duration::from_secs(30);
/// A live object that is looked at is read again after this.
const LOOK: Duration = Duration::from_secs(3);
/// A comparison with what runs is made anew after this at the latest: live objects change without the Application's row.
const COMPARE: Duration = Duration::from_secs(10);
/// The same where whoever compared it says when that changes.
const HEARD: Duration = Duration::from_mins(1);
/// The same where it takes rendering, or what runs is not in it.
const RENDER: Duration = Duration::from_secs(30);
/// Changes come in bursts: resources are read anew at most this often.
const BURST: Duration = Duration::from_secs(1);

/// Where the resources of an Application are read.
pub(super) enum DetailRoad {
    /// The Application in one cluster, its objects in another, or why nobody knows where.
    Clusters(Cluster, Result<Cluster, String>),
    /// Both through argocd-server: two questions, whatever the number of objects.
    Server(Server),
    /// Through argocd-server, and where it cannot tell as without it.
    Either(Server, Cluster, Result<Cluster, String>),
}

impl DetailRoad {
    fn clock(&self) -> Arc<dyn Clock> {
        match self {
            Self::Clusters(argo, _) => Arc::clone(argo.clock()),
            Self::Server(server) | Self::Either(server, ..) => Arc::clone(server.clock()),
        }
    }

    async fn read(&self, app: &AppKey) -> Result<AppDetail, ReadError> {
        match self {
            Self::Clusters(argo, target) => kube::detail(argo, target.as_ref().map_err(Clone::clone), app).await,
            Self::Server(server) => argocd::detail(server, app).await,
            Self::Either(server, argo, target) => match argocd::detail(server, app).await {
                Ok(detail) => Ok(detail),
                Err(_) => kube::detail(argo, target.as_ref().map_err(Clone::clone), app).await,
            },
        }
    }
}

/// Reads the resources of an Application, and again when something changed or some time has passed.
pub(super) async fn follow_detail(road: DetailRoad, app: AppKey, sink: Arc<dyn Sink>, changed: Arc<Notify>) {
    let clock = road.clock();
    let mut known = AppDetail::default();
    loop {
        match road.read(&app).await {
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
pub(super) async fn follow_object(way: Way, context: Symbol, name: ObjectName, sink: Arc<dyn Sink>) {
    let clock: Arc<dyn Clock> = Arc::clone(way.clock());
    let mut told: Option<LiveObject> = None;
    loop {
        let object = match way.shown_object(&name).await {
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

/// Compares two states of an Application, and again when something changed or some time has passed; tells of it when it
/// has changed.
pub(super) async fn follow_comparison(
    ways: Ways,
    other: Option<Ways>,
    versus: Versus,
    sink: Arc<dyn Sink>,
    changed: Arc<Notify>,
) {
    let (clock, app) = (Arc::clone(&ways.clock), ways.app.clone());
    let rest = if versus == Versus::default() { COMPARE } else { RENDER };
    let mut changes = ways.changes();
    let mut told: Option<Comparison> = None;
    loop {
        let comparison = match compared(&ways, other.as_ref(), &versus).await {
            // the larger they are the longer it takes: nobody who reads waits for it
            Ok(read) => tokio::task::spawn_blocking(move || diff::compare(read.masked())).await.map_err(|broken| {
                let why = if broken.is_panic() { "comparing it broke" } else { "nobody waited for it" };
                (why.to_owned(), false)
            }),
            Err(error) => Err((error.to_string(), matches!(error, ReadError::Missing(_)))),
        };
        let comparison = comparison.unwrap_or_else(|(why, missing)| Comparison {
            failed: Some(why.into()),
            missing,
            ..told.clone().unwrap_or_default()
        });
        let is_news = told.as_ref().is_none_or(|told| !told.says_the_same(&comparison));
        if is_news {
            let news = LiveDelta::Comparison(app.clone(), versus.clone(), Arc::new(comparison.clone()));
            sink.push(Delta::Live(news));
            told = Some(comparison);
        }
        let heard = changes.as_mut().filter(|_| told.as_ref().is_some_and(|told| told.rung == Some(Rung::Redis)));
        let rest = if heard.as_ref().is_some_and(|heard| heard.stands()) { HEARD } else { rest };
        let news = async {
            match heard {
                Some(changes) => changes.next().await,
                None => std::future::pending().await,
            }
        };
        let (pause, burst) = (clock.sleep(rest), clock.sleep(BURST));
        burst.await;
        tokio::select! {
            () = changed.notified() => {}
            () = news => {}
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
