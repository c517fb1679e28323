//! Doing one task: what kubectl would do to the cluster, and what it would say.

use super::annotation::{self, HOOK_FINALIZER, LAST_APPLIED};
use super::key::Key;
use super::merge;
use super::task::{Stand, Task};
use crate::sim::kinds;
use crate::sim::manifest::meta::text;
use crate::sim::store::Store;
use crate::sim::write::{DeleteOptions, Propagation, Writer};
use serde_json::{Value, json};

/// Who changes live objects, in `managedFields`.
pub const MANAGER: &str = "argocd-controller";

/// Applies, or only tries to, the object of a task; the task says what came of it.
pub fn apply(store: &Store, task: &mut Task, options: &Value, dry_run: bool) {
    let Some(mut target) = task.target.clone() else { return prune(store, task, dry_run) };
    if task.is_hook {
        target["metadata"]["finalizers"] = json!([HOOK_FINALIZER]);
    }
    let writer = Writer::new(store, MANAGER).dry_run(dry_run);
    let server_side = annotation::in_options(options, "ServerSideApply=true")
        || annotation::has_option(&target, "ServerSideApply=true");
    let said = if server_side {
        writer.apply(&target, true).map(|_| "serverside-applied".to_owned())
    } else {
        client_side(store, &writer, &target, &task.key)
    };
    let suffix = if dry_run { " (dry run)" } else { "" };
    match said {
        Ok(said) => {
            task.status = "Synced";
            task.message = format!("{} {said}{suffix}", task.key.kubectl());
            task.stand = if dry_run { Stand::Succeeded } else { Stand::Running };
        }
        Err(failure) => {
            task.status = "SyncFailed";
            task.message = failure.message;
            task.stand = Stand::Failed;
        }
    }
}

/// Applies an object as kubectl does, and says what that was.
///
/// # Errors
/// When the API server refuses it.
pub(super) fn client_side(
    store: &Store,
    writer: &Writer,
    target: &Value,
    key: &Key,
) -> Result<String, crate::sim::status::Failure> {
    let mut marked = target.clone();
    marked["metadata"]["annotations"][LAST_APPLIED] = json!(format!("{target}\n"));
    let Some(live) = store.get(&key.kind, &key.namespace, &key.name) else {
        merge::fold_secret(&mut marked);
        writer.create(marked)?;
        return Ok("created".to_owned());
    };
    let merged = merge::apply(&live, &marked);
    // kubectl compares what it sends, and a Secret's stringData is never in the answer
    let always = target["stringData"].is_object();
    if merged == live {
        return Ok(if always { "configured" } else { "unchanged" }.to_owned());
    }
    writer.edit(&key.kind, &key.namespace, &key.name, |object| *object = merge::apply(object, &marked))?;
    let known = !annotation::value(&live, LAST_APPLIED).is_empty();
    Ok(format!("configured{}", if known { String::new() } else { missing(key) }))
}

/// kubectl's warning about an object that it did not apply itself; the doubled spaces are where its name was taken out.
fn missing(key: &Key) -> String {
    let plural = kinds::by_kind(&key.kind).map(|kind| kind.plural).unwrap_or_default();
    format!(
        ". Warning: resource {plural}/{} is missing the {LAST_APPLIED} annotation which is required by  apply.  apply \
         should only be used on resources created declaratively by either  create --save-config or  apply. The missing \
         annotation will be patched automatically.",
        key.name
    )
}

fn prune(store: &Store, task: &mut Task, dry_run: bool) {
    task.stand = Stand::Succeeded;
    if !task.prunes {
        task.status = "PruneSkipped";
        "ignored (requires pruning)".clone_into(&mut task.message);
        return;
    }
    task.status = "Pruned";
    if dry_run {
        "pruned (dry run)".clone_into(&mut task.message);
    } else {
        delete(store, &task.key.kind, &task.key.namespace, &task.key.name);
        "pruned".clone_into(&mut task.message);
    }
}

/// Lets a hook's object go when it is deleted.
pub fn release(store: &Store, task: &Task) {
    let held = |object: &Value| {
        object["metadata"]["finalizers"].as_array().is_some_and(|list| list.iter().any(|one| one == HOOK_FINALIZER))
    };
    let (kind, namespace, name) = (&task.key.kind, &task.key.namespace, &task.key.name);
    if !store.get(kind, namespace, name).is_some_and(|object| held(&object)) {
        return;
    }
    let edited = Writer::new(store, MANAGER).edit(kind, namespace, name, |object| {
        if let Some(finalizers) = object["metadata"]["finalizers"].as_array_mut() {
            finalizers.retain(|one| one != HOOK_FINALIZER);
        }
    });
    if let Err(failure) = edited {
        tracing::debug!(kind, name, failure = %failure.message, "hook not released");
    }
}

/// Deletes an object and, before it, what it made.
pub fn delete(store: &Store, kind: &str, namespace: &str, name: &str) {
    let options = DeleteOptions { propagation: Some(Propagation::Foreground), ..DeleteOptions::default() };
    // an object that is gone already is what was wanted
    if let Err(failure) = Writer::new(store, MANAGER).delete(kind, namespace, name, &options) {
        tracing::debug!(kind, namespace, name, failure = %failure.message, "not deleted");
    }
}

/// Makes the destination's namespace when it is not there.
pub fn create_namespace(store: &Store, app: &Value, options: &Value) {
    let name = text(app, "/spec/destination/namespace");
    if annotation::in_options(options, "CreateNamespace=true") && store.get("Namespace", "", name).is_none() {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        if let Err(failure) = Writer::new(store, MANAGER).create(namespace) {
            tracing::debug!(name, failure = %failure.message, "namespace not created");
        }
    }
}
