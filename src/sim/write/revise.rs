//! Replacing an object by another version of it.

use std::sync::Arc;

use serde_json::Value;

use super::super::kinds::Kind;
use super::super::object::Object;
use super::super::status::Failure;
use super::options::{Address, Written};
use super::owners::{Operation, Owners};
use super::writer::{Sent, Writer, loose, same_version, set};
use super::{admit, defaults, quota};

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
            let old = live.value(kind);
            let mut new = make(&old)?;
            same_version(address, &new, &live)?;
            admit::same(address, &new, &old)?;
            let reset = is_reset(&new["metadata"]["managedFields"]);
            self.settle(kind, &mut new, &old);
            defaults::numbers(kind, &mut new);
            let warnings = self.unknown(kind, &mut new, Some(&old), sent)?;
            self.nulls(kind, &mut new);
            defaults::fill(kind, &mut new);
            admit::check(&self.store, kind, &new, Some(&old))?;
            quota::check(&self.store, kind, &new, &old)?;
            let kept = Owners::take(&mut new);
            let mut owners = if reset { Owners::default() } else { kept };
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
        match self.subresource.as_str() {
            "status" => {
                put_back(new, old, &["metadata", "status"]);
                let own: &[&str] = if kind.is_custom() { &[] } else { &["annotations"] };
                put_back(&mut new["metadata"], &old["metadata"], own);
            }
            "ephemeralcontainers" => {
                put_back(new, old, &["spec"]);
                put_back(&mut new["spec"], &old["spec"], &["ephemeralContainers"]);
            }
            _ => {
                let status: &[&str] = if kind.has_status() { &["status"] } else { &[] };
                put_back_these(new, old, &[&["apiVersion", "kind"], status].concat());
                if !new["metadata"].is_object() {
                    new["metadata"] = Value::Object(serde_json::Map::new());
                }
                put_back_these(&mut new["metadata"], &old["metadata"], SERVERS);
            }
        }
    }
}

/// Metadata that a write does not change.
const SERVERS: &[&str] = &[
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
];

/// Puts some fields back; those that are as they were are not copied.
fn put_back_these(new: &mut Value, old: &Value, fields: &[&str]) {
    for field in fields {
        if new.get(*field) != old.get(*field) {
            set(new, field, old.get(*field).cloned());
        }
    }
}

/// Puts everything back but some fields.
fn put_back(new: &mut Value, old: &Value, but: &[&str]) {
    let (Some(map), Some(was)) = (new.as_object_mut(), old.as_object()) else { return new.clone_from(old) };
    map.retain(|field, _| but.contains(&field.as_str()) || was.contains_key(field));
    for (field, value) in was.iter().filter(|(field, _)| !but.contains(&field.as_str())) {
        if map.get(field) != Some(value) {
            map.insert(field.clone(), value.clone());
        }
    }
}

/// A client that sends an empty list, or a list of one empty entry, wants to start anew.
fn is_reset(fields: &Value) -> bool {
    fields
        .as_array()
        .is_some_and(|list| list.iter().all(|entry| entry.as_object().is_some_and(serde_json::Map::is_empty)))
}
