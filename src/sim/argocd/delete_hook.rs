//! Hooks that run when an Application is deleted, before or after what it deployed goes.

use super::annotation::{self, DeletePolicy, TRACKING};
use super::apply::{self, MANAGER};
use super::cluster::{self, Link};
use super::controller::{Controller, POLL};
use super::health::{self, Health};
use super::key::Key;
use super::project;
use super::target::{self, Wanted};
use crate::sim::manifest::meta::text;
use crate::sim::store::Store;
use crate::sim::write::{Propagation, Writer};
use serde_json::{Value, json};

const MOMENTS: [(&str, &str); 2] = [
    ("PreDelete", "pre-delete-finalizer.argocd.argoproj.io"),
    ("PostDelete", "post-delete-finalizer.argocd.argoproj.io"),
];

fn finalizers(when: &str) -> [String; 2] {
    let own = MOMENTS.iter().find(|(moment, _)| *moment == when).map_or("", |(_, finalizer)| finalizer);
    [own.to_owned(), format!("{own}/cleanup")]
}

/// Whether an Application waits for such hooks when it is deleted.
pub(super) fn is_marked(app: &Value, when: &str) -> bool {
    let there = app["metadata"]["finalizers"].as_array().into_iter().flatten();
    there.into_iter().any(|one| finalizers(when).iter().any(|own| one == own))
}

impl Controller {
    /// An Application with such hooks is held by a finalizer for each, one without is not.
    pub(super) fn mark_delete_hooks(&mut self, app: &Value, wanted: &Wanted) {
        if wanted.is_broken() || app["metadata"]["deletionTimestamp"].is_string() {
            return;
        }
        let name = text(app, "/metadata/name");
        for (when, _) in MOMENTS {
            let has = wanted.hooks.iter().any(|hook| annotation::is_delete_hook(hook, when));
            let own = finalizers(when);
            if has == is_marked(app, when) {
                continue;
            }
            if !has {
                self.let_go(name, |one| own.iter().any(|own| one == own));
                continue;
            }
            self.write(name, |app| {
                let mut all = app["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
                all.extend(own.iter().map(|one| json!(one)));
                app["metadata"]["finalizers"] = json!(all);
            });
        }
    }

    /// Runs such hooks of an Application that is going; true when there is nothing more to wait for.
    pub(super) fn run_delete_hooks(&mut self, app: &Value, when: &str) -> bool {
        if !is_marked(app, when) {
            return true;
        }
        let name = text(app, "/metadata/name").to_owned();
        let own = finalizers(when);
        let cluster = cluster::of_app(&self.clusters, app).cloned();
        if let Ok(cluster) = cluster
            && let Link::Up(store) = &cluster.link
        {
            let wanted = target::wanted(&*self.repository, &cluster, app, &project::sources(app), &[]);
            let hooks: Vec<&Value> =
                wanted.hooks.iter().filter(|hook| annotation::is_delete_hook(hook, when)).collect();
            let done: Vec<bool> = hooks.iter().map(|hook| is_done(store, &name, hook)).collect();
            if done.contains(&false) {
                self.request(&name, None, POLL);
                return false;
            }
            for hook in hooks {
                if annotation::delete_policies(hook).contains(&DeletePolicy::Succeeded) {
                    apply::delete(store, &Key::of(hook), Propagation::Foreground);
                }
            }
        }
        self.let_go(&name, |one| own.iter().any(|own| one == own));
        true
    }
}

/// Whether a hook is through; it is made where it is not there yet.
fn is_done(store: &Store, app: &str, hook: &Value) -> bool {
    let key = Key::of(hook);
    let Some(live) = store.get(&key.kind, &key.namespace, &key.name) else {
        let mut made = hook.clone();
        made["metadata"]["annotations"][TRACKING] = json!(key.tracking_id(app));
        if let Err(failure) = Writer::new(store, MANAGER).create(made) {
            tracing::debug!(%key, failure = %failure.message, "hook not made");
        }
        return false;
    };
    health::of(&live).is_none_or(|judged| judged.health == Health::Healthy)
}
