//! How controllers write: each in its own name, at the moment its look was due.

use crate::sim::manifest::meta::text;
use crate::sim::status::Failure;
use crate::sim::store::Store;
use crate::sim::write::{DeleteOptions, Propagation, Validation, Writer};
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;

/// The program all controllers run in; schedulers and kubelets have names of their own.
pub(super) const MANAGER: &str = "kube-controller-manager";

/// Who writes, where and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hand<'a> {
    /// The cluster.
    pub store: &'a Store,
    /// The field manager.
    pub manager: &'a str,
    /// The moment.
    pub at: Timestamp,
}

impl Hand<'_> {
    /// Creates an object (named after its `generateName` when it has no name); as it was kept, none when there is one
    /// of that name already or it may not be.
    pub fn create(&self, object: Value) -> Option<Arc<Value>> {
        self.try_create(object).inspect_err(|failure| tracing::debug!(%failure, "not created")).ok()
    }

    /// Creates an object; as it was kept.
    ///
    /// # Errors
    /// When it may not be, in the words of the server.
    pub fn try_create(&self, object: Value) -> Result<Arc<Value>, Failure> {
        self.writer().create(object).map(|made| made.shared())
    }

    /// Changes an object outside its status; as it is then, none when it is gone.
    pub fn change(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
        change: impl FnMut(&mut Value),
    ) -> Option<Arc<Value>> {
        self.writer().edit(kind, namespace, name, change).ok().map(|written| written.shared())
    }

    /// Writes a whole status (and what `also` changes in the annotations) if it says anything new.
    pub fn status(&self, object: &Value, status: &Value, mut also: impl FnMut(&mut Value)) -> Option<Arc<Value>> {
        let (kind, namespace, name) = place(object);
        let written = self.writer().at("status").edit(kind, namespace, name, |live| {
            also(live);
            live["status"] = status.clone();
        });
        written.ok().map(|written| written.shared())
    }

    /// Gives a pod its node; false when it is gone. A binding is an order and no write of fields: no manager owns them.
    pub fn bind(&self, pod: &Value, change: impl FnOnce(&mut Value)) -> bool {
        let (kind, namespace, name) = place(pod);
        self.store.update(kind, namespace, name, change).is_some()
    }

    /// Asks for an object to be removed, with so many seconds for its containers when it is a pod.
    pub fn delete(&self, object: &Value, grace: Option<i64>) {
        let (kind, namespace, name) = place(object);
        let uid = Some(text(object, "/metadata/uid").to_owned());
        let propagation = Some(Propagation::Background);
        let options = DeleteOptions { grace, propagation, uid, ..DeleteOptions::default() };
        // what is gone meanwhile, or another of the same name, needs no removal
        if let Err(failure) = self.writer().delete(kind, namespace, name, &options) {
            tracing::debug!(%failure, "nothing to remove");
        }
    }

    fn writer(&self) -> Writer {
        Writer::new(self.store, self.manager).as_of(self.at).validating(Validation::Trusted)
    }
}

fn place(object: &Value) -> (&str, &str, &str) {
    (text(object, "/kind"), text(object, "/metadata/namespace"), text(object, "/metadata/name"))
}
