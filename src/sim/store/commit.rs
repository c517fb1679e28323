//! Writes that hold only when nobody else wrote in between, for [`super::super::write`].

use std::sync::Arc;

use memchr::memmem;
use serde_json::Value;

use super::super::kinds::{KINDS, Kind};
use super::super::object::{self, Object};
use super::Store;

/// Somebody else wrote the object in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the object has changed since it was read")]
pub struct Changed;

impl Store {
    /// Creates an object (`expected` none) or replaces the version `expected` of it.
    ///
    /// `moved` counts `metadata.generation` up whatever changed, as the mark of a deletion does.
    ///
    /// # Errors
    /// When the object is there already, is another version, or is gone.
    pub(in crate::sim) fn commit(
        &self,
        kind: &'static Kind,
        value: Value,
        expected: Option<u64>,
        moved: bool,
    ) -> Result<Arc<Object>, Changed> {
        let text = |field: &str| value["metadata"][field].as_str().unwrap_or_default();
        let key = object::key(text("namespace"), text("name"));
        let mut state = self.state();
        let there = |state: &super::shelf::State| state.shelves.get(kind.kind)?.objects.get(&*key).cloned();
        if there(&state).map(|o| o.resource_version) != expected {
            return Err(Changed);
        }
        self.keep(&mut state, value, moved);
        there(&state).ok_or(Changed)
    }

    /// Removes the version `expected` of an object; gives it as it is told of for the last time, which is `last`.
    ///
    /// # Errors
    /// When the object is another version, or is gone.
    pub(in crate::sim) fn withdraw(
        &self,
        kind: &'static Kind,
        last: &Value,
        expected: u64,
    ) -> Result<Arc<Object>, Changed> {
        let text = |field: &str| last["metadata"][field].as_str().unwrap_or_default();
        let key = object::key(text("namespace"), text("name"));
        let mut state = self.state();
        let shelf = state.shelves.get(kind.kind).ok_or(Changed)?;
        if shelf.objects.get(&*key).ok_or(Changed)?.resource_version != expected {
            return Err(Changed);
        }
        self.take(&mut state, kind, &key, Some(last)).ok_or(Changed)
    }

    /// Every object whose metadata holds a text, in one namespace or in all; for owners' uids.
    pub(in crate::sim) fn mentions(&self, namespace: Option<&str>, text: &str) -> Vec<(&'static Kind, Arc<Object>)> {
        let finder = memmem::Finder::new(text.as_bytes());
        let mut found = Vec::new();
        for kind in KINDS.iter().filter(|k| k.is_stored() && !k.is_alias()) {
            let Ok(snapshot) = self.snapshot(kind.kind, namespace, None) else { continue };
            let holds = |o: &Arc<Object>| finder.find(o.metadata()).is_some();
            found.extend(snapshot.objects.into_iter().filter(holds).map(|object| (kind, object)));
        }
        found
    }

    /// A uid nobody has.
    pub(in crate::sim) fn fresh_uid(&self) -> String {
        super::shelf::uid(&mut self.state().random)
    }

    /// The random tail of a generated name.
    pub(in crate::sim) fn fresh_suffix(&self) -> String {
        super::shelf::suffix(&mut self.state().random)
    }
}
