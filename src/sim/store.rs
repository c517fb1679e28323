//! One cluster's objects: written by the world, read and watched by the API server.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::clock::Clock;
use super::history::{Change, Expired, History};
use super::kinds::{self, Generation, KINDS, Kind};
use super::object::{self, Object};

/// A cluster's objects with their history; clones share them.
#[derive(Debug, Clone)]
pub struct Store(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    resource_version: u64,
    random: fastrand::Rng,
    shelves: HashMap<&'static str, Shelf>,
}

#[derive(Debug)]
struct Shelf {
    objects: BTreeMap<Box<str>, Arc<Object>>,
    history: History,
    /// The version of the last change; watches wait on it.
    changed: watch::Sender<u64>,
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
        let shelf = || Shelf { objects: BTreeMap::new(), history: History::default(), changed: watch::Sender::new(0) };
        let shelves = KINDS.iter().filter(|k| k.is_stored()).map(|k| (k.kind, shelf())).collect();
        let state = State { resource_version: 1, random: fastrand::Rng::with_seed(seed), shelves };
        Self(Arc::new(Shared { clock, state: Mutex::new(state) }))
    }

    /// The present moment of this cluster.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Creates or replaces an object by kind, namespace and name, and tells the watchers.
    ///
    /// Fills uid, creation time, generation and resource version as an API server would; what the caller gives for uid,
    /// creation time and generation is kept when the object is new. Returns the object's version: the old one when
    /// nothing changed. An object of a type the world does not serve, or without a name, is refused (logged, and the
    /// store's version returned).
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn put(&self, object: Value) -> u64 {
        self.state().put(&self.0.clock, object)
    }

    /// Changes an object in place; none when it does not exist. `f` sees it whole, with `apiVersion` and `kind`.
    pub fn update(&self, kind: &str, namespace: &str, name: &str, f: impl FnOnce(&mut Value)) -> Option<u64> {
        let kind = kinds::by_kind(kind)?;
        let mut state = self.state();
        let mut value = state.shelves.get(kind.kind)?.objects.get(&*object::key(namespace, name))?.to_value(kind);
        f(&mut value);
        Some(state.put(&self.0.clock, value))
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
        let Some(kind) = kinds::by_kind(kind) else { return false };
        let mut state = self.state();
        let State { resource_version, shelves, .. } = &mut *state;
        let Some(shelf) = shelves.get_mut(kind.kind) else { return false };
        let Some(before) = shelf.objects.remove(&*object::key(namespace, name)) else { return false };
        *resource_version += 1;
        let object = Arc::new(before.at(kind, *resource_version));
        shelf.record(Change { resource_version: *resource_version, before: Some(before), object, deleted: true });
        true
    }

    /// All objects of a kind, or those of one namespace, in the order of namespace and name.
    #[must_use]
    pub fn list(&self, kind: &str, namespace: Option<&str>) -> Vec<Value> {
        let Some(kind) = kinds::by_kind(kind) else { return Vec::new() };
        let Ok(snapshot) = self.snapshot(kind.kind, namespace, None) else { return Vec::new() };
        snapshot.objects.iter().map(|o| o.to_value(kind)).collect()
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
        let mut state = self.state();
        let State { resource_version, shelves, .. } = &mut *state;
        for shelf in shelves.values_mut() {
            shelf.history.compact(*resource_version);
        }
    }

    /// An object as it is kept.
    pub(super) fn object(&self, kind: &str, namespace: &str, name: &str) -> Option<Arc<Object>> {
        self.state().shelves.get(kind)?.objects.get(&*object::key(namespace, name)).cloned()
    }

    /// The objects of a kind, now or as they stood at a version.
    pub(super) fn snapshot(&self, kind: &str, namespace: Option<&str>, at: Option<u64>) -> Result<Snapshot, Expired> {
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
    pub(super) fn changes(&self, kind: &str, since: u64, max: usize) -> Result<(Vec<Change>, u64), Expired> {
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
    pub(super) fn subscribe(&self, kind: &str) -> watch::Receiver<u64> {
        let state = self.state();
        state.shelves.get(kind).map_or_else(|| watch::Sender::new(0).subscribe(), |s| s.changed.subscribe())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // a panic in a caller's closure happens before anything is written, so the state is whole
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn record(&mut self, change: Change) {
        let version = change.resource_version;
        self.history.push(change);
        self.changed.send_replace(version);
    }
}

impl State {
    fn put(&mut self, clock: &Clock, mut value: Value) -> u64 {
        let identity = identify(&mut value, &mut self.random);
        let (Some((kind, key)), Some(object)) = (identity, value.as_object_mut()) else {
            tracing::error!(kind = %value["kind"], name = %value["metadata"]["name"], "the world cannot keep this object");
            return self.resource_version;
        };
        let Some(shelf) = self.shelves.get_mut(kind.kind) else { return self.resource_version };
        let before = shelf.objects.get(&*key).cloned();
        let rest = object::rest(object);
        let version = self.resource_version + 1;
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return version - 1 };
        metadata.remove("resourceVersion");
        if let Some(before) = &before {
            let old: Map<String, Value> = serde_json::from_slice(before.metadata()).unwrap_or_default();
            for field in ["uid", "creationTimestamp", "generation"] {
                match old.get(field) {
                    Some(value) => drop(metadata.insert(field.to_owned(), value.clone())),
                    None => drop(metadata.remove(field)),
                }
            }
            let same_rest = before.rest() == rest;
            if same_rest && metadata.len() + 1 == old.len() && metadata.iter().all(|(k, v)| old.get(k) == Some(v)) {
                return before.resource_version;
            }
            let moved = match kind.generation {
                Generation::Absent => false,
                Generation::Whole => !same_rest,
                Generation::Spec => !same_rest && spec(before.rest()) != spec(&rest),
            };
            if moved && let Some(generation) = metadata.get("generation").and_then(Value::as_u64) {
                metadata.insert("generation".to_owned(), (generation + 1).into());
            }
        } else {
            metadata.entry("uid").or_insert_with(|| uid(&mut self.random).into());
            let now = Timestamp::from_second(clock.now().as_second()).unwrap_or_default();
            metadata.entry("creationTimestamp").or_insert_with(|| now.to_string().into());
            if kind.generation != Generation::Absent {
                metadata.entry("generation").or_insert_with(|| 1.into());
            }
        }
        metadata.insert("resourceVersion".to_owned(), version.to_string().into());
        let object = Arc::new(Object::new(kind, &value, &rest, version));
        self.resource_version = version;
        shelf.objects.insert(key.into(), Arc::clone(&object));
        shelf.record(Change { resource_version: version, before, object, deleted: false });
        version
    }
}

/// Finds kind and key, after putting namespace and name in order; none when the object cannot be kept.
fn identify(value: &mut Value, random: &mut fastrand::Rng) -> Option<(&'static Kind, String)> {
    let kind = kinds::by_kind(value["kind"].as_str()?).filter(|k| k.is_stored())?;
    let metadata = value.get_mut("metadata")?.as_object_mut()?;
    if kind.namespaced {
        metadata.entry("namespace").or_insert_with(|| "default".into());
    } else {
        metadata.remove("namespace");
    }
    if !metadata.contains_key("name") {
        let suffix: String =
            (0..5).filter_map(|_| random.choice(b"bcdfghjklmnpqrstvwxz2456789")).map(|b| char::from(*b)).collect();
        let name = format!("{}{suffix}", metadata.get("generateName")?.as_str()?);
        metadata.insert("name".to_owned(), name.into());
    }
    let namespace = metadata.get("namespace").and_then(Value::as_str).unwrap_or_default();
    let name = metadata.get("name")?.as_str().filter(|n| !n.is_empty())?;
    let key = object::key(namespace, name);
    Some((kind, key))
}

/// The spec within what follows the metadata, as text; both sides were written by the same encoder.
fn spec(rest: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Spec<'a> {
        #[serde(borrow)]
        spec: Option<&'a RawValue>,
    }
    let mut whole = b"{\"\":0".to_vec();
    whole.extend_from_slice(rest);
    let parsed: Spec<'_> = serde_json::from_slice(&whole).ok()?;
    parsed.spec.map(|s| s.get().to_owned())
}

/// A random (version 4) UUID.
fn uid(random: &mut fastrand::Rng) -> String {
    let mut text = format!("{:032x}", random.u128(..) & !(0xf << 76) & !(0x3 << 62) | 4 << 76 | 2 << 62);
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}
