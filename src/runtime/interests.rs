//! The tasks that read what the visible screen needs beyond the rows: started when a view asks, stopped a while after it
//! no longer does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::reread::DetailRoad;
use super::scope::Scope;
use super::sources::Sources;
use super::{last_words, reread};
use crate::action::Control;
use crate::domain::served::{no_cluster, served_app};
use crate::domain::time::after;
use crate::domain::{
    AppDetail, AppKey, AppRow, ClusterNames, Comparison, ContainerState, Fullness, LastWords, Link, LiveObject,
    ObjectName, Route, Run, Symbol, Timestamp, Versus,
};
use crate::source::argocd::{self, Server};
use crate::source::kube::{self, Cluster, SourceSpec};
use crate::source::{Cache, Clusters, Surroundings, Way, Ways};
use crate::store::{Apps, Delta, Interest, LiveDelta, NamespaceDelta, Place, Sink};

/// Namespaces, and Applications, that are read at once, of each kind of reading.
pub const MOST: usize = 32;
/// Of so many places what is read of a few says nothing of the whole.
const HOPELESS: usize = 10 * MOST;
/// How long something nobody asks for any more is read on: looking away for a moment costs nothing.
const LINGER: Duration = Duration::from_secs(5);

/// What a task reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reading {
    Pods(Place),
    Events(Place),
    /// AppProjects, where the Argo CD of a source lives.
    Projects(Place),
    Detail(AppKey),
    Words(Run),
    Object(Symbol, ObjectName),
    Comparison(AppKey, Versus),
    /// What the Argo CD of a source calls its clusters.
    Clusters(Symbol),
}

struct Task {
    scope: Scope,
    unwanted_since: Option<Timestamp>,
    /// For details and comparisons: what they were last read for, and how to say that it changed.
    seen: Option<Box<Seen>>,
    changed: Arc<Notify>,
}

/// What the details of an Application were last read for.
#[derive(PartialEq)]
struct Seen {
    row: AppRow,
    route: Option<Route>,
    /// Moves with its pods.
    pods: u64,
}

/// The readings that are under way.
pub struct Interests {
    specs: BTreeMap<Symbol, SourceSpec>,
    servers: BTreeMap<Symbol, Server>,
    clusters: BTreeMap<Symbol, Cluster>,
    tasks: BTreeMap<Reading, Task>,
    /// Stopped, and not ended yet: what it reads is not read anew before it is gone, or its end would be taken for the
    /// end of the new reading.
    ending: Vec<(Reading, Scope)>,
    left_out: usize,
    surroundings: Surroundings,
    io: Handle,
}

impl Interests {
    /// Nothing is read. Tasks will run on `io`, through the contexts of `sources`, whether those are on or not.
    #[must_use]
    pub fn new(sources: &Sources, surroundings: Surroundings, io: Handle) -> Self {
        let specs = sources.specs().map(|(name, spec)| (name.clone(), spec.clone())).collect();
        Self {
            specs,
            servers: sources.servers().clone(),
            clusters: BTreeMap::new(),
            tasks: BTreeMap::new(),
            ending: Vec::new(),
            left_out: 0,
            surroundings,
            io,
        }
    }

    /// Reads what is wanted, and nothing else for long. The first of `interests` are the most important: above
    /// [`MOST`] readings of a kind the rest is left out. Says when it wants to be asked again although nothing changed.
    pub fn want(&mut self, interests: &[Interest], apps: &Apps, now: Timestamp) -> Option<Timestamp> {
        self.ending.retain(|(_, scope)| scope.running() > 0);
        let (wanted, left_out) = choose(interests, apps, now);
        self.left_out = left_out;
        for (reading, task) in &mut self.tasks {
            if wanted.contains(reading) {
                task.unwanted_since = None;
            } else {
                task.unwanted_since.get_or_insert(now);
            }
        }
        let mut again = None;
        for reading in &wanted {
            if !self.tasks.contains_key(reading) {
                if self.ending.iter().any(|(ending, _)| ending == reading) {
                    again = Some(after(now, Duration::from_millis(20)));
                } else {
                    self.start(reading, apps);
                }
            }
            self.poke(reading, apps);
        }
        let room = |tasks: &BTreeMap<Reading, Task>, like: &Reading| {
            tasks.keys().filter(|other| std::mem::discriminant(*other) == std::mem::discriminant(like)).count() <= MOST
        };
        let unwanted: Vec<(Reading, Timestamp)> =
            self.tasks.iter().filter_map(|(r, t)| Some((r.clone(), t.unwanted_since?))).collect();
        for (reading, since) in unwanted {
            let due = after(since, LINGER);
            if due > now && room(&self.tasks, &reading) {
                again = Some(again.map_or(due, |at: Timestamp| at.min(due)));
            } else {
                self.stop(&reading);
            }
        }
        again
    }

    /// How many namespaces or Applications were asked for and are not read, because they are too many.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Whether everything that is read has been read once, or is known to fail.
    #[must_use]
    pub fn have_answered(&self, apps: &Apps) -> bool {
        let has = |link: Option<&Link>| link.is_some_and(|l| !matches!(l, Link::Off | Link::Connecting { .. }));
        self.tasks.keys().all(|reading| match reading {
            Reading::Pods(place) => has(apps.pods().link(place)),
            Reading::Events(place) => has(apps.events().link(place)),
            Reading::Projects(place) => has(apps.projects_link(place)),
            Reading::Detail(app) => apps.detail(app).is_some() || apps.find(app).is_none(),
            Reading::Words(run) => apps.last_words(run).is_some(),
            Reading::Object(context, name) => apps.has_object(context, name),
            Reading::Comparison(app, versus) => apps.comparison(app, versus).is_some() || apps.find(app).is_none(),
            Reading::Clusters(source) => apps.routes().has_names(source),
        })
    }

    /// How many readings are under way for what somebody looks at, those that linger included. AppProjects belong to their
    /// source, as its rows do, whoever looks.
    #[must_use]
    pub fn running(&self) -> usize {
        self.tasks.keys().filter(|reading| !matches!(reading, Reading::Projects(_))).count()
    }

    /// Begins everything anew, with new connections, when it is next asked for.
    pub fn reconnect(&mut self) {
        self.clusters.clear();
        for reading in self.tasks.keys().cloned().collect::<Vec<_>>() {
            self.stop(&reading);
        }
    }

    /// The cluster behind a context, for one-shot queries; `None` for a context nobody knows.
    pub fn cluster(&mut self, context: &Symbol) -> Option<Cluster> {
        if let Some(known) = self.clusters.get(context) {
            return Some(known.clone());
        }
        let cluster = Cluster::new(self.specs.get(context)?.clone(), Arc::clone(&self.surroundings.clock));
        self.clusters.insert(context.clone(), cluster.clone());
        Some(cluster)
    }

    /// The argocd-server of a source that has one.
    #[must_use]
    pub fn server(&self, source: &Symbol) -> Option<Server> {
        self.servers.get(source).cloned()
    }

    /// Where the Applications of a source are written, or the cluster behind a context; `None` for a name nobody knows.
    pub fn control(&mut self, name: &Symbol) -> Option<Control> {
        match self.cluster(name) {
            Some(cluster) => Some(Control::Cluster(cluster)),
            None => self.server(name).map(Control::Server),
        }
    }

    /// The way a context of a route leads; `None` for one nobody knows.
    pub fn way(&mut self, context: &Symbol) -> Option<Way> {
        match served_app(context) {
            Some(app) => Some(Way::Server(self.server(&app.source)?, app)),
            None => self.cluster(context).map(Way::Cluster),
        }
    }

    fn start(&mut self, reading: &Reading, apps: &Apps) {
        let sink = Arc::clone(&self.surroundings.sink);
        let changed = Arc::new(Notify::new());
        let scope = match reading {
            Reading::Pods(place) => {
                let Some(way) = self.way(&place.0) else { return };
                let delta =
                    |link| Delta::Live(LiveDelta::Pods(place.0.clone(), place.1.clone(), NamespaceDelta::Link(link)));
                let (namespace, name) = (place.1.clone(), format!("pods of {}/{}", place.0, place.1));
                let end = Some(delta(Link::Off));
                match way {
                    Way::Cluster(cluster) => self.run(name, kube::watch_pods(cluster, namespace, sink), end, delta),
                    Way::Server(server, app) => {
                        self.run(name, argocd::watch_pods(server, app, namespace, sink), end, delta)
                    }
                }
            }
            Reading::Events(place) => {
                let Some(way) = self.way(&place.0) else { return };
                let delta =
                    |link| Delta::Live(LiveDelta::Events(place.0.clone(), place.1.clone(), NamespaceDelta::Link(link)));
                let (namespace, name) = (place.1.clone(), format!("events of {}/{}", place.0, place.1));
                let end = Some(delta(Link::Off));
                match way {
                    Way::Cluster(cluster) => self.run(name, kube::watch_events(cluster, namespace, sink), end, delta),
                    Way::Server(server, app) => {
                        // those about the Application itself stand with the first of its places, once
                        let first = apps.find(&app).and_then(|id| apps.places_of(id).into_iter().next());
                        let own = first.as_ref() == Some(place);
                        self.run(name, argocd::watch_events(server, app, namespace, own, sink), end, delta)
                    }
                }
            }
            Reading::Projects(place) => {
                let delta = |link| {
                    Delta::Live(LiveDelta::Projects(place.0.clone(), place.1.clone(), NamespaceDelta::Link(link)))
                };
                let (namespace, name) = (place.1.clone(), format!("projects of {}/{}", place.0, place.1));
                let end = Some(delta(Link::Off));
                if let Some(cluster) = self.cluster(&place.0) {
                    self.run(name, kube::watch_projects(cluster, namespace, sink), end, delta)
                } else if let Some(server) = self.server(&place.0) {
                    self.run(name, argocd::watch_projects(server, namespace, sink), end, delta)
                } else {
                    return;
                }
            }
            Reading::Detail(app) => {
                let road = if let Some(argo) = self.cluster(&app.source) {
                    let target = self.target(app, apps);
                    match self.server(&app.source) {
                        Some(server) => DetailRoad::Either(server, argo, target),
                        None => DetailRoad::Clusters(argo, target),
                    }
                } else if let Some(server) = self.server(&app.source) {
                    DetailRoad::Server(server)
                } else {
                    return;
                };
                let broken = |link: Link| {
                    let failed = match link {
                        Link::Auth { why } => Some(why.into()),
                        _ => None,
                    };
                    Delta::Live(LiveDelta::Detail(app.clone(), Box::new(AppDetail { failed, ..AppDetail::default() })))
                };
                let work = reread::follow_detail(road, app.clone(), Arc::clone(&sink), Arc::clone(&changed));
                self.run(
                    format!("resources of {}", app.name),
                    work,
                    Some(Delta::Live(LiveDelta::ForgetDetail(app.clone()))),
                    broken,
                )
            }
            Reading::Object(context, name) => {
                let Some(way) = self.way(context) else { return };
                let broken = |link: Link| {
                    let failed = match link {
                        Link::Auth { why } => Some(why.into()),
                        _ => None,
                    };
                    let object = Box::new(LiveObject { failed, ..LiveObject::default() });
                    Delta::Live(LiveDelta::Object(context.clone(), name.clone(), object))
                };
                let work = reread::follow_object(way, context.clone(), name.clone(), Arc::clone(&sink));
                let end = Some(Delta::Live(LiveDelta::ForgetObject(context.clone(), name.clone())));
                self.run(format!("{} {}", name.kind, name.name), work, end, broken)
            }
            Reading::Comparison(app, versus) => {
                let Some(ways) = self.ways(app, apps) else { return };
                let other = versus.others().find(|other| *other != app).and_then(|other| self.ways(other, apps));
                let broken = |link: Link| {
                    let failed = match link {
                        Link::Auth { why } => Some(why.into()),
                        _ => None,
                    };
                    let comparison = Arc::new(Comparison { failed, ..Comparison::default() });
                    Delta::Live(LiveDelta::Comparison(app.clone(), versus.clone(), comparison))
                };
                let (sink, changed) = (Arc::clone(&sink), Arc::clone(&changed));
                let work = reread::follow_comparison(ways, other, versus.clone(), sink, changed);
                let end = Some(Delta::Live(LiveDelta::ForgetComparison(app.clone(), versus.clone())));
                self.run(format!("comparison of {}", app.name), work, end, broken)
            }
            Reading::Words(run) => {
                let Some(way) = self.way(&run.context) else { return };
                let broken = |link: Link| {
                    let unread = match link {
                        Link::Auth { why } => Some(why.into()),
                        _ => None,
                    };
                    Delta::Live(LiveDelta::Words(run.clone(), Box::new(LastWords { unread, ..LastWords::default() })))
                };
                let work = last_words::follow(way, run.clone(), goes_on(run, apps), Arc::clone(&sink));
                let end = Some(Delta::Live(LiveDelta::ForgetWords(run.clone())));
                self.run(format!("log of {}/{}", run.pod, run.container), work, end, broken)
            }
            Reading::Clusters(source) => {
                let Some(cluster) = self.cluster(source) else { return };
                let namespace = apps.sources().get(source).map(|state| state.facts.argocd_namespace.clone());
                let broken = |link: Link| {
                    let why = match link {
                        Link::Auth { why } => why,
                        other => other.word().to_owned(),
                    };
                    Delta::Live(LiveDelta::Clusters(source.clone(), Box::new(ClusterNames::default().unread(&why))))
                };
                let work =
                    reread::follow_names(cluster, source.clone(), namespace.unwrap_or_default(), Arc::clone(&sink));
                // where clusters are stays true when nobody looks: a command may want to go there
                self.run(format!("cluster names of {source}"), work, None, broken)
            }
        };
        self.tasks.insert(reading.clone(), Task { scope, unwanted_since: None, seen: None, changed });
    }

    /// The ways to the states of an Application; none for a source nobody knows.
    fn ways(&mut self, app: &AppKey, apps: &Apps) -> Option<Ways> {
        let row = apps.find(app).and_then(|id| apps.get(id));
        let facts = apps.sources().get(&app.source).map(|state| &state.facts);
        let namespace = facts.map(|facts| facts.argocd_namespace.to_string()).filter(|name| !name.is_empty());
        let namespace = namespace.unwrap_or_else(|| app.namespace.to_string());
        let clusters = self.cluster(&app.source).map(|argo| {
            let cache = Cache::new(argo.clone(), namespace);
            Clusters { argo, cache, target: self.target(app, apps) }
        });
        let server = self.server(&app.source);
        if clusters.is_none() && server.is_none() {
            return None;
        }
        Some(Ways {
            app: app.clone(),
            called: row.and_then(|row| row.environment.clone()).unwrap_or_else(|| app.name.clone()),
            namespace: row.map(|row| row.destination.namespace.clone()).unwrap_or_default(),
            server,
            clusters,
            clock: Arc::clone(&self.surroundings.clock),
        })
    }

    /// The cluster an Application's objects are in, or why nobody knows.
    fn target(&mut self, app: &AppKey, apps: &Apps) -> Result<Cluster, String> {
        let route = apps.find(app).and_then(|id| apps.route(id));
        match route.as_ref().map(|route| (route, route.context())) {
            Some((_, Some(context))) => self.cluster(context).ok_or_else(|| no_cluster(context)),
            Some((route, None)) => Err(route.to_string()),
            None => Err("the Application is gone".to_owned()),
        }
    }

    /// Runs `work` with `end` as its last word, if it has one, whatever ends it.
    fn run(
        &self,
        name: String,
        work: impl Future<Output = ()> + Send + 'static,
        end: Option<Delta>,
        broken: impl Fn(Link) -> Delta,
    ) -> Scope {
        let sink = Arc::clone(&self.surroundings.sink);
        let broken = broken(Link::Auth { why: format!("what reads the {name} broke; ctrl-r starts it anew") });
        let scope = Scope::new(self.io.clone(), move |_| sink.push(broken.clone()));
        let last_word = LastWord { sink: Arc::clone(&self.surroundings.sink), delta: end };
        scope.spawn(name, async move {
            let _last_word = last_word;
            work.await;
        });
        scope
    }

    fn stop(&mut self, reading: &Reading) {
        if let Some(task) = self.tasks.remove(reading) {
            task.scope.cancel();
            self.ending.push((reading.clone(), task.scope));
        }
    }

    /// Tells a reading of details that what they were read for has changed.
    fn poke(&mut self, reading: &Reading, apps: &Apps) {
        let (Reading::Detail(app) | Reading::Comparison(app, _), Some(task)) = (reading, self.tasks.get_mut(reading))
        else {
            return;
        };
        let Some(id) = apps.find(app) else { return };
        let Some(row) = apps.get(id) else { return };
        let pods = apps.places_of(id).iter().map(|place| apps.pods().generation_at(place)).max().unwrap_or(0);
        let now = Seen { row: row.clone(), route: apps.route(id), pods };
        match &mut task.seen {
            Some(seen) if **seen == now => {}
            // it deploys elsewhere now, or where that is has become known: begun anew, it reads from there
            Some(seen) if seen.row.destination != now.row.destination || seen.route != now.route => self.stop(reading),
            Some(seen) => {
                **seen = now;
                task.changed.notify_one();
            }
            seen @ None => *seen = Some(Box::new(now)),
        }
    }
}

/// What is read for these interests, and how much of it is too much. What a source that is off shows is left alone, and
/// so is what nobody knows the way to.
fn choose(interests: &[Interest], apps: &Apps, now: Timestamp) -> (BTreeSet<Reading>, usize) {
    let (mut pods, mut events, mut details, mut words) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut objects, mut names, mut comparisons) = (Vec::new(), Vec::new(), Vec::new());
    for interest in interests {
        let app = interest.app();
        let Some(id) = apps.find(app).filter(|_| *apps.link(&app.source) != Link::Off) else { continue };
        // nobody knows yet where a sketch deploys to: what is read for it would be read from nowhere
        let Some(row) = apps.get(id).filter(|row| row.fullness == Fullness::Full) else { continue };
        if apps.routes().is_only_named(&row.destination) {
            names.push(Reading::Clusters(app.source.clone()));
        }
        match interest {
            Interest::Pods(_) => pods.extend(apps.places_of(id).into_iter().map(Reading::Pods)),
            Interest::Events(_) => {
                // argocd-server tells those about the Application with those of its objects
                if !matches!(apps.route(id), Some(Route::Served { .. })) {
                    events.push(Reading::Events((app.source.clone(), app.namespace.clone())));
                }
                events.extend(apps.places_of(id).into_iter().map(Reading::Events));
            }
            Interest::Comparison(_, versus) => comparisons.push(Reading::Comparison(app.clone(), versus.clone())),
            Interest::Resources(_) => details.push(Reading::Detail(app.clone())),
            Interest::LastWords(_) => words.extend(apps.why(id, now).and_then(|why| why.run).map(Reading::Words)),
            Interest::Object(_, name) => {
                let route = apps.route(id);
                let context = route.as_ref().and_then(|route| route.context());
                objects.extend(context.map(|context| Reading::Object(context.clone(), name.clone())));
            }
        }
    }
    // few sources have any, and none may be left out: a row that is held says so wherever it is shown
    let mut wanted: BTreeSet<Reading> = apps.projects_wanted().map(Reading::Projects).collect();
    let mut left_out = 0;
    for readings in [pods, events, details, words, objects, names, comparisons] {
        let mut chosen = BTreeSet::new();
        let mut over = BTreeSet::new();
        for reading in readings {
            if chosen.len() < MOST || chosen.contains(&reading) {
                chosen.insert(reading);
            } else {
                over.insert(reading);
            }
        }
        left_out += over.len();
        wanted.extend(chosen);
    }
    (wanted, left_out)
}

/// Whether the pods of all these Applications are in so many places that next to none of them would be read.
pub(crate) fn are_hopeless(apps: &Apps) -> bool {
    let mut places = BTreeSet::new();
    apps.iter().any(|(id, ..)| {
        places.extend(apps.places_of(id));
        places.len() > HOPELESS
    })
}

/// Whether the container has been started again since: then the run that ended is the one before.
fn goes_on(run: &Run, apps: &Apps) -> bool {
    let place = (run.context.clone(), run.namespace.clone());
    let pod = apps.pods().at(&place).find(|pod| pod.uid == run.uid);
    let container = pod.and_then(|pod| pod.container(&run.container));
    container.is_some_and(|c| c.last.is_some() && matches!(c.state, ContainerState::Running { .. }))
}

/// Pushed when it is dropped: a task's last word comes after all else it said.
struct LastWord {
    sink: Arc<dyn Sink>,
    delta: Option<Delta>,
}

impl Drop for LastWord {
    fn drop(&mut self) {
        if let Some(delta) = self.delta.take() {
            self.sink.push(delta);
        }
    }
}

#[cfg(test)]
#[path = "interests_tests.rs"]
mod tests;
