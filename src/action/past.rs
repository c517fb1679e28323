//! What earlier deployments ran, and who wrote what they deployed. Argo CD notes no images with a deployment, but
//! workloads keep the templates they had: Deployments as ReplicaSets, StatefulSets and DaemonSets as ControllerRevisions.
//! Commits are known to argocd-server alone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::join;
use serde_json::Value;

use super::application::Application;
use super::entry::Entry;
use super::road::Road;
use crate::domain::app::is_hash;
use crate::domain::text::clean;
use crate::domain::time::elapsed;
use crate::domain::{AppKey, Commit, Timestamp};
use crate::source::argocd::{OfSeveral, Server, commit};
use crate::source::kube::{Cluster, escape, whole_object};

/// Commits are nice to know: nobody waits longer for them than this.
const PATIENCE: Duration = Duration::from_secs(2);
/// Commits asked for at once.
const AT_ONCE: usize = 4;
/// Deployments whose commits are asked for, newest first.
const DEPLOYMENTS: usize = 20;

/// What is known of earlier deployments, by their ids; what cannot be told for certain is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    images: BTreeMap<i64, Vec<String>>,
    /// One a source, in their order; nothing for what is no commit, or not known.
    commits: BTreeMap<i64, Vec<Option<Commit>>>,
}

/// A template that a workload had.
#[derive(Clone, Debug)]
struct Template {
    made: Timestamp,
    /// Grows each time a template becomes the present one: an old one that does again gets a new number.
    number: i64,
    images: BTreeSet<String>,
}

impl Past {
    /// Looks at the templates that the workloads of an Application keep, and asks for the commits it deployed.
    pub async fn of(road: &Road, key: &AppKey, app: &Application) -> Self {
        let history = app.history();
        let commits = async {
            match &road.server {
                Some(server) => commits(server, key, &history, road).await,
                None => BTreeMap::new(),
            }
        };
        let (images, commits) = join(Self::ran(road.destination.as_ref(), app, &history), commits).await;
        Self { images, commits }
    }

    async fn ran(cluster: Option<&Cluster>, app: &Application, history: &[Entry]) -> BTreeMap<i64, Vec<String>> {
        let Some(cluster) = cluster else { return BTreeMap::new() };
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
            let Some(list) = list else { return BTreeMap::new() };
            workloads.push(templates(list, kind, text("name")));
        }
        told(history, &workloads)
    }

    /// What an earlier deployment ran; what its source names where the templates do not tell.
    #[must_use]
    pub fn images(&self, entry: &Entry) -> Vec<String> {
        self.images.get(&entry.id).cloned().unwrap_or_else(|| entry.images())
    }

    /// What the newest deployment ran: what is there now, where the templates do not tell, though a later attempt may have
    /// brought some of that.
    #[must_use]
    pub fn newest_images(&self, entry: &Entry, app: &Application) -> Vec<String> {
        self.images.get(&entry.id).cloned().unwrap_or_else(|| app.images())
    }

    /// The commits a deployment was made of, one a source; nothing for those nobody told of.
    #[must_use]
    pub fn commits(&self, entry: &Entry) -> &[Option<Commit>] {
        self.commits.get(&entry.id).map_or(&[], Vec::as_slice)
    }

    /// Who wrote what a deployment was made of, and why, in one line; empty where nobody told.
    #[must_use]
    pub fn story(&self, entry: &Entry) -> String {
        let told: Vec<String> = self.commits(entry).iter().flatten().map(Commit::told).collect();
        told.join("; ")
    }
}

fn told(history: &[Entry], workloads: &[Vec<Template>]) -> BTreeMap<i64, Vec<String>> {
    let images = |entry: &Entry| {
        let all = workloads.iter().map(|templates| then(history, entry, templates));
        let all: BTreeSet<String> = all.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
        Some(all.into_iter().collect::<Vec<_>>()).filter(|all| !all.is_empty())
    };
    history.iter().filter_map(|entry| Some((entry.id, images(entry)?))).collect()
}

/// The commits of a history: each asked for once, as many as come in time.
async fn commits(server: &Server, key: &AppKey, history: &[Entry], road: &Road) -> BTreeMap<i64, Vec<Option<Commit>>> {
    // a revision of one source is the same commit in every row; with several, the row says which repository it is of
    let mut wanted: Vec<(String, Option<OfSeveral>)> = Vec::new();
    let newest: Vec<&Entry> = history.iter().rev().take(DEPLOYMENTS).collect();
    for entry in &newest {
        for asked in questions(entry) {
            // versions of charts are no commits
            if is_hash(&asked.0) && !wanted.contains(&asked) {
                wanted.push(asked);
            }
        }
    }
    let ask = |(revision, of): (String, Option<OfSeveral>)| async move {
        let commit = commit(server, key, &revision, of).await;
        ((revision, of), commit.ok())
    };
    let began = road.clock.now();
    let mut answers = futures::stream::iter(wanted).map(ask).buffer_unordered(AT_ONCE);
    let mut known = Vec::new();
    loop {
        let left = PATIENCE.saturating_sub(elapsed(began, road.clock.now()));
        tokio::select! {
            answer = answers.next() => match answer {
                Some((asked, commit)) => known.push((asked, commit)),
                None => break,
            },
            () = road.clock.sleep(left) => break,
        }
    }
    let find = |asked: &(String, Option<OfSeveral>)| known.iter().find(|(known, _)| known == asked)?.1.clone();
    newest.iter().map(|entry| (entry.id, questions(entry).iter().map(find).collect())).collect()
}

/// What to ask of a row of the history, one a source.
fn questions(entry: &Entry) -> Vec<(String, Option<OfSeveral>)> {
    let revisions = entry.all_revisions();
    let is_single = entry.sources.is_empty();
    let of = |source| (!is_single).then_some(OfSeveral { source, deployment: entry.id });
    revisions.into_iter().enumerate().map(|(n, revision)| (revision, of(n))).collect()
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

    /// What each ran; `?` where that cannot be told.
    fn told(history: &[Value], sets: &[Value]) -> Vec<String> {
        let app = Application::new(json!({"status": {"history": history}}));
        let history = app.history();
        let images = super::told(&history, &[templates(&json!({"items": sets}), "Deployment", "web")]);
        history.iter().map(|entry| images.get(&entry.id).map_or_else(|| "?".to_owned(), |all| all.join(" "))).collect()
    }

    #[test]
    fn a_deployment_ran_what_was_made_for_it() {
        let history = [entry(1, "a", 2), entry(2, "b", 4), entry(3, "c", 6)];
        let sets = [set("web:1", 1, 1), set("web:2", 2, 3)];
        // the third changed no template
        assert_eq!(told(&history, &sets), ["web:1", "web:2", "web:2"]);
    }

    #[test]
    fn a_rollback_is_known_by_its_revision() {
        let history = [entry(1, "a", 2), entry(2, "b", 4), entry(3, "a", 6)];
        let sets = [set("web:1", 3, 1), set("web:2", 2, 3)];
        assert_eq!(told(&history, &sets), ["web:1", "web:2", "web:1"]);
    }

    #[test]
    fn what_cannot_be_told_is_left_out() {
        // a bad release that made no history, taken back by a commit of its own
        let history = [entry(1, "a", 2), entry(2, "revert", 6)];
        let sets = [set("web:1", 3, 1), set("web:bad", 2, 4)];
        assert_eq!(told(&history, &sets), ["web:1", "?"]);
        // older templates are forgotten
        let history = [entry(1, "a", 2), entry(2, "b", 4)];
        assert_eq!(told(&history, &[set("web:2", 12, 3)]), ["?", "web:2"]);
    }
}
