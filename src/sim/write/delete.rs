//! Deleting: at once, after a grace period, or when the last finalizer is gone.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::kinds::Kind;
use super::super::object::Object;
use super::super::status::Failure;
use super::super::time;
use super::options::Address;
use super::writer::Writer;

/// The finalizer of an object whose dependents go first.
pub(super) const FOREGROUND: &str = "foregroundDeletion";

/// What becomes of the objects that an object owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    /// They go after it.
    Background,
    /// They go before it.
    Foreground,
    /// They stay, and belong to nobody.
    Orphan,
}

/// How an object is deleted.
#[derive(Debug, Clone, Default)]
pub struct DeleteOptions {
    /// Seconds its containers get; what the object says when none.
    pub grace: Option<i64>,
    /// What becomes of its dependents; what the type says when none.
    pub propagation: Option<Propagation>,
    /// The uid it must have.
    pub uid: Option<String>,
    /// The version it must be.
    pub resource_version: Option<String>,
}

/// What a deletion came to.
#[derive(Debug, Clone)]
pub enum Deleted {
    /// The object is gone; as it was last.
    Gone(Arc<Object>),
    /// The object waits for its containers or finalizers.
    Waits(Arc<Object>),
}

/// Whether an object is marked as deleted and nothing holds it any more.
pub(super) fn is_over(object: &Value) -> bool {
    let metadata = &object["metadata"];
    metadata["deletionTimestamp"].is_string()
        && metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) == 0
        && finalizers(object).is_empty()
        // a namespace is held by what is in it
        && object["kind"] != "Namespace"
}

pub(super) fn finalizers(object: &Value) -> Vec<Value> {
    object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default()
}

impl Writer {
    /// Deletes an object, and what it owns with it.
    ///
    /// # Errors
    /// When it is not there, or is not the one the options name.
    pub fn delete(&self, kind: &str, namespace: &str, name: &str, options: &DeleteOptions) -> Result<Deleted, Failure> {
        let address = Address::new(kind, namespace, name)?;
        loop {
            let live = self.find(&address).ok_or_else(|| Failure::not_found(address.kind, name))?;
            let old = live.to_value(address.kind);
            preconditions(&address, &old, options)?;
            if let Some(deleted) = self.try_delete(&address, &live, &old, options) {
                return Ok(deleted);
            }
        }
    }

    /// None when somebody else wrote in between.
    fn try_delete(
        &self,
        address: &Address,
        live: &Arc<Object>,
        old: &Value,
        options: &DeleteOptions,
    ) -> Option<Deleted> {
        let kind = address.kind;
        let policy = options.propagation.unwrap_or_else(|| default_policy(kind, old));
        let mut new = old.clone();
        let mut finalizers = finalizers(old);
        let is_deleted = old["metadata"]["deletionTimestamp"].is_string();
        if policy == Propagation::Foreground && !finalizers.contains(&json!(FOREGROUND)) && !is_deleted {
            finalizers.push(json!(FOREGROUND));
        }
        let grace = grace(kind, old, options);
        let first = !is_deleted;
        let shorter = old["metadata"]["deletionGracePeriodSeconds"].as_i64().is_none_or(|before| grace < before);
        let is_namespace = kind.kind == "Namespace";
        let goes = finalizers.is_empty() && grace == 0 && !is_namespace;
        if goes && self.dry_run {
            return Some(Deleted::Gone(Arc::clone(live)));
        }
        // a pod is marked before it goes, however short its time
        if goes && !(kind.kind == "Pod" && (first || shorter)) {
            return self.remove(kind, old, live.resource_version, policy);
        }
        if !first && !shorter {
            return Some(Deleted::Waits(Arc::clone(live)));
        }
        let at = time::plus(self.moment(), std::time::Duration::from_secs(grace.unsigned_abs()));
        new["metadata"]["deletionTimestamp"] = time::stamp(at).into();
        if !is_namespace {
            new["metadata"]["deletionGracePeriodSeconds"] = grace.into();
        }
        if !finalizers.is_empty() {
            new["metadata"]["finalizers"] = finalizers.into();
        }
        if is_namespace {
            new["status"]["phase"] = "Terminating".into();
        }
        if self.dry_run {
            return Some(Deleted::Waits(super::writer::loose(kind, &new)));
        }
        let marked = self.store.commit(kind, new, Some(live.resource_version), first).ok()?;
        if goes {
            return self.remove(kind, &marked.to_value(kind), marked.resource_version, policy);
        }
        match policy {
            _ if is_namespace => self.empty(&address.name),
            Propagation::Orphan => self.orphan(kind, &marked),
            Propagation::Foreground => self.clear(kind, &marked),
            Propagation::Background => {}
        }
        Some(match self.find(address) {
            Some(still) => Deleted::Waits(still),
            None => Deleted::Gone(marked),
        })
    }

    /// Takes an object out of the store; none when somebody else wrote in between.
    fn remove(&self, kind: &'static Kind, last: &Value, version: u64, policy: Propagation) -> Option<Deleted> {
        let last = self.store.withdraw(kind, last, version).ok()?;
        if policy == Propagation::Orphan {
            self.orphan(kind, &last);
        }
        self.released(kind, &last);
        Some(Deleted::Gone(last))
    }
}

fn preconditions(address: &Address, old: &Value, options: &DeleteOptions) -> Result<(), Failure> {
    let own = |field: &str| old["metadata"][field].as_str().unwrap_or_default().to_owned();
    for (what, asked, own) in
        [("UID", &options.uid, own("uid")), ("ResourceVersion", &options.resource_version, own("resourceVersion"))]
    {
        if let Some(asked) = asked
            && *asked != own
        {
            return Err(Failure::precondition(address.kind, &address.name, what, asked, &own));
        }
    }
    Ok(())
}

/// Only pods get time to end, and only where there is something to end.
fn grace(kind: &Kind, old: &Value, options: &DeleteOptions) -> i64 {
    let ended = matches!(old["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    if kind.kind != "Pod" || ended || old["spec"]["nodeName"].as_str().is_none_or(str::is_empty) {
        return 0;
    }
    options.grace.unwrap_or_else(|| old["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(30)).max(0)
}

fn default_policy(kind: &Kind, old: &Value) -> Propagation {
    if finalizers(old).contains(&json!(FOREGROUND)) {
        return Propagation::Foreground;
    }
    // jobs keep their pods unless one says otherwise, as they always did
    if kind.kind == "Job" { Propagation::Orphan } else { Propagation::Background }
}
