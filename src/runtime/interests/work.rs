//! What the task of a reading does.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::Notify;

use super::reading::Reading;
use crate::domain::{
    AppDetail, AppKey, ClusterNames, Comparison, ContainerState, LastWords, Link, LiveObject, ObjectName, Run, Symbol,
    Versus,
};
use crate::runtime::access::Access;
use crate::runtime::last_words;
use crate::runtime::reread::{self, DetailRoad};
use crate::source::argocd;
use crate::source::{Way, kube};
use crate::store::{Apps, Delta, LiveDelta, NamespaceDelta, Place, Sink};

/// What a task does, and what is said when it ends.
pub(super) struct Work {
    pub(super) name: String,
    pub(super) future: BoxFuture<'static, ()>,
    /// Its last word, whatever ends it.
    pub(super) end: Option<Delta>,
    /// What is said in its stead when it breaks.
    pub(super) broken: Delta,
}

impl Work {
    /// Work without a last word; `broken` makes of the reason what is said when it breaks.
    fn new(
        name: String,
        future: impl Future<Output = ()> + Send + 'static,
        broken: impl FnOnce(String) -> LiveDelta,
    ) -> Self {
        let broken = Delta::Live(broken(format!("what reads the {name} broke; ctrl-r starts it anew")));
        Self { name, future: future.boxed(), end: None, broken }
    }

    /// What watches a place; `link` says how it goes.
    fn watch(
        name: String,
        future: impl Future<Output = ()> + Send + 'static,
        link: impl Fn(Link) -> LiveDelta,
    ) -> Self {
        Self::new(name, future, |why| link(Link::Auth { why })).ending(link(Link::Off))
    }

    fn ending(self, end: LiveDelta) -> Self {
        Self { end: Some(Delta::Live(end)), ..self }
    }
}

impl Reading {
    /// What its task does: it tells `sink`, and looks again when `changed` says so. Nothing where nobody knows the way.
    pub(super) fn work(
        &self,
        apps: &Apps,
        access: &mut Access,
        sink: &Arc<dyn Sink>,
        changed: &Arc<Notify>,
    ) -> Option<Work> {
        let sink = Arc::clone(sink);
        match self {
            Self::Pods(place) => pods(place, access, sink),
            Self::Events(place) => events(place, apps, access, sink),
            Self::Projects(place) => projects(place, access, sink),
            Self::Detail(app) => detail(app, apps, access, sink, Arc::clone(changed)),
            Self::Words(run) => words(run, apps, access, sink),
            Self::Object(context, name) => object(context, name, access, sink),
            Self::Comparison(app, versus) => comparison(app, versus, apps, access, sink, Arc::clone(changed)),
            Self::Clusters(source) => clusters(source, apps, access, sink),
        }
    }
}

fn pods(place: &Place, access: &mut Access, sink: Arc<dyn Sink>) -> Option<Work> {
    let (context, namespace) = place.clone();
    let name = format!("pods of {context}/{namespace}");
    let link = |link| LiveDelta::Pods(context.clone(), namespace.clone(), NamespaceDelta::Link(link));
    Some(match access.way(&context)? {
        Way::Cluster(cluster) => Work::watch(name, kube::watch_pods(cluster, namespace.clone(), sink), link),
        Way::Server(server, app) => Work::watch(name, argocd::watch_pods(server, app, namespace.clone(), sink), link),
    })
}

fn events(place: &Place, apps: &Apps, access: &mut Access, sink: Arc<dyn Sink>) -> Option<Work> {
    let (context, namespace) = place.clone();
    let name = format!("events of {context}/{namespace}");
    let link = |link| LiveDelta::Events(context.clone(), namespace.clone(), NamespaceDelta::Link(link));
    Some(match access.way(&context)? {
        Way::Cluster(cluster) => Work::watch(name, kube::watch_events(cluster, namespace.clone(), sink), link),
        Way::Server(server, app) => {
            // those about the Application itself stand with the first of its places, once
            let first = apps.find(&app).and_then(|id| apps.places_of(id).into_iter().next());
            let own = first.as_ref() == Some(place);
            Work::watch(name, argocd::watch_events(server, app, namespace.clone(), own, sink), link)
        }
    })
}

fn projects(place: &Place, access: &mut Access, sink: Arc<dyn Sink>) -> Option<Work> {
    let (source, namespace) = place.clone();
    let name = format!("projects of {source}/{namespace}");
    let link = |link| LiveDelta::Projects(source.clone(), namespace.clone(), NamespaceDelta::Link(link));
    if let Some(cluster) = access.cluster(&source) {
        return Some(Work::watch(name, kube::watch_projects(cluster, namespace.clone(), sink), link));
    }
    let server = access.server(&source)?;
    Some(Work::watch(name, argocd::watch_projects(server, namespace.clone(), sink), link))
}

fn detail(app: &AppKey, apps: &Apps, access: &mut Access, sink: Arc<dyn Sink>, changed: Arc<Notify>) -> Option<Work> {
    let road = match (access.cluster(&app.source), access.server(&app.source)) {
        (Some(argo), Some(server)) => DetailRoad::Either(server, argo, access.target(app, apps)),
        (Some(argo), None) => DetailRoad::Clusters(argo, access.target(app, apps)),
        (None, Some(server)) => DetailRoad::Server(server),
        (None, None) => return None,
    };
    let follow = reread::follow_detail(road, app.clone(), sink, changed);
    let broken = |why: String| {
        let detail = AppDetail { failed: Some(why.into()), ..AppDetail::default() };
        LiveDelta::Detail(app.clone(), Box::new(detail))
    };
    Some(Work::new(format!("resources of {}", app.name), follow, broken).ending(LiveDelta::ForgetDetail(app.clone())))
}

fn object(context: &Symbol, name: &ObjectName, access: &mut Access, sink: Arc<dyn Sink>) -> Option<Work> {
    let follow = reread::follow_object(access.way(context)?, context.clone(), name.clone(), sink);
    let broken = |why: String| {
        let object = LiveObject { failed: Some(why.into()), ..LiveObject::default() };
        LiveDelta::Object(context.clone(), name.clone(), Box::new(object))
    };
    let end = LiveDelta::ForgetObject(context.clone(), name.clone());
    Some(Work::new(format!("{} {}", name.kind, name.name), follow, broken).ending(end))
}

fn comparison(
    app: &AppKey,
    versus: &Versus,
    apps: &Apps,
    access: &mut Access,
    sink: Arc<dyn Sink>,
    changed: Arc<Notify>,
) -> Option<Work> {
    let ways = access.ways(app, apps)?;
    let other = versus.others().find(|other| *other != app).and_then(|other| access.ways(other, apps));
    let follow = reread::follow_comparison(ways, other, versus.clone(), sink, changed);
    let broken = |why: String| {
        let comparison = Comparison { failed: Some(why.into()), ..Comparison::default() };
        LiveDelta::Comparison(app.clone(), versus.clone(), Arc::new(comparison))
    };
    let end = LiveDelta::ForgetComparison(app.clone(), versus.clone());
    Some(Work::new(format!("comparison of {}", app.name), follow, broken).ending(end))
}

fn words(run: &Run, apps: &Apps, access: &mut Access, sink: Arc<dyn Sink>) -> Option<Work> {
    let follow = last_words::follow(access.way(&run.context)?, run.clone(), goes_on(run, apps), sink);
    let broken = |why: String| {
        let words = LastWords { unread: Some(why.into()), ..LastWords::default() };
        LiveDelta::Words(run.clone(), Box::new(words))
    };
    let name = format!("log of {}/{}", run.pod, run.container);
    Some(Work::new(name, follow, broken).ending(LiveDelta::ForgetWords(run.clone())))
}

/// Where clusters are stays true when nobody looks: a command may want to go there. So it has no last word.
fn clusters(source: &Symbol, apps: &Apps, access: &mut Access, sink: Arc<dyn Sink>) -> Option<Work> {
    let namespace = apps.sources().get(source).map(|state| state.facts.argocd_namespace.clone());
    let cluster = access.cluster(source)?;
    let follow = reread::follow_names(cluster, source.clone(), namespace.unwrap_or_default(), sink);
    let broken = |why: String| LiveDelta::Clusters(source.clone(), Box::new(ClusterNames::default().unread(&why)));
    Some(Work::new(format!("cluster names of {source}"), follow, broken))
}

/// Whether the container has been started again since: then the run that ended is the one before.
pub(super) fn goes_on(run: &Run, apps: &Apps) -> bool {
    let place = (run.context.clone(), run.namespace.clone());
    let pod = apps.pods().at(&place).find(|pod| pod.uid == run.uid);
    let container = pod.and_then(|pod| pod.container(&run.container));
    container.is_some_and(|c| c.last.is_some() && matches!(c.state, ContainerState::Running { .. }))
}
