//! Deleting an Application with everything it deployed.

use super::annotation;
use super::apply;
use super::cluster::{self, Link};
use super::controller::Controller;
use super::key::Key;
use super::record;
use super::target;
use crate::sim::manifest::meta::text;
use crate::sim::write::Writer;
use serde_json::Value;

const FINALIZERS: &[&str] = &[
    "resources-finalizer.argocd.argoproj.io",
    "foreground",
    "resources-finalizer.argocd.argoproj.io/foreground",
    "resources-finalizer.argocd.argoproj.io/background",
];

impl Controller {
    /// Takes the next step of a deletion: the last wave's objects first, then the finalizer.
    pub(super) fn finalize(&mut self, app: &Value) {
        let name = text(app, "/metadata/name");
        let finalizers = app["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
        let is_ours = |one: &Value| FINALIZERS.iter().any(|ours| one == *ours);
        if !finalizers.iter().any(is_ours) || !app["operation"].is_null() {
            return;
        }
        let link = cluster::of_app(&self.clusters, app).map(|cluster| cluster.link.clone());
        if let Ok(Link::Up(store)) = link {
            let left: Vec<Value> = target::tracked(&store, name)
                .into_iter()
                .filter(|object| {
                    Key::of(object).kind != "CustomResourceDefinition"
                        && !annotation::has_option(object, "Delete=false")
                        && annotation::value(object, "helm.sh/resource-policy") != "keep"
                })
                .collect();
            let wave = left.iter().map(annotation::wave).max();
            for object in left.iter().filter(|object| Some(annotation::wave(object)) == wave) {
                if object["metadata"]["deletionTimestamp"].is_null() {
                    let key = Key::of(object);
                    apply::delete(&store, &key.kind, &key.namespace, &key.name);
                }
            }
            if !target::tracked(&store, name).is_empty() && !left.is_empty() {
                return;
            }
        }
        let edited = Writer::new(&self.home, "argocd-application-controller").edit(
            "Application",
            &self.namespace,
            name,
            |app| {
                if let Some(finalizers) = app["metadata"]["finalizers"].as_array_mut() {
                    finalizers.retain(|one| !is_ours(one));
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
