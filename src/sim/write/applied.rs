//! Applying a configuration from the server's side.

use std::sync::Arc;

use serde_json::Value;

use super::super::kinds::Kind;
use super::super::object::Object;
use super::super::status::Failure;
use super::options::{Address, Written};
use super::owners::{Operation, Owners};
use super::writer::{Sent, Writer, same_version, set};
use super::{admit, defaults, quota};

impl Writer {
    /// Applies a configuration (server-side apply): creates the object, or merges into it what is the manager's.
    ///
    /// # Errors
    /// When a field is another manager's and not taken by `force`, or the type does not allow what comes of it.
    pub fn apply(&self, config: &Value, force: bool) -> Result<Written, Failure> {
        let address = Address::of(config)?;
        if config["metadata"]["managedFields"].as_array().is_some_and(|list| !list.is_empty()) {
            return Err(Failure::bad_request("metadata.managedFields must be nil"));
        }
        let mut config = config.clone();
        self.keep_part(address.kind, &mut config);
        defaults::numbers(address.kind, &mut config);
        self.refuse_unknown(&address, &config)?;
        loop {
            let Some(live) = self.find(&address) else {
                if !self.subresource.is_empty() {
                    return Err(Failure::not_found(address.kind, &address.name));
                }
                match self.make(config.clone(), Sent::Apply) {
                    // somebody was faster
                    Err(failure) if failure.reason == "AlreadyExists" => continue,
                    made => return made,
                }
            };
            if let Some(written) = self.apply_to(&address, &live, &config, force)? {
                return Ok(written);
            }
        }
    }

    fn apply_to(
        &self,
        address: &Address,
        live: &Arc<Object>,
        config: &Value,
        force: bool,
    ) -> Result<Option<Written>, Failure> {
        let kind = address.kind;
        let old = live.to_value(kind);
        same_version(address, config, live)?;
        let mut owners = Owners::read(&old);
        if owners.is_empty() {
            owners.begin(kind.is_custom(), &old, &kind.api_version());
        }
        let owner = self.owner(kind, Operation::Apply);
        let merged = owners.apply(kind.is_custom(), &old, config, &owner, force, &self.now());
        let mut new = merged.map_err(|conflicts| Failure::apply_conflict(&conflicts))?;
        defaults::fill(kind, &mut new);
        admit::check(&self.store, kind, &new, Some(&old))?;
        quota::check(&self.store, kind, &new, &old)?;
        owners.write(&mut new);
        if without_times(&new) == without_times(&old) {
            return Ok(Some(Written { kind, object: Arc::clone(live), created: false, warnings: Vec::new() }));
        }
        Ok(self.keep(address, live, new, &[]))
    }

    /// The part of a configuration that can be applied through this subresource.
    fn keep_part(&self, kind: &Kind, config: &mut Value) {
        let Some(map) = config.as_object_mut() else { return };
        if self.subresource == "status" {
            map.retain(|key, _| matches!(key.as_str(), "apiVersion" | "kind" | "metadata" | "status"));
            if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.retain(|key, _| matches!(key.as_str(), "name" | "namespace" | "resourceVersion"));
            }
        } else if kind.has_status() {
            map.remove("status");
        }
    }
}

/// An object without the times of its managers: a write that changes nothing else is none.
fn without_times(object: &Value) -> Value {
    let mut out = object.clone();
    let entries = out["metadata"]["managedFields"].as_array_mut();
    for entry in entries.into_iter().flatten() {
        set(entry, "time", None);
    }
    out
}
