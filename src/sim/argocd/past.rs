//! What earlier syncs left behind, for a world that begins in the middle of things.

use super::annotation::{self, DeletePolicy};
use super::apply::{self, MANAGER};
use super::key::{Key, version};
use super::target;
use super::task;
use crate::sim::status::Failure;
use crate::sim::store::Store;
use crate::sim::write::Writer;
use serde_json::Value;

/// A manifest of an Application, as a sync sees it.
#[derive(Debug, Clone)]
pub struct Part {
    /// The object as it is applied.
    pub object: Value,
    /// Its API version within its group.
    pub version: String,
    /// Its wave.
    pub wave: i64,
    /// Of a hook: the phase it runs in.
    pub hook: Option<&'static str>,
    /// Whether it is still there after it did what it is for.
    pub stays: bool,
    /// What its pods run.
    pub images: Vec<String>,
}

/// The manifests of an Application in the order in which they are applied.
#[must_use]
pub fn parts(manifests: &[Value], app: &str, namespace: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = manifests
        .iter()
        .map(|object| {
            let mut object = object.clone();
            target::place(&mut object, app, namespace);
            Part {
                version: version(&object).to_owned(),
                wave: annotation::wave(&object),
                hook: annotation::phases(&object).first().map(|phase| phase.word()),
                stays: !annotation::delete_policies(&object).contains(&DeletePolicy::Succeeded),
                images: annotation::images(&object),
                object,
            }
        })
        .collect();
    parts.sort_by_cached_key(|part| {
        let key = Key::of(&part.object);
        (part.wave, task::rank(&key.kind), key.name)
    });
    parts
}

/// Applies an object as a sync does.
///
/// # Errors
/// When the API server refuses it.
pub fn leave(store: &Store, object: &Value) -> Result<(), Failure> {
    apply::client_side(store, &Writer::new(store, MANAGER), object, &Key::of(object)).map(|_| ())
}
