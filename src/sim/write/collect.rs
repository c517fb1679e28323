//! Garbage collection: what goes with an owner, what stays, and who was waiting for whom.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::kinds::{KINDS, Kind};
use super::super::object::Object;
use super::super::store::{Chore, Work};
use super::delete::{DeleteOptions, Deleted, FOREGROUND, Propagation};
use super::options::Address;
use super::writer::Writer;

/// The manager that the server's own controllers write as.
pub(in crate::sim) const MANAGER: &str = "kube-controller-manager";

impl Writer {
    /// To be called when an object has left the store: takes its dependents along, and lets go whoever waited for it.
    pub(super) fn released(&self, kind: &'static Kind, gone: &Arc<Object>) {
        self.leave(Chore { kind, object: Arc::clone(gone), work: Work::Gone });
    }

    /// To be called when an object is marked to go after what it owns.
    pub(super) fn clear(&self, kind: &'static Kind, owner: &Arc<Object>) {
        self.leave(Chore { kind, object: Arc::clone(owner), work: Work::Waits });
    }

    /// Leaves work to the garbage collector; does it itself where there is none.
    fn leave(&self, chore: Chore) {
        if let Err(chore) = self.store.garbage().leave(chore) {
            self.collector().collect(&chore);
        }
    }

    /// Does what is left to do about an owner that is gone or going.
    pub(in crate::sim) fn collect(&self, chore: &Chore) {
        let value = chore.object.to_value(chore.kind);
        match chore.work {
            Work::Gone => {
                for (dependent, object) in self.dependents(chore.kind, &chore.object, &value) {
                    if self.has_another_owner(&object, &value) {
                        self.disown(dependent, &object, &value);
                    } else {
                        self.discard(dependent, &object, Propagation::Background);
                    }
                }
                for reference in value["metadata"]["ownerReferences"].as_array().into_iter().flatten() {
                    self.finish(reference, chore.object.namespace());
                }
                if !chore.object.namespace().is_empty() {
                    self.close(chore.object.namespace());
                }
            }
            Work::Waits => {
                for (dependent, object) in self.dependents(chore.kind, &chore.object, &value) {
                    // what owns nothing has nothing to wait for
                    let owns = !self.dependents(dependent, &object, &object.to_value(dependent)).is_empty();
                    let propagation = if owns { Propagation::Foreground } else { Propagation::Background };
                    self.discard(dependent, &object, propagation);
                }
                let (name, uid) = (chore.object.name(), &value["metadata"]["uid"]);
                self.finish(&json!({"kind": chore.kind.kind, "name": name, "uid": uid}), chore.object.namespace());
            }
        }
    }

    /// Lets go of what an object owns.
    pub(super) fn orphan(&self, kind: &'static Kind, owner: &Arc<Object>) {
        let value = owner.to_value(kind);
        for (dependent, object) in self.dependents(kind, owner, &value) {
            self.disown(dependent, &object, &value);
        }
    }

    /// Deletes everything in a namespace, and the namespace when it is empty.
    pub(super) fn empty(&self, namespace: &str) {
        let collector = self.collector();
        for kind in KINDS.iter().filter(|k| k.namespaced && k.is_stored() && !k.is_alias()) {
            let Ok(snapshot) = self.store.snapshot(kind.kind, Some(namespace), None) else { continue };
            for object in snapshot.objects {
                collector.discard(kind, &object, Propagation::Background);
            }
        }
        collector.close(namespace);
    }

    fn collector(&self) -> Self {
        Self { moment: self.moment, ..Self::new(&self.store, MANAGER) }
    }

    /// Removes a namespace that is going and has nothing left in it.
    fn close(&self, namespace: &str) {
        let Ok(address) = Address::new("Namespace", "", namespace) else { return };
        let Some(live) = self.find(&address) else { return };
        let value = live.to_value(address.kind);
        if value["metadata"]["deletionTimestamp"].is_null() {
            return;
        }
        let is_empty = |kind: &Kind| {
            self.store.snapshot(kind.kind, Some(namespace), None).is_ok_and(|snapshot| snapshot.objects.is_empty())
        };
        if KINDS.iter().filter(|k| k.namespaced && k.is_stored() && !k.is_alias()).all(is_empty) {
            // whoever wrote in between comes by here again
            let _ = self.store.withdraw(address.kind, &value, live.resource_version);
        }
    }

    fn dependents(&self, kind: &Kind, owner: &Object, value: &Value) -> Vec<(&'static Kind, Arc<Object>)> {
        let Some(uid) = value["metadata"]["uid"].as_str() else { return Vec::new() };
        let namespace = Some(owner.namespace()).filter(|_| kind.namespaced);
        let mut found = self.store.mentions(namespace, uid);
        found.retain(|(_, object)| references(object).iter().any(|reference| reference["uid"] == uid));
        found
    }

    fn has_another_owner(&self, dependent: &Object, owner: &Value) -> bool {
        references(dependent).iter().filter(|r| r["uid"] != owner["metadata"]["uid"]).any(|reference| {
            self.owner_of(reference, dependent.namespace())
                .is_some_and(|(_, there)| there["metadata"]["deletionTimestamp"].is_null())
        })
    }

    /// The object that a reference names, if it is still that one.
    fn owner_of(&self, reference: &Value, namespace: &str) -> Option<(Address, Value)> {
        let text = |field: &str| reference[field].as_str().unwrap_or_default();
        let address = Address::new(text("kind"), namespace, text("name")).ok()?;
        let value = self.find(&address)?.to_value(address.kind);
        (value["metadata"]["uid"] == reference["uid"]).then_some((address, value))
    }

    fn disown(&self, kind: &'static Kind, dependent: &Object, owner: &Value) {
        let uid = &owner["metadata"]["uid"];
        // one that is gone meanwhile needs no change
        let _ = self.edit(kind.kind, dependent.namespace(), dependent.name(), |object| {
            let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
            if let Some(list) = metadata.get_mut("ownerReferences").and_then(Value::as_array_mut) {
                list.retain(|reference| reference["uid"] != *uid);
                if list.is_empty() {
                    metadata.remove("ownerReferences");
                }
            }
        });
    }

    fn discard(&self, kind: &'static Kind, object: &Object, propagation: Propagation) {
        let options = DeleteOptions { propagation: Some(propagation), ..DeleteOptions::default() };
        match self.delete(kind.kind, object.namespace(), object.name(), &options) {
            Ok(Deleted::Gone(_) | Deleted::Waits(_)) => {}
            Err(failure) => tracing::debug!(%failure, "nothing to collect"),
        }
    }

    /// Lets an owner go that waited for its dependents, once none holds it.
    fn finish(&self, reference: &Value, namespace: &str) {
        let found = self.owner_of(reference, namespace).or_else(|| self.owner_of(reference, ""));
        let Some((address, value)) = found else { return };
        let waits = super::delete::finalizers(&value).contains(&json!(FOREGROUND));
        if !waits || value["metadata"]["deletionTimestamp"].is_null() {
            return;
        }
        let Some(live) = self.find(&address) else { return };
        let holds = |(_, object): &(&Kind, Arc<Object>)| {
            references(object)
                .iter()
                .any(|r| r["uid"] == value["metadata"]["uid"] && r["blockOwnerDeletion"].as_bool().unwrap_or(false))
        };
        if self.dependents(address.kind, &live, &value).iter().any(holds) {
            return;
        }
        let _ = self.edit(address.kind.kind, &address.namespace, &address.name, |object| {
            let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
            if let Some(list) = metadata.get_mut("finalizers").and_then(Value::as_array_mut) {
                list.retain(|finalizer| finalizer != FOREGROUND);
                if list.is_empty() {
                    metadata.remove("finalizers");
                }
            }
        });
    }
}

fn references(object: &Object) -> Vec<Value> {
    let metadata: Value = serde_json::from_slice(object.metadata()).unwrap_or_default();
    metadata["ownerReferences"].as_array().cloned().unwrap_or_default()
}
