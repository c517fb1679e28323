//! What the controllers know of the cluster: objects as they were last seen, parsed once per write.
//!
//! A controller acts on what it has seen and not on what is: within one act its own writes are not here yet. Much of
//! the order in which real controllers write follows from exactly that.

use crate::sim::kinds;
use crate::sim::manifest::meta::text;
use crate::sim::store::Store;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The kinds that controllers react to.
pub(super) const KINDS: [&str; 9] =
    ["Node", "Service", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "CronJob", "Job", "Pod"];

/// One object that was written or removed.
#[derive(Debug)]
pub(super) struct Seen {
    /// Its kind.
    pub kind: &'static str,
    /// `namespace/name`, or the name alone.
    pub key: String,
    /// As it was before, none when it is new.
    pub before: Option<Arc<Value>>,
    /// As it is now, none when it is gone.
    pub now: Option<Arc<Value>>,
}

/// Objects of [`KINDS`] by key, and by the uid of the controller that owns them.
#[derive(Debug, Default)]
pub(super) struct Cache {
    version: u64,
    seen: BTreeMap<&'static str, u64>,
    objects: BTreeMap<&'static str, BTreeMap<String, Arc<Value>>>,
    owned: BTreeMap<String, BTreeSet<(&'static str, String)>>,
}

impl Cache {
    /// Catches up with the store; what changed, by kind and then in the order of the writes.
    pub fn refresh(&mut self, store: &Store) -> Vec<Seen> {
        let version = store.resource_version();
        if version == self.version {
            return Vec::new();
        }
        self.version = version;
        let mut all = Vec::new();
        for kind in KINDS {
            let Some(definition) = kinds::by_kind(kind) else { continue };
            let since = self.seen.get(kind).copied().unwrap_or_default();
            let Ok((changes, complete)) = store.changes(kind, since, usize::MAX) else {
                self.resync(store, kind, &mut all);
                continue;
            };
            self.seen.insert(kind, complete);
            for change in changes {
                let now = (!change.deleted).then(|| change.object.value(definition));
                all.push(self.keep(kind, change.object.key(), now));
            }
        }
        all
    }

    /// History was forgotten in between: everything counts as changed.
    fn resync(&mut self, store: &Store, kind: &'static str, all: &mut Vec<Seen>) {
        let (Some(definition), Ok(snapshot)) = (kinds::by_kind(kind), store.snapshot(kind, None, None)) else { return };
        self.seen.insert(kind, snapshot.resource_version);
        let there: BTreeSet<&str> = snapshot.objects.iter().map(|object| object.key()).collect();
        let known = self.objects.get(kind).into_iter().flat_map(BTreeMap::keys);
        let gone: Vec<String> = known.filter(|key| !there.contains(key.as_str())).cloned().collect();
        for key in gone {
            all.push(self.keep(kind, &key, None));
        }
        for object in &snapshot.objects {
            all.push(self.keep(kind, object.key(), Some(object.value(definition))));
        }
    }

    fn keep(&mut self, kind: &'static str, key: &str, now: Option<Arc<Value>>) -> Seen {
        let objects = self.objects.entry(kind).or_default();
        let before = match &now {
            Some(now) => objects.insert(key.to_owned(), Arc::clone(now)),
            None => objects.remove(key),
        };
        let place = || (kind, key.to_owned());
        if let Some(owner) = before.as_deref().and_then(owner_uid)
            && let Some(owned) = self.owned.get_mut(owner)
        {
            owned.remove(&place());
            if owned.is_empty() {
                self.owned.remove(owner);
            }
        }
        if let Some(owner) = now.as_deref().and_then(owner_uid) {
            self.owned.entry(owner.to_owned()).or_default().insert(place());
        }
        Seen { kind, key: key.to_owned(), before, now }
    }

    /// An object by kind and key.
    pub fn get(&self, kind: &str, key: &str) -> Option<Arc<Value>> {
        self.objects.get(kind)?.get(key).cloned()
    }

    /// All objects of a kind.
    pub fn all(&self, kind: &str) -> impl Iterator<Item = &Arc<Value>> {
        self.objects.get(kind).into_iter().flat_map(BTreeMap::values)
    }

    /// All objects of a kind with their keys.
    pub fn every(&self, kind: &str) -> impl Iterator<Item = (&String, &Arc<Value>)> {
        self.objects.get(kind).into_iter().flatten()
    }

    /// All objects of a kind in one namespace.
    pub fn within(&self, kind: &str, namespace: &str) -> impl Iterator<Item = (&String, &Arc<Value>)> {
        let prefix = format!("{namespace}/");
        let from = self.objects.get(kind).into_iter().flat_map({
            let prefix = prefix.clone();
            move |objects| objects.range(prefix.clone()..)
        });
        from.take_while(move |(key, _)| key.starts_with(&prefix))
    }

    /// Objects of a kind that the object with this uid controls.
    pub fn owned(&self, kind: &str, uid: &str) -> Vec<Arc<Value>> {
        let places = self.owned.get(uid).into_iter().flatten();
        places.filter(|(of, _)| *of == kind).filter_map(|(kind, key)| self.get(kind, key)).collect()
    }
}

/// The entry of `ownerReferences` that controls an object.
pub(super) fn controller_of(object: &Value) -> Option<&Value> {
    object["metadata"]["ownerReferences"].as_array()?.iter().find(|owner| owner["controller"] == true)
}

fn owner_uid(object: &Value) -> Option<&str> {
    controller_of(object)?["uid"].as_str()
}

/// `namespace/name` of an object.
pub(super) fn key_of(object: &Value) -> String {
    crate::sim::object::key(text(object, "/metadata/namespace"), text(object, "/metadata/name"))
}
