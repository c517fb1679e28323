//! Who writes, how, and when; the ways to write.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::super::kinds::Kind;
use super::super::object::{self, Object};
use super::super::status::Failure;
use super::super::store::Store;
use super::admit;
use super::options::{Address, Validation, Written};
use super::owners::{Operation, Owner, Owners};
use super::patch::Patch;

/// Writes to a cluster in the name of one manager.
#[derive(Debug, Clone)]
pub struct Writer {
    pub(super) store: Store,
    pub(super) manager: String,
    pub(super) subresource: String,
    pub(super) dry_run: bool,
    pub(super) validation: Validation,
    /// When it writes; whenever it is, when none.
    pub(super) moment: Option<Timestamp>,
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
            moment: None,
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

    /// The same writer, with another opinion about unknown fields.
    #[must_use]
    pub fn validating(&self, validation: Validation) -> Self {
        Self { validation, ..self.clone() }
    }

    /// The same writer at a moment: a controller's writes bear the time at which they were due.
    #[must_use]
    pub fn as_of(&self, moment: Timestamp) -> Self {
        Self { moment: Some(moment), ..self.clone() }
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

    /// The moment of the write.
    pub(super) fn moment(&self) -> Timestamp {
        self.moment.unwrap_or_else(|| self.store.now())
    }

    /// The second of the write, as Kubernetes writes times.
    pub(super) fn now(&self) -> String {
        super::super::time::stamp(self.moment())
    }
}
/// An object that is not kept, in the form of one that is.
pub(super) fn loose(kind: &Kind, value: &Value) -> Arc<Object> {
    let rest = value.as_object().map(object::rest).unwrap_or_default();
    let version = value["metadata"]["resourceVersion"].as_str().and_then(|v| v.parse().ok());
    Arc::new(Object::new(kind, value, &rest, version.unwrap_or_default()))
}

pub(super) fn set(object: &mut Value, field: &str, value: Option<Value>) {
    let Some(map) = object.as_object_mut() else { return };
    match value {
        Some(value) => drop(map.insert(field.to_owned(), value)),
        None => drop(map.remove(field)),
    }
}

pub(super) fn same_version(address: &Address, new: &Value, live: &Object) -> Result<(), Failure> {
    match new["metadata"]["resourceVersion"].as_str() {
        Some(asked) if !asked.is_empty() && asked != live.resource_version.to_string() => {
            Err(Failure::modified(address.kind, &address.name))
        }
        _ => Ok(()),
    }
}
