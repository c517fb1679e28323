//! Reading and writing a cluster's objects.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::watch;

use super::super::clock::Clock;
use super::super::history::{Change, Expired, History};
use super::super::kinds::{self, KINDS, Kind};
use super::super::logs::Logs;
use super::super::network::Network;
use super::super::object::{self, Object};
use super::super::process::Exits;
use super::garbage::Garbage;
use super::shelf::{Shelf, State};

/// A cluster's objects with their history; clones share them.
#[derive(Debug, Clone)]
pub struct Store(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    clock: Clock,
    state: Mutex<State>,
    logs: Logs,
    network: Network,
    exits: Exits,
    garbage: Garbage,
    /// Seconds by which this cluster's clock is ahead of the world's.
    skew: Arc<AtomicI64>,
}

/// The objects of one kind as they stood at one version.
#[derive(Debug)]
pub struct Snapshot {
    /// In the order of their keys.
    pub objects: Vec<Arc<Object>>,
    /// The version the snapshot is of.
    pub resource_version: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self::new()
    }
}

impl Store {
    /// An empty cluster on the machine's time, with random uids.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Clock::wall(), fastrand::u64(..))
    }

    /// An empty cluster on `clock`, whose uids and generated names follow from `seed`.
    #[must_use]
    pub fn with(clock: Clock, seed: u64) -> Self {
        let shelf = || Shelf {
            objects: BTreeMap::new(),
            history: History::default(),
            changed: watch::Sender::new(0),
            recent: VecDeque::new(),
        };
        let shelves = KINDS.iter().filter(|k| k.is_stored()).map(|k| (k.kind, shelf())).collect();
        let state = State { resource_version: 1, random: fastrand::Rng::with_seed(seed), shelves };
        let skew = Arc::new(AtomicI64::new(0));
        let clock = {
            let skew = Arc::clone(&skew);
            Clock::new(move || {
                let ahead = SignedDuration::from_secs(skew.load(Ordering::Relaxed));
                clock.now().saturating_add(ahead).unwrap_or(Timestamp::MAX)
            })
        };
        let network = Network::new(clock.clone());
        let (logs, exits, garbage) = (Logs::default(), Exits::default(), Garbage::default());
        Self(Arc::new(Shared { clock, state: Mutex::new(state), logs, network, exits, garbage, skew }))
    }

    /// Whether both are the same cluster.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The present moment of this cluster.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Creates or replaces an object by kind, namespace and name, and tells the watchers.
    ///
    /// Fills uid, creation time, generation and resource version as an API server would; what the caller gives for uid,
    /// creation time and generation is kept when the object is new. Events are given in their core spelling. Returns the object's version: the old one when
    /// nothing changed. An object of a type the world does not serve, or without a name, is refused (logged, and the
    /// store's version returned).
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn put(&self, object: Value) -> u64 {
        self.keep(&mut self.state(), object, false)
    }

    /// What the containers of this cluster print.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.0.logs
    }

    /// Sets this cluster's clock ahead of the world's by so many seconds, or behind it.
    pub fn skew(&self, ahead: i64) {
        self.0.skew.store(ahead, Ordering::Relaxed);
    }

    /// Which processes of this cluster ended by themselves.
    #[must_use]
    pub fn exits(&self) -> &Exits {
        &self.0.exits
    }

    /// What is left to do about owners that are gone or going.
    #[must_use]
    pub fn garbage(&self) -> &Garbage {
        &self.0.garbage
    }

    /// What listens in the pods of this cluster, and who is connected.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.0.network
    }

    pub(super) fn keep(&self, state: &mut State, object: Value, moved: bool) -> u64 {
        let pod = (object["kind"] == "Pod").then(|| {
            let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
            object::key(&text("namespace"), &text("name"))
        });
        let version = state.put(&self.0.clock, object, None, moved);
        // as it was kept, under the same lock: runs begin and end in the order of the writes
        let kept = pod.and_then(|key| state.shelves.get("Pod")?.objects.get(&*key).cloned());
        if let (Some(kept), Some(kind)) = (kept, kinds::by_kind("Pod")) {
            self.0.logs.observe(&kept.value(kind), self.0.clock.now());
        }
        version
    }

    /// Creates an object most of which is text already: `head` has type, metadata and what selectors and printer
    /// columns look at; `rest` is everything but type and metadata, as `,"spec":…,"status":…}`.
    ///
    /// For thousands of objects made from text: parsing and writing them costs more than everything else.
    pub fn put_text(&self, head: Value, rest: Vec<u8>) {
        self.state().put(&self.0.clock, head, Some(rest), false);
    }

    /// Changes an object in place; none when it does not exist. `f` sees it whole, with `apiVersion` and `kind`, and
    /// must not use the store, which is locked meanwhile.
    pub fn update(&self, kind: &str, namespace: &str, name: &str, f: impl FnOnce(&mut Value)) -> Option<u64> {
        let kind = kinds::by_kind(kind)?;
        let mut state = self.state();
        let mut value = state.shelves.get(kind.kind)?.objects.get(&*object::key(namespace, name))?.to_value(kind);
        f(&mut value);
        Some(self.keep(&mut state, value, false))
    }

    /// An object, whole.
    #[must_use]
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        let kind = kinds::by_kind(kind)?;
        Some(self.object(kind.kind, namespace, name)?.to_value(kind))
    }

    /// Removes an object at once, whatever its finalizers; false when there was none.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn delete(&self, kind: &str, namespace: &str, name: &str) -> bool {
        let taken = |kind| self.take(&mut self.state(), kind, &object::key(namespace, name), None);
        kinds::by_kind(kind).and_then(taken).is_some()
    }

    /// Removes an object; as watchers are told of it, which is as it was or as `last` has it.
    pub(super) fn take(
        &self,
        state: &mut State,
        kind: &'static Kind,
        key: &str,
        last: Option<&Value>,
    ) -> Option<Arc<Object>> {
        let State { resource_version, shelves, .. } = state;
        let shelf = shelves.get_mut(kind.kind)?;
        let before = shelf.objects.remove(key)?;
        *resource_version += 1;
        let version = *resource_version;
        let object = Arc::new(last.map_or_else(|| before.at(kind, version), |last| Object::last(kind, last, version)));
        before.keep(None);
        let told = Arc::clone(&object);
        shelf.record(Change { resource_version: version, before: Some(before), object, deleted: true });
        if kind.kind == "Pod" {
            self.0.logs.forget(key, self.0.clock.now());
        }
        Some(told)
    }

    /// All objects of a kind, or those of one namespace, in the order of namespace and name.
    #[must_use]
    pub fn list(&self, kind: &str, namespace: Option<&str>) -> Vec<Value> {
        self.values(kind, namespace).into_iter().map(Arc::unwrap_or_clone).collect()
    }

    /// The same, shared with whoever has them at hand: for those who only read.
    #[must_use]
    pub fn values(&self, kind: &str, namespace: Option<&str>) -> Vec<Arc<Value>> {
        let Some(kind) = kinds::by_kind(kind) else { return Vec::new() };
        let Ok(snapshot) = self.snapshot(kind.kind, namespace, None) else { return Vec::new() };
        snapshot.objects.iter().map(|object| object.value(kind)).collect()
    }

    /// How many objects of a kind there are.
    #[must_use]
    pub fn len(&self, kind: &str) -> usize {
        self.state().shelves.get(kind).map_or(0, |s| s.objects.len())
    }

    /// Whether there is no object at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state().shelves.values().all(|s| s.objects.is_empty())
    }

    /// The version of the last write.
    #[must_use]
    pub fn resource_version(&self) -> u64 {
        self.state().resource_version
    }

    /// Moves the version counter on, as writes to types nobody looks at would; never backwards.
    pub fn advance(&self, resource_version: u64) {
        let mut state = self.state();
        state.resource_version = state.resource_version.max(resource_version);
    }

    /// Forgets all history: a watch from any older version is answered with 410.
    pub fn compact(&self) {
        let version = self.resource_version();
        self.compact_to(version);
    }

    /// Forgets the history up to a version.
    pub fn compact_to(&self, resource_version: u64) {
        for shelf in self.state().shelves.values_mut() {
            shelf.history.compact(resource_version);
        }
    }

    /// An object as it is kept.
    pub(in crate::sim) fn object(&self, kind: &str, namespace: &str, name: &str) -> Option<Arc<Object>> {
        self.state().shelves.get(kind)?.objects.get(&*object::key(namespace, name)).cloned()
    }

    /// The objects of a kind, now or as they stood at a version.
    pub(in crate::sim) fn snapshot(
        &self,
        kind: &str,
        namespace: Option<&str>,
        at: Option<u64>,
    ) -> Result<Snapshot, Expired> {
        let state = self.state();
        let Some(shelf) = state.shelves.get(kind) else {
            return Ok(Snapshot { objects: Vec::new(), resource_version: state.resource_version });
        };
        let prefix = namespace.map(|n| format!("{n}/")).unwrap_or_default();
        let at = at.unwrap_or(state.resource_version);
        let mut undone: BTreeMap<&str, Option<&Arc<Object>>> = BTreeMap::new();
        if at < state.resource_version {
            for change in shelf.history.since(at)?.rev() {
                undone.insert(change.object.key(), change.before.as_ref());
            }
        }
        let mut objects: Vec<Arc<Object>> = shelf
            .objects
            .range::<str, _>((Bound::Included(&*prefix), Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(&*prefix))
            .filter(|(key, _)| !undone.contains_key(&***key))
            .map(|(_, object)| Arc::clone(object))
            .collect();
        if !undone.is_empty() {
            objects.extend(
                undone.into_iter().filter(|(key, _)| key.starts_with(&*prefix)).filter_map(|(_, o)| o.cloned()),
            );
            objects.sort_unstable_by(|a, b| a.key().cmp(b.key()));
        }
        Ok(Snapshot { objects, resource_version: at })
    }

    /// Up to `max` changes of a kind after a version, and the version up to which they are complete.
    pub(in crate::sim) fn changes(&self, kind: &str, since: u64, max: usize) -> Result<(Vec<Change>, u64), Expired> {
        let state = self.state();
        let Some(shelf) = state.shelves.get(kind) else { return Ok((Vec::new(), state.resource_version)) };
        let changes: Vec<Change> = shelf.history.since(since)?.take(max).cloned().collect();
        let complete = match changes.last() {
            Some(last) if changes.len() == max => last.resource_version,
            _ => state.resource_version.max(since),
        };
        Ok((changes, complete))
    }

    /// Wakes at every change of a kind.
    pub(in crate::sim) fn subscribe(&self, kind: &str) -> watch::Receiver<u64> {
        let state = self.state();
        state.shelves.get(kind).map_or_else(|| watch::Sender::new(0).subscribe(), |s| s.changed.subscribe())
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // a panic in a caller's closure happens before anything is written, so the state is whole
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
