//! One kept object: the bytes that go over the wire, and the little that must be known without parsing them.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::{Map, Value};

use super::columns::{self, Cell};
use super::kinds::Kind;

/// A version of an object, immutable once made.
#[derive(Debug)]
pub struct Object {
    /// `namespace/name`, or the name alone; the order of lists and of continue tokens.
    key: Box<str>,
    /// Length of the namespace in `key`; 0 for cluster-scoped objects.
    namespace_len: usize,
    /// `{"metadata":…,…}`: everything but `apiVersion` and `kind`, which depend on who asks.
    body: Bytes,
    /// Where the metadata value ends in `body`.
    metadata_end: usize,
    /// The version this object got when it was written.
    pub resource_version: u64,
    /// Labels, for selectors.
    pub labels: Box<[(Box<str>, Box<str>)]>,
    /// Values of the kind's selectable fields, in the order of [`Kind::fields`].
    pub fields: Box<[Box<str>]>,
    /// What the printer shows.
    pub cells: Box<[Cell]>,
    /// The whole object as a value, while it is among the ones last written.
    parsed: Mutex<Option<Arc<Value>>>,
}

const METADATA: &[u8] = b"{\"metadata\":";

impl Object {
    /// Keeps `object`, whose metadata is complete and whose `rest` was made by [`rest`].
    pub(in crate::sim) fn new(kind: &Kind, object: &Value, rest: &[u8], resource_version: u64) -> Self {
        let metadata = &object["metadata"];
        let text = metadata.to_string();
        let mut body = BytesMut::with_capacity(METADATA.len() + text.len() + rest.len());
        body.put_slice(METADATA);
        body.put_slice(text.as_bytes());
        let metadata_end = body.len();
        body.put_slice(rest);
        let namespace = metadata["namespace"].as_str().unwrap_or_default();
        let name = metadata["name"].as_str().unwrap_or_default();
        let labels = metadata["labels"].as_object().into_iter().flatten();
        Self {
            key: key(namespace, name).into(),
            namespace_len: namespace.len(),
            body: body.freeze(),
            metadata_end,
            resource_version,
            labels: labels.map(|(k, v)| (k.as_str().into(), v.as_str().unwrap_or_default().into())).collect(),
            fields: kind.fields.iter().map(|(_, pointer)| field(object, pointer)).collect(),
            cells: columns::cells(kind, object),
            parsed: Mutex::default(),
        }
    }

    /// `namespace/name`, or the name alone.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The object's namespace; empty for cluster-scoped objects.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.key[..self.namespace_len]
    }

    /// The object's name.
    #[must_use]
    pub fn name(&self) -> &str {
        if self.namespace_len == 0 { &self.key } else { &self.key[self.namespace_len + 1..] }
    }

    /// `{"metadata":…,…}` without `apiVersion` and `kind`.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The metadata value alone.
    #[must_use]
    pub fn metadata(&self) -> &[u8] {
        &self.body[METADATA.len()..self.metadata_end]
    }

    /// What follows the metadata: `,"spec":…}` or `}`.
    pub(in crate::sim) fn rest(&self) -> &[u8] {
        &self.body[self.metadata_end..]
    }

    /// The same object as another version.
    #[must_use]
    pub fn at(&self, kind: &Kind, resource_version: u64) -> Self {
        let mut value = self.to_value(kind);
        value["metadata"]["resourceVersion"] = resource_version.to_string().into();
        Self::new(kind, &value, self.rest(), resource_version)
    }

    /// An object as it is told of when it goes: as `value` has it, at the version of its removal.
    #[must_use]
    pub fn last(kind: &Kind, value: &Value, resource_version: u64) -> Self {
        let mut value = value.clone();
        value["metadata"]["resourceVersion"] = resource_version.to_string().into();
        let rest = value.as_object().map(rest).unwrap_or_default();
        Self::new(kind, &value, &rest, resource_version)
    }

    /// The whole object as a value, with `apiVersion` and `kind`.
    #[must_use]
    pub fn to_value(&self, kind: &Kind) -> Value {
        Arc::unwrap_or_clone(self.value(kind))
    }

    /// The same, shared: parsed only when it is not at hand.
    #[must_use]
    pub fn value(&self, kind: &Kind) -> Arc<Value> {
        let kept = self.parsed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        kept.unwrap_or_else(|| Arc::new(self.parse(kind)))
    }

    /// Keeps the whole object as a value beside its bytes, or (none) no longer.
    pub(in crate::sim) fn keep(&self, value: Option<Arc<Value>>) {
        *self.parsed.lock().unwrap_or_else(PoisonError::into_inner) = value;
    }

    fn parse(&self, kind: &Kind) -> Value {
        let mut value = read(&self.body);
        value["apiVersion"] = kind.api_version().into();
        value["kind"] = kind.kind.into();
        value
    }
}

/// A value of text that was written here.
///
/// `Value`'s own reader: it is compiled with the library, which is optimised even where the world is not.
fn read(text: &[u8]) -> Value {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// `namespace/name`, or the name alone.
#[must_use]
pub fn key(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

/// Everything but type and metadata, as `,"key":value…}`.
pub(in crate::sim) fn rest(object: &Map<String, Value>) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in object {
        if !matches!(name.as_str(), "apiVersion" | "kind" | "metadata") {
            // writing to memory cannot fail
            out.push(b',');
            let _ = serde_json::to_writer(&mut out, name);
            // `Value`'s own writer, optimised as its reader is
            let _ = write!(out, ":{value}");
        }
    }
    out.push(b'}');
    out
}

fn field(object: &Value, pointer: &str) -> Box<str> {
    match object.pointer(pointer) {
        Some(Value::String(text)) => text.as_str().into(),
        Some(Value::Null) | None => "".into(),
        Some(other) => other.to_string().into(),
    }
}
