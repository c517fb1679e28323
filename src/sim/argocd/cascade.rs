//! Deleting an Application with everything it deployed.

use super::annotation;
use super::apply::MANAGER;
use super::cluster::{self, Link};
use super::controller::Controller;
use super::delete_hook;
use super::key::Key;
use super::record;
use super::target;
use crate::sim::manifest::meta::text;
use crate::sim::store::Store;
use crate::sim::write::{DeleteOptions, Propagation, Writer};
use serde_json::Value;
use std::time::Duration;

const FINALIZERS: &[&str] = &[
    "resources-finalizer.argocd.argoproj.io",
    "foreground",
    "resources-finalizer.argocd.argoproj.io/foreground",
    "resources-finalizer.argocd.argoproj.io/background",
];
/// What it deployed is not waited for one by one.
const BACKGROUND: &str = "resources-finalizer.argocd.argoproj.io/background";

/// From the mark of a deletion to the garbage collector: first it sees to those that own others, one after another.
const OWNERS: Duration = Duration::from_millis(60);
const NEXT_OWNER: Duration = Duration::from_millis(10);
/// Then to those that own nothing.
const OTHERS: Duration = Duration::from_millis(200);
const NEXT_OTHER: Duration = Duration::from_millis(100);

impl Controller {
    /// Takes the next step of a deletion: the last wave's objects first, then the finalizer.
    pub(super) fn finalize(&mut self, name: &str) {
        let Some(app) = self.app(name) else { return };
        let finalizers = app["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
        let is_ours = |one: &Value| FINALIZERS.iter().any(|ours| one == *ours);
        if !app["operation"].is_null() || !self.run_delete_hooks(&app, "PreDelete") {
            return;
        }
        if !finalizers.iter().any(is_ours) {
            self.run_delete_hooks(&app, "PostDelete");
            return;
        }
        let link = cluster::of_app(&self.clusters, &app).map(|cluster| cluster.link.clone());
        if let Ok(Link::Up(store)) = link {
            let mut left: Vec<Value> =
                target::tracked(&store, name).into_iter().filter(goes).collect();
            left.retain(|object| *object != app);
            let unconfirmed = |object: &Value| {
                annotation::has_option(object, "Delete=confirm")
                    && !annotation::is_approved(&app, text(&app, "/metadata/deletionTimestamp"))
            };
            if left.iter().any(unconfirmed) {
                return;
            }
            let wave = left.iter().map(annotation::wave).max();
            let mut next: Vec<(Key, Value)> = left
                .iter()
                .filter(|object| Some(annotation::wave(object)) == wave)
                .map(|one| (Key::of(one), one.clone()))
                .collect();
            next.sort_by(|a, b| a.0.cmp(&b.0));
            next.retain(|(_, object)| object["metadata"]["deletionTimestamp"].is_null());
            self.discard(&store, &next, finalizers.iter().any(|one| one == BACKGROUND));
            if target::tracked(&store, name).iter().any(goes) {
                return;
            }
        }
        // hooks after it are the last that happens
        let has_hooks = delete_hook::is_marked(&app, "PostDelete");
        self.let_go(name, is_ours);
        if has_hooks {
            self.finalize(name);
        }
    }

    /// Deletes objects of one wave, and has the garbage collector come by.
    fn discard(&mut self, store: &Store, objects: &[(Key, Value)], background: bool) {
        let propagation = Some(if background { Propagation::Background } else { Propagation::Foreground });
        let options = DeleteOptions { propagation, ..DeleteOptions::default() };
        let writer = Writer::new(store, MANAGER).patient();
        let (mut owners, mut others) = (OWNERS, OTHERS);
        for (key, _) in objects {
            let is_owner = matches!(&*key.group, "apps" | "batch" | "argoproj.io");
            let wait = if is_owner { owners } else { others };
            if is_owner {
                owners += NEXT_OWNER;
            } else {
                others += NEXT_OTHER;
            }
            if let Err(failure) = writer.delete(&key.kind, &key.namespace, &key.name, &options) {
                tracing::debug!(name = key.name, failure = %failure.message, "not deleted");
            }
            let (writer, key) = (writer.clone(), key.clone());
            self.after(wait, move |_| writer.collect(&key.kind, &key.namespace, &key.name));
        }
    }

    /// Takes finalizers from an Application, which goes with the last of them.
    pub(super) fn let_go(&self, name: &str, is_done: impl Fn(&Value) -> bool) {
        let edited = Writer::new(&self.home, "argocd-application-controller").edit(
            "Application",
            &self.namespace,
            name,
            |app| {
                if let Some(finalizers) = app["metadata"]["finalizers"].as_array_mut() {
                    finalizers.retain(|one| !is_done(one));
                }
                if app["metadata"]["finalizers"].as_array().is_some_and(Vec::is_empty) {
                    record::remove(&mut app["metadata"], "finalizers");
                }
            },
        );
        if let Err(failure) = edited {
            tracing::debug!(name, failure = %failure.message, "finalizer not removed");
        }
    }
}

/// Whether an object goes with its Application.
fn goes(object: &Value) -> bool {
    Key::of(object).kind != "CustomResourceDefinition"
        && !annotation::has_option(object, "Delete=false")
        && annotation::value(object, "helm.sh/resource-policy") != "keep"
}
