//! Creating, changing and applying objects.

use std::sync::Arc;

use serde_json::Value;

use super::super::kinds::Kind;
use super::super::object::{self, Object};
use super::super::status::Failure;
use super::super::store::Store;
use super::options::{Address, Validation, Written};
use super::owners::{Operation, Owner, Owners};
use super::patch::Patch;
use super::{admit, defaults, known};

/// Tries to find a generated name that is free.
const NAMES: usize = 8;

/// Writes to a cluster in the name of one manager.
#[derive(Debug, Clone)]
pub struct Writer {
    pub(super) store: Store,
    pub(super) manager: String,
    pub(super) subresource: String,
    pub(super) dry_run: bool,
    pub(super) validation: Validation,
    pub(super) is_patient: bool,
}

/// What was sent, for the words of a refusal.
#[derive(Clone, Copy)]
pub(super) enum Sent {
    Object,
    Patch,
    Apply,
}

impl Writer {
    /// A writer called `manager`, as `managedFields` will name it.
    #[must_use]
    pub fn new(store: &Store, manager: &str) -> Self {
        Self {
            store: store.clone(),
            manager: manager.to_owned(),
            subresource: String::new(),
            dry_run: false,
            validation: Validation::default(),
            is_patient: false,
        }
    }

    /// The same writer at a subresource, such as `status`.
    #[must_use]
    pub fn at(&self, subresource: &str) -> Self {
        Self { subresource: subresource.to_owned(), ..self.clone() }
    }

    /// The same writer, which only says what would come of it.
    #[must_use]
    pub fn dry_run(&self, dry_run: bool) -> Self {
        Self { dry_run, ..self.clone() }
    }

    /// Whether it only says what would come of it.
    #[must_use]
    pub fn is_dry(&self) -> bool {
        self.dry_run
    }

    /// The same writer, with another opinion about unknown fields.
    #[must_use]
    pub fn validating(&self, validation: Validation) -> Self {
        Self { validation, ..self.clone() }
    }

    /// The same writer, whose foreground deletions only mark an object until somebody calls [`Writer::collect`] for it.
    #[must_use]
    pub fn patient(&self) -> Self {
        Self { is_patient: true, ..self.clone() }
    }

    /// Creates an object, by its name or a generated one.
    ///
    /// # Errors
    /// When it exists, its namespace does not, or its type does not allow it.
    pub fn create(&self, object: Value) -> Result<Written, Failure> {
        self.make(object, Sent::Object)
    }

    /// Replaces an object; with `metadata.resourceVersion` only that version of it.
    ///
    /// # Errors
    /// When it is not there, is another version, or its type does not allow it.
    pub fn update(&self, object: &Value) -> Result<Written, Failure> {
        let address = Address::of(object)?;
        if address.kind.is_custom() && object["metadata"]["resourceVersion"].as_str().is_none_or(str::is_empty) {
            let cause = admit::cause(
                "metadata.resourceVersion",
                "FieldValueInvalid",
                "Invalid value: 0: must be specified for an update",
            );
            return Err(Failure::invalid(address.kind, &address.name, &[cause]));
        }
        self.revise(&address, Sent::Object, |_| Ok(object.clone()))
    }

    /// Changes an object in place: `change` sees it whole, again if somebody else wrote meanwhile.
    ///
    /// # Errors
    /// When it is not there, or its type does not allow the change.
    pub fn edit(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
        mut change: impl FnMut(&mut Value),
    ) -> Result<Written, Failure> {
        self.revise(&Address::new(kind, namespace, name)?, Sent::Object, |live| {
            let mut object = live.clone();
            change(&mut object);
            Ok(object)
        })
    }

    /// Patches an object.
    ///
    /// # Errors
    /// When it is not there, the patch cannot be done, or the type does not allow what comes of it.
    pub fn patch(&self, address: &Address, patch: &Patch) -> Result<Written, Failure> {
        if matches!(patch, Patch::Strategic(_)) && address.kind.is_custom() {
            return Err(Failure::unsupported_patch(true));
        }
        self.revise(address, Sent::Patch, |live| {
            let mut object = live.clone();
            patch.onto(&mut object)?;
            Ok(object)
        })
    }

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
        owners.write(&mut new);
        if without_times(&new) == without_times(&old) {
            return Ok(Some(Written { kind, object: Arc::clone(live), created: false, warnings: Vec::new() }));
        }
        Ok(self.keep(address, live, new, &[]))
    }

    /// Creates an object that was sent whole or applied.
    fn make(&self, mut object: Value, sent: Sent) -> Result<Written, Failure> {
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
        let config = object.clone();
        defaults::begin(&self.store, kind, &mut object);
        defaults::fill(kind, &mut object);
        for attempt in 1.. {
            if generated {
                object["metadata"]["name"] = format!("{prefix}{}", self.store.fresh_suffix()).into();
            }
            let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            defaults::named(kind, &name, &mut object);
            admit::check(&self.store, kind, &object, None)?;
            object["metadata"]["uid"] = self.store.fresh_uid().into();
            object["metadata"]["creationTimestamp"] = self.now().into();
            let mut owners = Owners::default();
            let empty = Value::Object(serde_json::Map::new());
            let (custom, now) = (kind.is_custom(), self.now());
            if matches!(sent, Sent::Apply) {
                let owner = self.owner(kind, Operation::Apply);
                // nobody else owns anything yet
                let _ = owners.apply(custom, &empty, &config, &owner, false, &now);
            } else {
                owners.update(custom, &empty, &object, &self.owner(kind, Operation::Update), &now);
            }
            owners.write(&mut object);
            let exists = self.store.object(kind.kind, &address.namespace, &name).is_some();
            if self.dry_run && !exists {
                if kind.generation != super::super::kinds::Generation::Absent {
                    object["metadata"]["generation"] = 1.into();
                }
                return Ok(Written { kind, object: loose(kind, &object), created: true, warnings });
            }
            match self.store.commit(kind, object.clone(), None, false) {
                Ok(object) => return Ok(Written { kind, object, created: true, warnings }),
                Err(_) if generated && attempt < NAMES => {}
                Err(_) => return Err(Failure::already_exists(kind, &name)),
            }
        }
        Err(Failure::already_exists(kind, &address.name))
    }

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
    fn keep(&self, address: &Address, live: &Arc<Object>, new: Value, warnings: &[String]) -> Option<Written> {
        let kind = address.kind;
        let written = |object| Some(Written { kind, object, created: false, warnings: warnings.to_vec() });
        if self.dry_run {
            return written(loose(kind, &new));
        }
        let ends = super::delete::is_over(&new);
        let object = self.store.commit(kind, new, Some(live.resource_version), false).ok()?;
        if ends && let Ok(last) = self.store.withdraw(kind, &address.namespace, &address.name, object.resource_version)
        {
            self.released(kind, &last);
        }
        written(object)
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

    /// Drops unknown fields that the object did not have before; refuses them or says so.
    fn unknown(
        &self,
        kind: &'static Kind,
        new: &mut Value,
        old: Option<&Value>,
        sent: Sent,
    ) -> Result<Vec<String>, Failure> {
        let mut unknown = known::unknown(&self.store, kind, new)?;
        unknown.retain(|path| old.is_none_or(|old| path.of(old).is_none()));
        if unknown.is_empty() {
            return Ok(Vec::new());
        }
        let words: Vec<String> = unknown.iter().map(|path| format!("unknown field \"{path}\"")).collect();
        if self.validation == Validation::Strict {
            let words = format!("strict decoding error: {}", words.join(", "));
            return Err(match sent {
                Sent::Patch => Failure::invalid_patch(new, &words),
                Sent::Object | Sent::Apply => Failure::undecodable(kind, &words),
            });
        }
        for path in unknown.iter().rev() {
            path.take(new);
        }
        Ok(if self.validation == Validation::Warn { words } else { Vec::new() })
    }

    /// A configuration with a field its type does not have cannot be applied, whatever the validation.
    fn refuse_unknown(&self, address: &Address, config: &Value) -> Result<(), Failure> {
        let unknown = known::unknown(&self.store, address.kind, config)?;
        let Some(first) = unknown.first() else { return Ok(()) };
        let (kind, version) = (address.kind.kind, address.kind.api_version());
        let place = if address.namespace.is_empty() { "/".to_owned() } else { format!("{}/", address.namespace) };
        let message = format!(
            "failed to create typed patch object ({place}{}; {version}, Kind={kind}): .{first}: field not declared in schema",
            address.name
        );
        Err(Failure::new(500, "", message))
    }

    /// An object that is only answered, not kept, with the fields this manager sent on record.
    pub(in crate::sim) fn signed(&self, api_version: &str, mut object: Value) -> Value {
        let owner = Owner {
            manager: self.manager.clone(),
            operation: Operation::Update,
            api_version: api_version.to_owned(),
            subresource: String::new(),
        };
        let mut owners = Owners::default();
        owners.update(false, &Value::Object(serde_json::Map::new()), &object, &owner, &self.now());
        owners.write(&mut object);
        object
    }

    pub(super) fn find(&self, address: &Address) -> Option<Arc<Object>> {
        self.store.object(address.kind.kind, &address.namespace, &address.name)
    }

    pub(super) fn owner(&self, kind: &Kind, operation: Operation) -> Owner {
        Owner {
            manager: self.manager.clone(),
            operation,
            api_version: kind.api_version(),
            subresource: self.subresource.clone(),
        }
    }

    /// The present second, as Kubernetes writes times.
    pub(super) fn now(&self) -> String {
        super::super::time::stamp(self.store.now())
    }
}

/// An object that is not kept, in the form of one that is.
pub(super) fn loose(kind: &Kind, value: &Value) -> Arc<Object> {
    let rest = value.as_object().map(object::rest).unwrap_or_default();
    let version = value["metadata"]["resourceVersion"].as_str().and_then(|v| v.parse().ok());
    Arc::new(Object::new(kind, value, &rest, version.unwrap_or_default()))
}

fn set(object: &mut Value, field: &str, value: Option<Value>) {
    let Some(map) = object.as_object_mut() else { return };
    match value {
        Some(value) => drop(map.insert(field.to_owned(), value)),
        None => drop(map.remove(field)),
    }
}

/// A client that sends an empty list, or a list of one empty entry, wants to start anew.
fn is_reset(fields: &Value) -> bool {
    fields
        .as_array()
        .is_some_and(|list| list.iter().all(|entry| entry.as_object().is_some_and(serde_json::Map::is_empty)))
}

fn same_version(address: &Address, new: &Value, live: &Object) -> Result<(), Failure> {
    match new["metadata"]["resourceVersion"].as_str() {
        Some(asked) if !asked.is_empty() && asked != live.resource_version.to_string() => {
            Err(Failure::modified(address.kind, &address.name))
        }
        _ => Ok(()),
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
