//! One cluster's controllers: who reacts to which write, and how soon.

use super::behaviour::{Book, Rule};
use super::cache::{Cache, KINDS, Seen, controller_of, key_of};
use super::hand::Hand;
use super::kubelet::Kubelet;
use super::recorder::Recorder;
use super::{cron_job, daemon_set, deployment, endpoints, job, kubelet, pod, replica_set, scheduler, stateful_set};
use crate::sim::agenda::{Agenda, Play};
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::text;
use crate::sim::populate::Stage;
use crate::sim::store::{Chore, Work as Left};
use crate::sim::time::plus;
use crate::sim::write::{Writer, collect};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Who is asked to look at an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    /// A Job whose pods changed: those are looked at together, a second later.
    JobPods,
    Scheduler,
    Kubelet,
    /// What stands behind a Service.
    Endpoints,
}

impl Role {
    /// From a write to the look that follows it, in milliseconds. Where these differ, orders were seen to depend on it.
    fn delay(self) -> u64 {
        match self {
            Self::Deployment => 6,
            Self::Scheduler => 8,
            Self::Job | Self::CronJob => 10,
            Self::ReplicaSet => 12,
            Self::StatefulSet | Self::DaemonSet | Self::Kubelet => 15,
            Self::Endpoints => 25,
            Self::JobPods => 1_000,
        }
    }
}

/// The controllers of one cluster; clones are the same ones.
#[derive(Debug, Clone)]
pub struct Workloads(Arc<Mutex<Cluster>>);

/// What all controllers of a cluster share.
#[derive(Debug)]
pub(super) struct Cluster {
    pub stage: Stage,
    pub cache: Cache,
    pub recorder: Recorder,
    pub book: Book,
    pub kubelet: Kubelet,
    queued: BTreeSet<(Role, String)>,
    /// Until when a controller has its hands full with an object.
    busy: BTreeMap<(Role, String), Timestamp>,
    /// Looks that somebody asked for at a moment.
    alarms: BTreeSet<(Role, String, Timestamp)>,
    /// Who was refused what it wanted to create.
    refused: BTreeMap<(Role, String), Refused>,
}

/// Since when a controller has been refused, and when it tries again.
#[derive(Debug)]
struct Refused {
    since: Timestamp,
    due: Timestamp,
}

/// One look of one controller.
pub(super) struct Work<'a, 'b> {
    pub cluster: &'a mut Cluster,
    pub play: &'a mut Play<'b>,
    workloads: &'a Workloads,
}

impl Workloads {
    /// Starts the controllers of a cluster. Events from before `not_before` are not written: they would be forgotten
    /// again before anybody could read them.
    pub fn begin(agenda: &mut Agenda, stage: &Stage, not_before: Timestamp) -> Self {
        let workloads = Self(Arc::new(Mutex::new(Cluster {
            stage: stage.clone(),
            cache: Cache::default(),
            recorder: Recorder::new(not_before),
            book: Book::default(),
            kubelet: Kubelet::default(),
            queued: BTreeSet::new(),
            busy: BTreeMap::new(),
            alarms: BTreeSet::new(),
            refused: BTreeMap::new(),
        })));
        stage.store.garbage().begin();
        let kinds = KINDS.iter().map(|kind| stage.store.subscribe(kind));
        let wakes = kinds.chain([stage.store.exits().subscribe(), stage.store.garbage().subscribe()]).collect();
        let observer = workloads.clone();
        agenda.observe(wakes, move |at, agenda| observer.look(at, agenda));
        workloads
    }

    /// Says what some images do from now on; containers that run already go on as they began.
    pub fn teach(&self, rule: Rule) {
        self.cluster().book.add(rule);
    }

    /// Has a pod's node throw it out for want of memory; false when no kubelet runs it.
    pub fn evict(&self, namespace: &str, name: &str, play: &mut Play<'_>) -> bool {
        self.work(play, |work| kubelet::evict(work, &crate::sim::object::key(namespace, name)))
    }

    /// Has a pod vanish at once, as if its node had lost it; false when there is none.
    pub fn kill(&self, namespace: &str, name: &str, play: &mut Play<'_>) -> bool {
        self.work(play, |work| kubelet::kill(work, &crate::sim::object::key(namespace, name)))
    }

    fn cluster(&self) -> MutexGuard<'_, Cluster> {
        // a panic of a controller would end the whole world's task, and nobody would look here again
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work<T>(&self, play: &mut Play<'_>, f: impl FnOnce(&mut Work<'_, '_>) -> T) -> T {
        let mut cluster = self.cluster();
        f(&mut Work { cluster: &mut cluster, play, workloads: self })
    }

    /// Notices what was written, and has the controllers it concerns look at it.
    fn look(&self, at: Timestamp, agenda: &mut Agenda) {
        let mut cluster = self.cluster();
        let store = cluster.stage.store.clone();
        for exited in store.exits().take() {
            let this = self.clone();
            agenda.at(at, move |play| this.work(play, |work| kubelet::exited(work, &exited)));
        }
        let chores = store.garbage().take();
        let (mut bare, alone) = (0, chores.len() < 2);
        for chore in chores {
            let wait = if alone { collected_alone(chore.work) } else { collected_after(&chore, &mut bare) };
            let store = store.clone();
            agenda.at(plus(at, wait), move |play| Writer::new(&store, collect::MANAGER).as_of(play.at).collect(&chore));
        }
        let changes = cluster.cache.refresh(&store);
        for seen in &changes {
            for (role, key) in reactions(&cluster, seen) {
                self.queue(&mut cluster, agenda, role, key, at);
            }
        }
    }

    fn queue(&self, cluster: &mut Cluster, agenda: &mut Agenda, role: Role, key: String, at: Timestamp) {
        if !cluster.queued.insert((role, key.clone())) {
            return;
        }
        let this = self.clone();
        // a pod that has to go is a kubelet's first concern
        let urgent = role == Role::Kubelet && cluster.cache.get("Pod", &key).is_some_and(|pod| pod::is_going(&pod));
        let wait = if urgent { 10 } else { role.delay() };
        let busy = cluster.busy.remove(&(role, key.clone())).unwrap_or(at);
        agenda.at(plus(at, Duration::from_millis(wait)).max(busy), move |play| {
            this.cluster().queued.remove(&(role, key.clone()));
            this.work(play, |work| sync(work, role, &key));
        });
    }
}

/// From a removal or a mark to what the garbage collector does about it.
fn collected_alone(work: Left) -> Duration {
    Duration::from_millis(if work == Left::Gone { 9 } else { 30 })
}

/// The same for one of several: what owns nothing has to wait, one after another.
fn collected_after(chore: &Chore, bare: &mut u64) -> Duration {
    Duration::from_millis(match (chore.work, chore.kind.group) {
        (Left::Gone, _) => 9,
        (Left::Waits, "apps" | "batch") => 30,
        (Left::Waits, "argoproj.io") => 60,
        (Left::Waits, _) => {
            *bare += 1;
            100 + 100 * *bare
        }
    })
}

fn sync(work: &mut Work<'_, '_>, role: Role, key: &str) {
    match role {
        Role::Deployment => deployment::sync(work, key),
        Role::ReplicaSet => replica_set::sync(work, key),
        Role::StatefulSet => stateful_set::sync(work, key),
        Role::DaemonSet => daemon_set::sync(work, key),
        Role::Endpoints => endpoints::sync(work, key),
        Role::Job | Role::JobPods => job::sync(work, key),
        Role::CronJob => cron_job::sync(work, key),
        Role::Scheduler => scheduler::sync(work, key),
        Role::Kubelet => kubelet::sync(work, key),
    }
}

/// Who has to look because of one change.
fn reactions(cluster: &Cluster, seen: &Seen) -> Vec<(Role, String)> {
    let mut all = Vec::new();
    let mut of = |role, key: &str| all.push((role, key.to_owned()));
    match seen.kind {
        "Deployment" => of(Role::Deployment, &seen.key),
        "StatefulSet" => of(Role::StatefulSet, &seen.key),
        "DaemonSet" => of(Role::DaemonSet, &seen.key),
        "Service" => of(Role::Endpoints, &seen.key),
        "CronJob" => of(Role::CronJob, &seen.key),
        "Job" => {
            of(Role::Job, &seen.key);
            if let Some((kind, key)) = owner(seen)
                && kind == "CronJob"
            {
                of(Role::CronJob, &key);
            }
        }
        "ReplicaSet" => {
            if seen.now.is_some() {
                of(Role::ReplicaSet, &seen.key);
            }
            if let Some(owner) = owner(seen) {
                of(Role::Deployment, &owner.1);
            }
        }
        "Node" => {
            for pod in cluster.cache.all("Pod").filter(|pod| pod::is_unscheduled(pod)) {
                of(Role::Scheduler, &key_of(pod));
            }
            for (key, _) in cluster.cache.every("DaemonSet") {
                of(Role::DaemonSet, key);
            }
        }
        "Pod" => {
            for service in endpoints::concerned(&cluster.cache, seen) {
                of(Role::Endpoints, &service);
            }
            let new = seen.before.is_none() || seen.now.is_none();
            match owner(seen) {
                Some((kind, key)) if kind == "ReplicaSet" => {
                    of(Role::ReplicaSet, &key);
                    // a Deployment that recreates waits for the last old pod
                    if seen.now.is_none()
                        && let Some(set) = cluster.cache.get("ReplicaSet", &key)
                        && let Some(deployment) = controller_of(&set)
                    {
                        let namespace = text(&set, "/metadata/namespace");
                        of(Role::Deployment, &crate::sim::object::key(namespace, text(deployment, "/name")));
                    }
                }
                Some((kind, key)) if kind == "StatefulSet" => of(Role::StatefulSet, &key),
                Some((kind, key)) if kind == "DaemonSet" => of(Role::DaemonSet, &key),
                Some((kind, key)) if kind == "Job" => of(if new { Role::Job } else { Role::JobPods }, &key),
                _ => {}
            }
            match &seen.now {
                Some(pod) if pod::is_unscheduled(pod) => of(Role::Scheduler, &seen.key),
                Some(_) => of(Role::Kubelet, &seen.key),
                None => {
                    of(Role::Kubelet, &seen.key);
                    // its place may be what another one waits for
                    for waiting in cluster.cache.all("Pod").filter(|pod| pod::is_unscheduled(pod)) {
                        of(Role::Scheduler, &key_of(waiting));
                    }
                }
            }
        }
        _ => {}
    }
    all
}

/// Kind and key of the controller of what was seen.
fn owner(seen: &Seen) -> Option<(String, String)> {
    let object = seen.now.as_ref().or(seen.before.as_ref())?;
    let owner = controller_of(object)?;
    let key = crate::sim::object::key(text(object, "/metadata/namespace"), text(owner, "/name"));
    Some((text(owner, "/kind").to_owned(), key))
}

impl Work<'_, '_> {
    /// The moment of this look.
    pub fn at(&self) -> Timestamp {
        self.play.at
    }

    /// The writes of a manager.
    pub fn hand<'a>(&'a self, manager: &'a str) -> Hand<'a> {
        Hand { store: &self.cluster.stage.store, manager, at: self.play.at }
    }

    /// Says something about an object.
    pub fn say(&mut self, object: &Value, said: Said<'_>, component: &str) {
        let cluster = &mut *self.cluster;
        cluster.recorder.say(&cluster.stage.store, object, said, component, None, self.play.at);
    }

    /// Says something about a container of a pod, as its kubelet.
    pub fn say_of(&mut self, pod: &Value, container: &str, said: Said<'_>) {
        let cluster = &mut *self.cluster;
        cluster.recorder.say(&cluster.stage.store, pod, said, "kubelet", Some(container), self.play.at);
    }

    /// Has a controller look at an object no sooner than in a while, whatever is written.
    pub fn busy(&mut self, role: Role, key: &str, wait: Duration) {
        let now = self.play.at;
        // of what is gone nothing is ever written again that would take these back
        self.cluster.busy.retain(|_, until| *until > now);
        self.cluster.busy.insert((role, key.to_owned()), plus(now, wait));
    }

    /// Has a controller look again in a while.
    pub fn again(&mut self, role: Role, key: &str, wait: Duration) {
        let key = key.to_owned();
        self.later(wait, move |work| sync(work, role, &key));
    }

    /// Has a controller look again at a moment, once however many ask for it.
    pub fn once(&mut self, role: Role, key: &str, due: Timestamp) {
        let alarm = (role, key.to_owned(), due);
        if !self.cluster.alarms.insert(alarm.clone()) {
            return;
        }
        let wait = Duration::try_from(due.duration_since(self.play.at)).unwrap_or_default();
        self.later(wait, move |work| {
            work.cluster.alarms.remove(&alarm);
            sync(work, alarm.0, &alarm.1);
        });
    }

    /// A controller was refused what it wanted to create: it tries again, later each time.
    pub fn refused(&mut self, role: Role, key: &str) {
        const LEAST: Duration = Duration::from_secs(1);
        const MOST: Duration = Duration::from_secs(1_000);
        let now = self.play.at;
        // who tried again and was not refused is over it
        self.cluster.refused.retain(|_, refused| refused.due >= now);
        let refused = self.cluster.refused.entry((role, key.to_owned())).or_insert(Refused { since: now, due: now });
        if refused.due > now {
            return;
        }
        let wait = Duration::try_from(now.duration_since(refused.since)).unwrap_or_default().clamp(LEAST, MOST);
        refused.due = plus(now, wait);
        let due = refused.due;
        self.once(role, key, due);
    }

    /// Has something happen in a while.
    pub fn later(&mut self, wait: Duration, act: impl FnOnce(&mut Work<'_, '_>) + Send + 'static) {
        let workloads = self.workloads.clone();
        self.play.agenda.at(plus(self.play.at, wait), move |play| workloads.work(play, act));
    }
}
