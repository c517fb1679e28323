//! Which Applications something happened to: to the Application itself, to its resources, or to what those made.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use futures::future::select_all;
use serde_json::Value;
use tokio::sync::watch;

use super::super::super::argocd::inspect;
use super::super::super::history::Change;
use super::super::super::kinds::{KINDS, Kind};
use super::super::super::store::Store;
use crate::sim::manifest::meta::text;

/// What happens within this is told at once.
const TOGETHER: Duration = Duration::from_millis(30);
/// How far above a pod its tracked object may be.
const STEPS: usize = 4;

/// Watches a cluster for what concerns Applications.
pub(in crate::sim) struct Touched {
    store: Store,
    /// Where the Applications live.
    namespace: String,
    seen: HashMap<&'static str, u64>,
    changed: Vec<watch::Receiver<u64>>,
    /// Whether something was written that was not looked at yet: whoever waits may be interrupted.
    is_due: bool,
}

fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| kind.is_stored() && !kind.is_alias() && kind.kind != "Event")
}

impl Touched {
    /// Watches from now on.
    pub fn new(store: &Store, namespace: &str) -> Self {
        // subscribed before the versions are read, so that nothing falls between
        let changed = kinds().map(|kind| store.subscribe(kind.kind)).collect();
        let version = store.resource_version();
        let seen = kinds().map(|kind| (kind.kind, version)).collect();
        Self { store: store.clone(), namespace: namespace.to_owned(), seen, changed, is_due: false }
    }

    /// The next Applications something happened to; at least one.
    pub async fn next(&mut self) -> BTreeSet<String> {
        loop {
            if !self.is_due {
                let waits: Vec<_> = self.changed.iter_mut().map(|changed| Box::pin(changed.changed())).collect();
                if select_all(waits).await.0.is_err() {
                    // the store is gone, and nothing happens any more
                    std::future::pending::<()>().await;
                }
                self.is_due = true;
            }
            tokio::time::sleep(TOGETHER).await;
            self.is_due = false;
            for changed in &mut self.changed {
                changed.mark_unchanged();
            }
            let touched = self.gather();
            if !touched.is_empty() {
                return touched;
            }
        }
    }

    fn gather(&mut self) -> BTreeSet<String> {
        let mut touched = BTreeSet::new();
        for kind in kinds() {
            let since = self.seen.get(kind.kind).copied().unwrap_or_default();
            let Ok((changes, complete)) = self.store.changes(kind.kind, since, usize::MAX) else {
                // what was forgotten meanwhile is not told
                self.seen.insert(kind.kind, self.store.resource_version());
                continue;
            };
            self.seen.insert(kind.kind, complete);
            for change in changes {
                if kind.kind == "Application" && change.object.namespace() == self.namespace {
                    touched.insert(change.object.name().to_owned());
                }
                touched.extend(self.owner(kind, &change));
            }
        }
        touched
    }

    /// The Application an object belongs to, through those that made it.
    fn owner(&self, kind: &'static Kind, change: &Change) -> Option<String> {
        let of = |object: &Value| {
            inspect::annotation(object, inspect::TRACKING).split_once(':').map(|(app, _)| app.to_owned())
        };
        let mut object = change.object.value(kind);
        for _ in 0..STEPS {
            if let Some(app) = of(&object) {
                return Some(app);
            }
            let owner = &object["metadata"]["ownerReferences"][0];
            let owner_kind = crate::sim::kinds::by_kind(text(owner, "/kind"))?;
            let namespace = text(&object, "/metadata/namespace");
            object = self.store.object(owner_kind.kind, namespace, text(owner, "/name"))?.value(owner_kind);
        }
        None
    }
}
