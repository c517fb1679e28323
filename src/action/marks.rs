//! What resources ask for themselves, by the annotation `argocd.argoproj.io/sync-options`: read off the live objects, one
//! by one in their cluster or all at once through argocd-server.

use std::collections::BTreeMap;

use futures::StreamExt as _;
use serde_json::Value;

use super::application::Application;
use crate::domain::text::clean;
use crate::domain::{AppKey, ObjectName};
use crate::source::argocd::{Server, managed_resources};
use crate::source::kube::{Cluster, ReadError, live_object};

/// Live objects that are read at once.
const AT_ONCE: usize = 8;
/// Live objects that are read for one plan; what differs from Git comes first.
const MOST: usize = 100;

/// The options of resources, as far as they have some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    options: BTreeMap<ObjectName, Vec<String>>,
    /// Resources whose live object could not be looked at.
    pub unread: usize,
}

impl Marks {
    /// Nobody could be asked.
    pub(super) fn unread(app: &Application) -> Self {
        Self { unread: app.resources().count(), ..Self::default() }
    }

    /// Reads the live objects of an Application where they are.
    pub(super) async fn of_objects(cluster: &Cluster, app: &Application) -> Self {
        let mut resources: Vec<&Value> = app.resources().collect();
        resources.sort_by_key(|resource| resource["status"] != "OutOfSync");
        let beyond = resources.len().saturating_sub(MOST);
        let names: Vec<ObjectName> = resources.into_iter().take(MOST).map(ObjectName::of_row).collect();
        let read = names.into_iter().map(|name| async move { (live_object(cluster, &name).await, name) });
        let read: Vec<_> = futures::stream::iter(read).buffered(AT_ONCE).collect().await;
        let mut marks = Self { unread: beyond, ..Self::default() };
        for (live, name) in read {
            match live {
                Ok(live) => marks.note(name, &live),
                // what is not there asks for nothing
                Err(ReadError::Missing(_)) => {}
                Err(_) => marks.unread += 1,
            }
        }
        marks
    }

    /// Reads what argocd-server compared: the live objects, and of what is still to be made what Git wants.
    pub(super) async fn of_comparison(server: &Server, key: &AppKey, app: &Application) -> Self {
        let Ok(compared) = managed_resources(server, key).await else { return Self::unread(app) };
        let mut marks = Self::default();
        for row in app.resources() {
            let name = ObjectName::of_row(row);
            let side = compared.iter().find(|resource| {
                (&resource.group, &resource.kind, &resource.namespace, &resource.name)
                    == (&name.group, &name.kind, &name.namespace, &name.name)
            });
            match side.and_then(|resource| resource.live.as_ref().or(resource.target.as_ref())) {
                Some(object) => marks.note(name, object),
                None => marks.unread += usize::from(row["hook"] != true),
            }
        }
        marks
    }

    /// Notes what a live object asks for.
    pub fn note(&mut self, name: ObjectName, live: &Value) {
        let annotation = |name: &str| live["metadata"]["annotations"][name].as_str().unwrap_or_default();
        let words = annotation("argocd.argoproj.io/sync-options").split(',');
        let mut options: Vec<String> = words.map(|word| clean(word.trim()).into_owned()).collect();
        options.retain(|word| !word.is_empty());
        if annotation("helm.sh/resource-policy") == "keep" {
            // Helm's word for it (semantics 2.7)
            options.push("Delete=false".to_owned());
        }
        if !options.is_empty() {
            self.options.insert(name, options);
        }
    }

    /// What a row of `status.resources` asks for.
    #[must_use]
    pub fn of_resource(&self, resource: &Value) -> &[String] {
        self.options.get(&ObjectName::of_row(resource)).map_or(&[], Vec::as_slice)
    }

    /// What a resource wants of an option: by itself, else by what holds for all.
    pub(super) fn wanted<'m>(&'m self, resource: &Value, all: &'m [String], name: &str) -> Option<&'m str> {
        let value = |option: &'m String| option.strip_prefix(name)?.strip_prefix('=');
        let own = self.of_resource(resource).iter().find_map(value);
        own.or_else(|| all.iter().rev().find_map(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn its_own_option_goes_before_that_of_all() {
        let resource = json!({"kind": "ConfigMap", "name": "a", "namespace": "n", "version": "v1"});
        let mut marks = Marks::default();
        let annotations = json!({"argocd.argoproj.io/sync-options": "Replace=false, Prune=confirm"});
        marks.note(ObjectName::of_row(&resource), &json!({"metadata": {"annotations": annotations}}));
        let all = ["Replace=true".to_owned(), "Force=true".to_owned()];
        let wanted = |name| marks.wanted(&resource, &all, name);
        assert_eq!(
            (wanted("Replace"), wanted("Force"), wanted("Prune")),
            (Some("false"), Some("true"), Some("confirm"))
        );
        let other = json!({"kind": "ConfigMap", "name": "b", "namespace": "n", "version": "v1"});
        assert_eq!(marks.wanted(&other, &all, "Replace"), Some("true"));
        marks.note(
            ObjectName::of_row(&other),
            &json!({"metadata": {"annotations": {"helm.sh/resource-policy": "keep"}}}),
        );
        assert_eq!(marks.wanted(&other, &[], "Delete"), Some("false"));
    }
}
