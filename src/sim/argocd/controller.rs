//! The controller's queues: who is looked at when.

use super::annotation::{self, TRACKING};
use super::auto_sync;
use super::cluster::{Cluster, Link};
use super::operation::Running;
use super::pace::Pace;
use super::queue::Queue;
use super::repository::Repository;
use crate::sim::history::Change;
use crate::sim::kinds::{self, KINDS};
use crate::sim::manifest::meta::text;
use crate::sim::store::Store;
use crate::sim::time::plus;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

/// From one full comparison to the next, without a reason.
const RESYNC: Duration = Duration::from_mins(2);
/// The running operation is looked at so long after an object it may wait for changed.
const BATCH: Duration = Duration::from_secs(5);
/// The running operation is looked at so often, without a reason.
pub(super) const POLL: Duration = Duration::from_secs(30);
/// From a write to an Application to the look at it.
const AT_ONCE: Duration = Duration::from_millis(10);

/// How much a comparison looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// The revision compared last.
    Recent,
    /// What the source's revision is now.
    Latest,
    /// The same, and whatever was found out before is found out again.
    ForceResolve,
}

/// What is known about an Application beyond what it says itself.
#[derive(Debug, Default)]
pub(super) struct AppState {
    refresh_at: Option<Timestamp>,
    operate_at: Option<Timestamp>,
    resync_at: Option<Timestamp>,
    /// No comparison begins before that: the last one's writes are not done.
    pub(super) busy_until: Option<Timestamp>,
    pub(super) level: Option<Level>,
    /// Since when its sources cannot be loaded.
    pub(super) broken_since: Option<Timestamp>,
    /// Sources and revisions that were rendered before.
    pub(super) rendered: HashSet<String>,
    /// The operation's tasks, once it has any.
    pub(super) running: Option<Running>,
    /// Whether somebody is at the operation and will look at it again.
    pub(super) is_busy: bool,
    /// Whether a window was asked about this operation before.
    pub(super) knows_window: bool,
    was_automated: bool,
}

/// Argo CD's application controller over the Applications of one namespace.
pub struct Controller {
    pub(super) home: Store,
    pub(super) namespace: String,
    pub(super) clusters: Vec<Cluster>,
    pub(super) repository: Box<dyn Repository>,
    pub(super) pace: Pace,
    pub(super) apps: BTreeMap<String, AppState>,
    pub(super) now: Timestamp,
    queue: Queue<Self>,
    left_alone: HashSet<String>,
    seen: Vec<(Store, u64, HashMap<&'static str, u64>)>,
}

impl std::fmt::Debug for Controller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Controller")
            .field("namespace", &self.namespace)
            .field("apps", &self.apps.len())
            .finish_non_exhaustive()
    }
}

impl Controller {
    /// A controller over the Applications in `namespace` of `home`, which go to `clusters`.
    ///
    /// What is in the stores already is looked at in the first step.
    #[must_use]
    pub fn new(
        home: &Store,
        namespace: &str,
        clusters: Vec<Cluster>,
        repository: Box<dyn Repository>,
        pace: Pace,
    ) -> Self {
        Self::except(HashSet::new(), home, namespace, clusters, repository, pace)
    }

    /// The same, but it leaves Applications alone, whatever happens to them and whatever they say.
    #[must_use]
    pub fn except(
        left_alone: HashSet<String>,
        home: &Store,
        namespace: &str,
        clusters: Vec<Cluster>,
        repository: Box<dyn Repository>,
        pace: Pace,
    ) -> Self {
        let mut stores: Vec<Store> = vec![home.clone()];
        for cluster in &clusters {
            if let Link::Up(store) = &cluster.link
                && !stores.iter().any(|known| known.is(store))
            {
                stores.push(store.clone());
            }
        }
        let mut controller = Self {
            home: home.clone(),
            namespace: namespace.to_owned(),
            clusters,
            repository,
            pace,
            apps: BTreeMap::new(),
            now: home.now(),
            queue: Queue::new(),
            left_alone,
            seen: Vec::new(),
        };
        for store in stores {
            let version = store.resource_version();
            let kinds = KINDS.iter().filter(|kind| kind.is_stored()).map(|kind| (kind.kind, version)).collect();
            controller.seen.push((store, version, kinds));
        }
        let (kind, there) = (kinds::by_kind("Application"), home.snapshot("Application", Some(namespace), None));
        let there = there.map(|snapshot| snapshot.objects).unwrap_or_default();
        let there = there.iter().filter(|object| !controller.left_alone.contains(object.name()));
        let there: Vec<Value> = there.filter_map(|object| Some(object.to_value(kind?))).collect();
        for app in there {
            let name = text(&app, "/metadata/name").to_owned();
            controller.state(&name).was_automated = auto_sync::is_on(&app);
            controller.request(&name, Some(Level::Recent), AT_ONCE);
            controller.look_at_operation(&name, AT_ONCE);
            if let Ok(compared) = text(&app, "/status/reconciledAt").parse::<Timestamp>() {
                let next = plus(compared, RESYNC).duration_since(controller.now);
                controller.resync_in(&name, Duration::try_from(next).unwrap_or_default());
            }
        }
        controller
    }

    /// How long things take from now on.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// Does everything that is due at `now`, what that brings about included; when there is more to do, if there is.
    pub fn step(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.now = now;
        self.observe();
        while let Some((due, work)) = self.queue.take(now) {
            self.now = due;
            work(self);
            self.observe();
        }
        self.now = now;
        self.queue.due()
    }

    /// Has something happen later.
    pub(super) fn after(&mut self, wait: Duration, work: impl FnOnce(&mut Self) + Send + 'static) {
        self.queue.at(plus(self.now, wait), work);
    }

    /// What is known about an Application.
    pub(super) fn state(&mut self, name: &str) -> &mut AppState {
        self.apps.entry(name.to_owned()).or_default()
    }

    /// Has an Application compared after a while; sooner if that was asked for already.
    pub(super) fn request(&mut self, name: &str, level: Option<Level>, wait: Duration) {
        let now = self.now;
        let state = self.state(name);
        state.level = state.level.max(level);
        let at = plus(now, wait).max(state.busy_until.unwrap_or(now));
        if state.refresh_at.is_some_and(|due| due <= at) {
            return;
        }
        state.refresh_at = Some(at);
        let name = name.to_owned();
        let wait = Duration::try_from(at.duration_since(now)).unwrap_or_default();
        self.after(wait, move |controller| {
            if controller.apps.get(&name).is_some_and(|state| state.refresh_at == Some(at)) {
                controller.state(&name).refresh_at = None;
                controller.refresh(&name);
            }
        });
    }

    /// Has an Application compared without a reason in a while.
    pub(super) fn resync(&mut self, name: &str) {
        self.resync_in(name, RESYNC);
    }

    fn resync_in(&mut self, name: &str, wait: Duration) {
        let at = plus(self.now, wait);
        self.state(name).resync_at = Some(at);
        let name = name.to_owned();
        self.after(wait, move |controller| {
            if controller.apps.get(&name).is_some_and(|state| state.resync_at == Some(at)) {
                controller.request(&name, Some(Level::Latest), Duration::ZERO);
            }
        });
    }

    /// Has an Application's operation looked at after a while; sooner if that was asked for already.
    pub(super) fn look_at_operation(&mut self, name: &str, wait: Duration) {
        let at = plus(self.now, wait);
        let state = self.state(name);
        if state.operate_at.is_some_and(|due| due <= at) {
            return;
        }
        state.operate_at = Some(at);
        let name = name.to_owned();
        self.after(wait, move |controller| {
            if controller.apps.get(&name).is_some_and(|state| state.operate_at == Some(at)) {
                controller.state(&name).operate_at = None;
                controller.operate(&name);
            }
        });
    }

    /// Notices what was written since the last look.
    fn observe(&mut self) {
        for index in 0..self.seen.len() {
            let (store, whole, _) = &self.seen[index];
            let version = store.resource_version();
            if version == *whole {
                continue;
            }
            let store = store.clone();
            self.seen[index].1 = version;
            for kind in KINDS.iter().filter(|kind| kind.is_stored() && kind.kind != "Event") {
                let since = self.seen[index].2.get(kind.kind).copied().unwrap_or_default();
                let changes = store.changes(kind.kind, since, usize::MAX);
                self.seen[index].2.insert(kind.kind, version);
                for change in changes.map(|(changes, _)| changes).unwrap_or_default() {
                    if kind.kind == "Application" && self.left_alone.contains(change.object.name()) {
                        continue;
                    }
                    if kind.kind == "Application" && index == 0 && change.object.namespace() == self.namespace {
                        self.application_changed(&change);
                    }
                    self.object_changed(&store, kind.kind, &change);
                }
            }
        }
    }

    fn application_changed(&mut self, change: &Change) {
        let name = change.object.name().to_owned();
        if change.deleted {
            self.apps.remove(&name);
            return;
        }
        let Some(app) = self.app(&name) else { return };
        let automated = auto_sync::is_on(&app);
        let was = std::mem::replace(&mut self.state(&name).was_automated, automated);
        let enabled = automated && !was;
        let level = (enabled && change.before.is_some()).then_some(Level::Latest);
        self.request(&name, level, AT_ONCE);
        self.look_at_operation(&name, AT_ONCE);
    }

    /// An object of an Application changed, or one that an object of it made.
    fn object_changed(&mut self, store: &Store, kind: &'static str, change: &Change) {
        let is_pod = kind == "Pod";
        if is_pod && change.before.is_some() && !change.deleted {
            return;
        }
        let Some(kind) = kinds::by_kind(kind) else { return };
        // reading an object costs much more than seeing that it is nobody's
        let sign = memchr::memmem::Finder::new(TRACKING);
        let versions = std::iter::once(&*change.object).chain(change.before.as_deref());
        if !is_pod && !versions.into_iter().any(|object| sign.find(object.metadata()).is_some()) {
            return;
        }
        let mut object = change.object.to_value(kind);
        for _ in 0..if is_pod { 3 } else { 0 } {
            if !annotation::value(&object, TRACKING).is_empty() {
                break;
            }
            let owner = &object["metadata"]["ownerReferences"][0];
            let namespace = text(&object, "/metadata/namespace");
            let Some(owner) = store.get(text(owner, "/kind"), namespace, text(owner, "/name")) else { return };
            object = owner;
        }
        let before = change.before.as_ref().map(|before| before.to_value(kind)).unwrap_or_default();
        for object in [&object, &before] {
            let Some((app, _)) = annotation::value(object, TRACKING).split_once(':') else { continue };
            if !self.apps.contains_key(app) {
                continue;
            }
            let app = app.to_owned();
            self.request(&app, Some(Level::Recent), self.pace.notice);
            if !is_pod {
                self.look_at_operation(&app, BATCH);
            }
        }
    }
}
