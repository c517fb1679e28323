//! What earlier deployments ran. Argo CD notes no images with a deployment, but workloads keep the templates they had:
//! Deployments as ReplicaSets, StatefulSets and DaemonSets as ControllerRevisions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::application::Application;
use super::entry::Entry;
use crate::domain::Timestamp;
use crate::domain::text::clean;
use crate::source::kube::{Cluster, escape, whole_object};

/// The images of earlier deployments, by their ids; those that cannot be told for certain are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past(BTreeMap<i64, Vec<String>>);

/// A template that a workload had.
#[derive(Clone, Debug)]
struct Template {
    made: Timestamp,
    /// Grows each time a template becomes the present one: an old one that does again gets a new number.
    number: i64,
    images: BTreeSet<String>,
}

impl Past {
    /// Looks at the templates that the workloads of an Application keep.
    pub async fn of(cluster: Option<&Cluster>, app: &Application) -> Self {
        let Some(cluster) = cluster else { return Self::default() };
        let mut workloads = Vec::new();
        let mut lists: BTreeMap<String, Option<Value>> = BTreeMap::new();
        for resource in app.resources().filter(|resource| resource["group"] == "apps") {
            let text = |name: &str| resource[name].as_str().unwrap_or_default();
            let (kind, plural) = match text("kind") {
                kind @ "Deployment" => (kind, "replicasets"),
                kind @ ("StatefulSet" | "DaemonSet") => (kind, "controllerrevisions"),
                _ => continue,
            };
            let path = format!("/apis/apps/v1/namespaces/{}/{plural}", escape(text("namespace")));
            if !lists.contains_key(&path) {
                let list = whole_object(cluster, &path, plural).await.ok();
                lists.insert(path.clone(), list);
            }
            let list = lists.get(&path).and_then(Option::as_ref);
            // what may not be read is told of no deployment
            let Some(list) = list else { return Self::default() };
            workloads.push(templates(list, kind, text("name")));
        }
        Self::told(&app.history(), &workloads)
    }

    /// What an earlier deployment ran; what its source names where the templates do not tell.
    #[must_use]
    pub fn images(&self, entry: &Entry) -> Vec<String> {
        self.0.get(&entry.id).cloned().unwrap_or_else(|| entry.images())
    }

    fn told(history: &[Entry], workloads: &[Vec<Template>]) -> Self {
        let images = |entry: &Entry| {
            let all = workloads.iter().map(|templates| then(history, entry, templates));
            let all: BTreeSet<String> = all.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
            Some(all.into_iter().collect::<Vec<_>>()).filter(|all| !all.is_empty())
        };
        Self(history.iter().filter_map(|entry| Some((entry.id, images(entry)?))).collect())
    }
}

/// The templates in a list that one workload owns, oldest first.
fn templates(list: &Value, kind: &str, name: &str) -> Vec<Template> {
    let items = list["items"].as_array().into_iter().flatten();
    let is_owned = |item: &&Value| {
        let owners = item["metadata"]["ownerReferences"].as_array();
        owners.into_iter().flatten().any(|owner| owner["kind"] == kind && owner["name"] == name)
    };
    let mut found: Vec<Template> = items.filter(is_owned).filter_map(Template::read).collect();
    found.sort_by_key(|template| (template.made, template.number));
    found
}

impl Template {
    fn read(item: &Value) -> Option<Self> {
        let annotated = &item["metadata"]["annotations"]["deployment.kubernetes.io/revision"];
        let number = annotated.as_str().and_then(|number| number.parse().ok()).or_else(|| item["revision"].as_i64());
        let spec = ["/spec/template/spec", "/data/spec/template/spec"].iter().find_map(|at| item.pointer(at))?;
        let containers = ["initContainers", "containers"].map(|field| spec[field].as_array());
        let images = containers.into_iter().flatten().flatten().filter_map(|container| container["image"].as_str());
        Some(Self {
            made: item["metadata"]["creationTimestamp"].as_str()?.parse().ok()?,
            number: number?,
            images: images.map(|image| clean(image).into_owned()).collect(),
        })
    }
}

/// When what an entry deployed was deployed first: the same revision of the same source makes the same templates.
fn first(history: &[Entry], entry: &Entry) -> Option<Timestamp> {
    let what =
        |entry: &Entry| (entry.revision.clone(), entry.revisions.clone(), entry.source.clone(), entry.sources.clone());
    history.iter().find(|other| what(other) == what(entry))?.deployed
}

/// The last template that was made before a moment.
fn made_by(templates: &[Template], at: Timestamp) -> Option<&Template> {
    templates.iter().rev().find(|template| template.made <= at)
}

/// What a workload ran with a deployment; nothing where it cannot be told.
fn then(history: &[Entry], entry: &Entry, templates: &[Template]) -> Option<BTreeSet<String>> {
    let at = first(history, entry)?;
    let Some(newest) = made_by(templates, at) else {
        // it was not there yet, or what it had then was forgotten since
        let is_whole = templates.iter().any(|template| template.number == 1);
        return is_whole.then(BTreeSet::new);
    };
    // an older template with a higher number became the present one again, nobody knows when: a rollback that is in the
    // history explains it
    let later = history.iter().filter(|other| other.id > entry.id).filter_map(|other| first(history, other));
    let explained: Vec<Timestamp> = later.filter_map(|at| Some(made_by(templates, at)?.made)).collect();
    let again = templates.iter().filter(|template| {
        template.made < newest.made && template.number > newest.number && !explained.contains(&template.made)
    });
    again.into_iter().all(|template| template.images == newest.images).then(|| newest.images.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(hour: u8) -> String {
        format!("2026-11-23T{hour:02}:00:00Z")
    }

    fn entry(id: i64, revision: &str, hour: u8) -> Value {
        json!({"id": id, "revision": revision, "deployedAt": at(hour), "source": {"repoURL": "r"}})
    }

    fn set(image: &str, number: i64, hour: u8) -> Value {
        json!({
            "metadata": {"creationTimestamp": at(hour), "ownerReferences": [{"kind": "Deployment", "name": "web"}],
                "annotations": {"deployment.kubernetes.io/revision": number.to_string()}},
            "spec": {"template": {"spec": {"containers": [{"image": image}]}}},
        })
    }

    fn told(history: &[Value], sets: &[Value]) -> Vec<Option<String>> {
        let app = Application::new(json!({"status": {"history": history}}));
        let history = app.history();
        let past = Past::told(&history, &[templates(&json!({"items": sets}), "Deployment", "web")]);
        history.iter().map(|entry| past.0.get(&entry.id).map(|all| all.join(" "))).collect()
    }

    fn known(image: &str) -> Option<String> {
        Some(image.to_owned())
    }

    #[test]
    fn a_deployment_ran_what_was_made_for_it() {
        let history = [entry(1, "a", 2), entry(2, "b", 4), entry(3, "c", 6)];
        let sets = [set("web:1", 1, 1), set("web:2", 2, 3)];
        // the third changed no template
        assert_eq!(told(&history, &sets), [known("web:1"), known("web:2"), known("web:2")]);
    }

    #[test]
    fn a_rollback_is_known_by_its_revision() {
        let history = [entry(1, "a", 2), entry(2, "b", 4), entry(3, "a", 6)];
        let sets = [set("web:1", 3, 1), set("web:2", 2, 3)];
        assert_eq!(told(&history, &sets), [known("web:1"), known("web:2"), known("web:1")]);
    }

    #[test]
    fn what_cannot_be_told_is_left_out() {
        // a bad release that made no history, taken back by a commit of its own
        let history = [entry(1, "a", 2), entry(2, "revert", 6)];
        let sets = [set("web:1", 3, 1), set("web:bad", 2, 4)];
        assert_eq!(told(&history, &sets), [known("web:1"), None]);
        // older templates are forgotten
        let history = [entry(1, "a", 2), entry(2, "b", 4)];
        assert_eq!(told(&history, &[set("web:2", 12, 3)]), [None, known("web:2")]);
    }
}
