//! Creating objects.

use serde_json::Value;

use super::super::status::Failure;
use super::options::{Address, Written};
use super::owners::{Operation, Owners};
use super::writer::{Sent, Writer, loose, set};
use super::{admit, defaults, limits, quota};

/// Tries to find a generated name that is free.
const NAMES: usize = 8;

impl Writer {
    /// Creates an object that was sent whole or applied.
    pub(super) fn make(&self, mut object: Value, sent: Sent) -> Result<Written, Failure> {
        let address = Address::of(&object)?;
        let kind = address.kind;
        let generated = address.name.is_empty();
        let prefix = object["metadata"]["generateName"].as_str().unwrap_or_default().to_owned();
        if object["metadata"]["resourceVersion"].as_str().is_some_and(|v| !v.is_empty()) {
            return Err(Failure::bad_request("resourceVersion should not be set on objects to be created"));
        }
        admit::place(&self.store, &address, &prefix)?;
        let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
        if let Some(metadata) = metadata {
            for field in [
                "uid",
                "resourceVersion",
                "creationTimestamp",
                "generation",
                "selfLink",
                "managedFields",
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
            ] {
                metadata.remove(field);
            }
            if kind.namespaced {
                metadata.insert("namespace".to_owned(), address.namespace.as_str().into());
            } else {
                metadata.remove("namespace");
            }
        }
        object["apiVersion"] = kind.api_version().into();
        defaults::numbers(kind, &mut object);
        let warnings = self.unknown(kind, &mut object, None, sent)?;
        self.nulls(kind, &mut object);
        let config = matches!(sent, Sent::Apply).then(|| object.clone());
        // what a kind begins with may speak of it
        object["metadata"]["uid"] = self.store.fresh_uid().into();
        defaults::begin(&self.store, kind, &mut object);
        defaults::fill(kind, &mut object);
        for attempt in 1.. {
            if generated {
                object["metadata"]["name"] = format!("{prefix}{}", self.store.fresh_suffix()).into();
            }
            let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            defaults::named(kind, &name, &mut object);
            admit::check(&self.store, kind, &object, None)?;
            object["metadata"]["creationTimestamp"] = self.now().into();
            let mut owners = Owners::default();
            let empty = Value::Object(serde_json::Map::new());
            let (custom, now) = (kind.is_custom(), self.now());
            if let Some(config) = &config {
                let owner = self.owner(kind, Operation::Apply);
                // nobody else owns anything yet
                let _ = owners.apply(custom, &empty, config, &owner, false, &now);
            } else {
                // what the server begins with was not asked for
                let begun = object.as_object_mut().filter(|_| kind.has_status()).and_then(|map| map.remove("status"));
                owners.update(custom, &empty, &object, &self.owner(kind, Operation::Update), &now);
                if begun.is_some() {
                    set(&mut object, "status", begun);
                }
            }
            owners.write(&mut object);
            if attempt == 1 {
                defaults::admit(&self.store, kind, &mut object);
                if kind.kind == "Pod" {
                    limits::admit(&self.store, &mut object)?;
                }
            }
            quota::check(&self.store, kind, &object, &Value::Null)?;
            let exists = self.store.object(kind.kind, &address.namespace, &name).is_some();
            if self.dry_run && !exists {
                if kind.generation != super::super::kinds::Generation::Absent {
                    object["metadata"]["generation"] = 1.into();
                }
                return Ok(Written { kind, object: loose(kind, &object), created: true, warnings });
            }
            // only a generated name is tried again
            let sent = if generated { object.clone() } else { std::mem::take(&mut object) };
            match self.store.commit(kind, sent, None, false) {
                Ok(object) => return Ok(Written { kind, object, created: true, warnings }),
                Err(_) if generated && attempt < NAMES => {}
                Err(_) => return Err(Failure::already_exists(kind, &name)),
            }
        }
        Err(Failure::already_exists(kind, &address.name))
    }
}
