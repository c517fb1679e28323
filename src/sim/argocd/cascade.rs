//! Deleting an Application with everything it deployed.

use super::annotation;
use super::apply;
use super::cluster::{self, Link};
use super::controller::Controller;
use super::delete_hook;
use super::key::Key;
use super::record;
use super::target;
use crate::sim::manifest::meta::text;
use crate::sim::write::{Propagation, Writer};
use serde_json::Value;

const FINALIZERS: &[&str] = &[
    "resources-finalizer.argocd.argoproj.io",
    "foreground",
    "resources-finalizer.argocd.argoproj.io/foreground",
    "resources-finalizer.argocd.argoproj.io/background",
];
/// What it deployed is not waited for one by one.
const BACKGROUND: &str = "resources-finalizer.argocd.argoproj.io/background";

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
            let mut left: Vec<Value> = target::tracked(&store, name).into_iter().filter(goes).collect();
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
            let background = finalizers.iter().any(|one| one == BACKGROUND);
            let propagation = if background { Propagation::Background } else { Propagation::Foreground };
            for (key, _) in next {
                apply::delete(&store, &key, propagation);
            }
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
