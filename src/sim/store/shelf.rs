//! Writing: what an API server does to an object before it is kept.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Weak};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::super::clock::Clock;
use super::super::history::{Change, History};
use super::super::kinds::{self, Generation, Kind};
use super::super::object::{self, Object};

/// Everything a store holds.
#[derive(Debug)]
pub(super) struct State {
    pub resource_version: u64,
    pub random: fastrand::Rng,
    pub shelves: HashMap<&'static str, Shelf>,
}

/// The objects of one kind.
#[derive(Debug)]
pub(super) struct Shelf {
    pub objects: BTreeMap<Box<str>, Arc<Object>>,
    pub history: History,
    /// The version of the last change; watches wait on it.
    pub changed: watch::Sender<u64>,
    /// What was last written, oldest first: objects kept as values, too, since somebody is about to look at them. Those
    /// that were replaced since are not held by this.
    pub recent: VecDeque<Weak<Object>>,
}

/// Objects of a kind that are kept as values beside their bytes.
const RECENT: usize = 512;

impl Shelf {
    /// Keeps a change and wakes the watchers.
    pub fn record(&mut self, change: Change) {
        let version = change.resource_version;
        self.history.push(change);
        self.changed.send_replace(version);
    }

    /// Keeps an object as a value, and no longer the oldest of those that are.
    fn parsed(&mut self, object: &Arc<Object>, value: Arc<Value>) {
        object.keep(Some(value));
        self.recent.push_back(Arc::downgrade(object));
        if self.recent.len() > RECENT
            && let Some(oldest) = self.recent.pop_front().and_then(|oldest| oldest.upgrade())
        {
            oldest.keep(None);
        }
    }
}

impl State {
    /// Creates or replaces an object; the store's version when it cannot be kept. `moved` counts the generation up
    /// whatever changed.
    pub fn put(&mut self, clock: &Clock, mut value: Value, rest: Option<Vec<u8>>, moved: bool) -> u64 {
        let identity = identify(&mut value, &mut self.random);
        let (Some((kind, key)), Some(object)) = (identity, value.as_object_mut()) else {
            tracing::error!(kind = %value["kind"], name = %value["metadata"]["name"], "the world cannot keep this object");
            return self.resource_version;
        };
        let Some(shelf) = self.shelves.get_mut(kind.kind) else { return self.resource_version };
        let before = shelf.objects.get(&*key).cloned();
        let whole = rest.is_none();
        let rest = rest.unwrap_or_else(|| object::rest(object));
        let place = kind.fields.iter().position(|(field, _)| *field == "spec.nodeName");
        let unplaced =
            |before: &Arc<Object>| place.and_then(|at| before.fields.get(at)).is_some_and(|node| node.is_empty());
        let bound = before.as_ref().is_some_and(unplaced)
            && object.get("spec").is_some_and(|spec| spec["nodeName"].is_string());
        let was = before.as_ref().map(|before| before.value(kind));
        let same_spec = |old: &Value, before: &Object| {
            if whole {
                old.get("spec") == object.get("spec")
            } else {
                text_of_spec(before.rest()) == text_of_spec(&rest)
            }
        };
        let other_spec = kind.generation == Generation::Spec
            && was.as_deref().zip(before.as_deref()).is_some_and(|(old, before)| !same_spec(old, before));
        let version = self.resource_version + 1;
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return version - 1 };
        metadata.remove("resourceVersion");
        if let (Some(before), Some(was)) = (&before, &was) {
            let nothing = Map::new();
            let old = was["metadata"].as_object().unwrap_or(&nothing);
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
            let changed = match kind.generation {
                Generation::Absent => false,
                Generation::Whole => !same_rest,
                Generation::Spec => !same_rest && other_spec,
            };
            // a pod that is bound to a node is what was wanted all along; a first mark for deletion is something new
            let marked = |metadata: &Map<String, Value>| metadata.contains_key("deletionTimestamp");
            let marks = kind.generation != Generation::Absent && marked(metadata) && !marked(old);
            let moved = moved || marks || (changed && !bound);
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
        if whole {
            value["apiVersion"] = kind.api_version().into();
            shelf.parsed(&object, Arc::new(value));
        }
        if let Some(before) = &before {
            before.keep(None);
        }
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
        let name = format!("{}{}", metadata.get("generateName")?.as_str()?, suffix(random));
        metadata.insert("name".to_owned(), name.into());
    }
    let namespace = metadata.get("namespace").and_then(Value::as_str).unwrap_or_default();
    let name = metadata.get("name")?.as_str().filter(|n| !n.is_empty())?;
    let key = object::key(namespace, name);
    Some((kind, key))
}

/// The spec within what follows the metadata, as text; both sides were written by the same encoder.
fn text_of_spec(rest: &[u8]) -> Option<String> {
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

/// The random tail of a generated name.
pub(super) fn suffix(random: &mut fastrand::Rng) -> String {
    (0..5).filter_map(|_| random.choice(b"bcdfghjklmnpqrstvwxz2456789")).map(|b| char::from(*b)).collect()
}

/// A random (version 4) UUID.
pub(super) fn uid(random: &mut fastrand::Rng) -> String {
    let mut text = format!("{:032x}", random.u128(..) & !(0xf << 76) & !(0x3 << 62) | 4 << 76 | 2 << 62);
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}
