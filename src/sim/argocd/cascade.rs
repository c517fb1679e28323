//! Deleting an Application with everything it deployed.

use super::annotation;
use super::apply;
use super::cluster::{self, Link};
use super::condition;
use super::controller::Controller;
use super::delete_hook;
use super::key::Key;
use super::record;
use super::target;
use crate::sim::manifest::event::Said;
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
        let cluster = cluster::of_app(&self.clusters, &app).cloned();
        if let Some(trouble) = cluster.as_ref().ok().and_then(cluster::Cluster::trouble) {
            return self.cannot_delete(&app, &trouble);
        }
        // of a cluster that nobody knows any more nothing can be deleted
        if let Ok(Link::Up(store)) = cluster.map(|cluster| cluster.link) {
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

    /// Says why a deletion does not get on; it is tried again whenever the Application is looked at.
    fn cannot_delete(&mut self, app: &Value, trouble: &str) {
        let now = self.now;
        let error = [("DeletionError", trouble.to_owned())];
        let mut status = app["status"].clone();
        condition::replace(&mut status, condition::DELETION, &error, now);
        if status != app["status"] {
            let words = format!("Unable to delete application resources: {trouble}");
            self.say(app, Said::warning("StatusRefreshed", &words), now);
            self.write(text(app, "/metadata/name"), |app| app["status"]["conditions"] = status["conditions"].take());
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
