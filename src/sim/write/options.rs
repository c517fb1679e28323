//! What a write names, how it is meant, and what came of it.

use std::sync::Arc;

use serde_json::Value;

use super::super::kinds::{self, Kind};
use super::super::object::Object;
use super::super::status::Failure;

/// The place of one object.
#[derive(Debug, Clone)]
pub struct Address {
    /// Its type.
    pub kind: &'static Kind,
    /// Its namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Address {
    /// The place of an object by kind, namespace and name.
    ///
    /// # Errors
    /// When the world has no such kind.
    pub fn new(kind: &str, namespace: &str, name: &str) -> Result<Self, Failure> {
        let kind = kinds::by_kind(kind).filter(|k| k.is_stored()).ok_or_else(Failure::no_such_resource)?;
        let namespace = if kind.namespaced { namespace.to_owned() } else { String::new() };
        Ok(Self { kind, namespace, name: name.to_owned() })
    }

    /// The place an object says it is at.
    ///
    /// # Errors
    /// When the world has no such kind.
    pub fn of(object: &Value) -> Result<Self, Failure> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let namespace = text("/metadata/namespace");
        let namespace = if namespace.is_empty() { "default" } else { namespace };
        Self::new(text("/kind"), namespace, text("/metadata/name"))
    }
}

/// What to do about fields that the type does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Validation {
    /// The write is refused.
    Strict,
    /// They are dropped with a warning.
    #[default]
    Warn,
    /// They are dropped.
    Ignore,
    /// Nobody looks for them: the world's own controllers write what the real ones do.
    Trusted,
}

/// What came of a write.
#[derive(Debug, Clone)]
pub struct Written {
    /// Its type.
    pub kind: &'static Kind,
    /// The object as it is now, or would be.
    pub object: Arc<Object>,
    /// Whether it was not there before.
    pub created: bool,
    /// What the server has to say about it.
    pub warnings: Vec<String>,
}

impl Written {
    /// The object, whole.
    #[must_use]
    pub fn value(&self) -> Value {
        self.object.to_value(self.kind)
    }

    /// The same, shared with whoever has it at hand: for those who only read.
    #[must_use]
    pub fn shared(&self) -> Arc<Value> {
        self.object.value(self.kind)
    }
}
