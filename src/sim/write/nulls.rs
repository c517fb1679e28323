//! Nulls, which servers do not keep: for them such a field is not there.

use serde_json::Value;

use super::super::kinds::Kind;
use super::options::Validation;
use super::writer::Writer;
use super::{known, schema};

/// Parts of built-in types that are kept as they were sent.
const OPAQUE: &[(&str, &str)] = &[("ControllerRevision", "data"), ("CustomResourceDefinition", "spec")];

impl Writer {
    /// Takes away the nulls that a client sent. Custom resources keep those their definition allows or knows nothing of.
    pub(super) fn nulls(&self, kind: &'static Kind, object: &mut Value) {
        if self.validation == Validation::Trusted || !has_null(object) {
            return;
        }
        if !kind.is_custom() {
            let Some(fields) = object.as_object_mut() else { return };
            fields.retain(|_, value| !value.is_null());
            let opaque = |name: &str| OPAQUE.contains(&(kind.kind, name));
            fields.iter_mut().filter(|(name, _)| !opaque(name.as_str())).for_each(|(_, value)| drop_all(value));
            return;
        }
        if let Some(metadata) = object.get_mut("metadata") {
            drop_all(metadata);
        }
        if let Some(schema) = known::schema(&self.store, kind) {
            schema::drop_nulls(&schema, object);
        }
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.values().any(has_null),
        Value::Array(items) => items.iter().any(has_null),
        _ => false,
    }
}

fn drop_all(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_all);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_all),
        _ => {}
    }
}
