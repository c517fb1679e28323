//! Replacing an object by another version of it.

use std::sync::Arc;

use serde_json::Value;

use super::super::kinds::Kind;
use super::super::object::Object;
use super::super::status::Failure;
use super::options::{Address, Written};
use super::owners::{Operation, Owners};
use super::writer::{Sent, Writer, loose, same_version, set};
use super::{admit, defaults};

impl Writer {
    /// Replaces an object by what `make` makes of it, again if somebody else wrote meanwhile.
    pub(super) fn revise(
        &self,
        address: &Address,
        sent: Sent,
        mut make: impl FnMut(&Value) -> Result<Value, Failure>,
    ) -> Result<Written, Failure> {
        let kind = address.kind;
        loop {
            let live = self.find(address).ok_or_else(|| Failure::not_found(kind, &address.name))?;
            let old = live.to_value(kind);
            let mut new = make(&old)?;
            same_version(address, &new, &live)?;
            admit::same(address, &new, &old)?;
            let reset = is_reset(&new["metadata"]["managedFields"]);
            self.settle(kind, &mut new, &old);
            defaults::numbers(kind, &mut new);
            let warnings = self.unknown(kind, &mut new, Some(&old), sent)?;
            defaults::fill(kind, &mut new);
            admit::check(&self.store, kind, &new, Some(&old))?;
            let mut owners = if reset { Owners::default() } else { Owners::read(&old) };
            owners.update(kind.is_custom(), &old, &new, &self.owner(kind, Operation::Update), &self.now());
            owners.write(&mut new);
            if let Some(written) = self.keep(address, &live, new, &warnings) {
                return Ok(written);
            }
        }
    }

    /// Keeps a new version; none when somebody else was faster. An object that only waited for its last finalizer goes.
    pub(super) fn keep(
        &self,
        address: &Address,
        live: &Arc<Object>,
        new: Value,
        warnings: &[String],
    ) -> Option<Written> {
        let kind = address.kind;
        let written = |object| Some(Written { kind, object, created: false, warnings: warnings.to_vec() });
        if self.dry_run {
            return written(loose(kind, &new));
        }
        if super::delete::is_over(&new) {
            let last = self.store.withdraw(kind, &new, live.resource_version).ok()?;
            self.released(kind, &last);
            return written(last);
        }
        written(self.store.commit(kind, new, Some(live.resource_version), false).ok()?)
    }

    /// Puts back what a write through this subresource does not reach.
    fn settle(&self, kind: &Kind, new: &mut Value, old: &Value) {
        if self.subresource == "status" {
            let status = new.get("status").cloned();
            let annotations = new["metadata"].get("annotations").cloned();
            *new = old.clone();
            set(new, "status", status);
            if !kind.is_custom()
                && let Some(metadata) = new.get_mut("metadata")
            {
                set(metadata, "annotations", annotations);
            }
            return;
        }
        if self.subresource == "ephemeralcontainers" {
            let list = new["spec"].get("ephemeralContainers").cloned();
            *new = old.clone();
            if let Some(spec) = new.get_mut("spec") {
                set(spec, "ephemeralContainers", list);
            }
            return;
        }
        if kind.has_status() {
            set(new, "status", old.get("status").cloned());
        }
        if !new["metadata"].is_object() {
            new["metadata"] = Value::Object(serde_json::Map::new());
        }
        for field in [
            "name",
            "namespace",
            "uid",
            "creationTimestamp",
            "generation",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "managedFields",
            "resourceVersion",
            "generateName",
        ] {
            set(&mut new["metadata"], field, old["metadata"].get(field).cloned());
        }
        for field in ["apiVersion", "kind"] {
            set(new, field, old.get(field).cloned());
        }
    }
}

/// A client that sends an empty list, or a list of one empty entry, wants to start anew.
fn is_reset(fields: &Value) -> bool {
    fields
        .as_array()
        .is_some_and(|list| list.iter().all(|entry| entry.as_object().is_some_and(serde_json::Map::is_empty)))
}
