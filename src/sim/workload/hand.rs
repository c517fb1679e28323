//! How controllers write: the one place where a controller's wish becomes a write to the store.

use crate::sim::kinds;
use crate::sim::manifest::managed;
use crate::sim::manifest::meta::{suffix, text};
use crate::sim::store::Store;
use crate::sim::time::stamp;
use crate::sim::write::{DeleteOptions, Propagation, Writer};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Who writes, where and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hand<'a> {
    /// The cluster.
    pub store: &'a Store,
    /// The field manager.
    pub manager: &'a str,
    /// The moment.
    pub at: Timestamp,
}

impl Hand<'_> {
    /// Creates an object (named after its `generateName` when it has no name); as it was kept, none when there is one
    /// of that name already.
    pub fn create(&self, mut object: Value, random: &mut fastrand::Rng) -> Option<Value> {
        let kind = text(&object, "/kind").to_owned();
        let namespace = text(&object, "/metadata/namespace").to_owned();
        if object["metadata"]["name"].is_null() {
            let name = format!("{}{}", text(&object, "/metadata/generateName"), suffix(random));
            object["metadata"]["name"] = json!(name);
        }
        let name = text(&object, "/metadata/name").to_owned();
        if self.store.get(&kind, &namespace, &name).is_some() {
            return None;
        }
        let api_version = kinds::by_kind(&kind)?.api_version();
        let part = json!({"metadata": {"labels": object["metadata"]["labels"],
            "ownerReferences": object["metadata"]["ownerReferences"]}, "spec": object["spec"]});
        object["metadata"]["creationTimestamp"] = json!(stamp(self.at));
        object["metadata"]["managedFields"] = json!([managed::entry(&api_version, self.manager, &part, self.at)]);
        self.store.put(object);
        self.store.get(&kind, &namespace, &name)
    }

    /// Changes an object outside its status; as it is then, none when it is gone.
    pub fn change(&self, kind: &str, namespace: &str, name: &str, change: impl FnOnce(&mut Value)) -> Option<Value> {
        self.store.update(kind, namespace, name, change)?;
        self.store.get(kind, namespace, name)
    }

    /// Writes a whole status (and what else of the metadata `also` changes) if it says anything new.
    pub fn status(&self, object: &Value, status: &Value, also: impl FnOnce(&mut Value)) -> Option<Value> {
        let (kind, namespace, name) =
            (text(object, "/kind"), text(object, "/metadata/namespace"), text(object, "/metadata/name"));
        let api_version = kinds::by_kind(kind)?.api_version();
        self.store.update(kind, namespace, name, |live| {
            also(live);
            live["status"] = status.clone();
            let entry = managed::entry_of(&api_version, self.manager, "status", &json!({ "status": status }), self.at);
            if !live["metadata"]["managedFields"].is_array() {
                live["metadata"]["managedFields"] = json!([]);
            }
            if let Some(entries) = live["metadata"]["managedFields"].as_array_mut() {
                entries.retain(|old| old["manager"] != self.manager || old["subresource"] != "status");
                entries.push(entry);
            }
        })?;
        self.store.get(kind, namespace, name)
    }

    /// Asks for an object to be removed. A pod on a node is only marked, and goes once its kubelet has stopped it;
    /// one that ended or never got a node goes at once.
    pub fn delete(&self, object: &Value, grace: Option<i64>) {
        let (kind, namespace, name) =
            (text(object, "/kind"), text(object, "/metadata/namespace"), text(object, "/metadata/name"));
        if kind != "Pod" {
            return self.collect(object, Some(Propagation::Background));
        }
        let Some(live) = self.store.get(kind, namespace, name) else { return };
        if live["metadata"]["uid"] != object["metadata"]["uid"] || live["metadata"]["deletionTimestamp"].is_string() {
            return;
        }
        let ended = matches!(text(&live, "/status/phase"), "Succeeded" | "Failed");
        let asked = grace.or_else(|| live["spec"]["terminationGracePeriodSeconds"].as_i64()).unwrap_or(30);
        let grace = if ended || text(&live, "/spec/nodeName").is_empty() { 0 } else { asked };
        self.mark(&live, grace);
        if grace == 0 {
            self.remove(&live);
        }
    }

    /// Marks an object as going in so many seconds.
    pub fn mark(&self, object: &Value, grace: i64) {
        let (kind, namespace, name) =
            (text(object, "/kind"), text(object, "/metadata/namespace"), text(object, "/metadata/name"));
        let due = crate::sim::time::plus(self.at, std::time::Duration::from_secs(grace.unsigned_abs()));
        self.store.update(kind, namespace, name, |live| {
            live["metadata"]["deletionTimestamp"] = json!(stamp(due));
            live["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
        });
    }

    /// Removes a marked object, unless a finalizer still holds it; who waited for it goes on.
    pub fn remove(&self, object: &Value) {
        let (kind, namespace, name) =
            (text(object, "/kind"), text(object, "/metadata/namespace"), text(object, "/metadata/name"));
        let Some(live) = self.store.get(kind, namespace, name) else { return };
        if live["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty) {
            self.collect(object, None);
        }
    }

    fn collect(&self, object: &Value, propagation: Option<Propagation>) {
        let (kind, namespace, name) =
            (text(object, "/kind"), text(object, "/metadata/namespace"), text(object, "/metadata/name"));
        let uid = Some(text(object, "/metadata/uid").to_owned());
        let options = DeleteOptions { grace: Some(0), propagation, uid, ..DeleteOptions::default() };
        // what is gone meanwhile, or another of the same name, needs no removal
        if let Err(failure) = Writer::new(self.store, self.manager).delete(kind, namespace, name, &options) {
            tracing::debug!(%failure, "nothing to remove");
        }
    }
}
