//! What others may ask about a comparison: every resource of an Application as Git wants it, as it is, and as it would be.

use super::annotation as notes;
use super::cluster::{self, Cluster, Link};
use super::health;
use super::ignore;
use super::key::Key;
use super::merge;
use super::project;
use super::repository::Repository;
use super::revisions;
use super::target;
use super::window;
use crate::sim::manifest::meta::text;
use crate::sim::store::Store;
use jiff::Timestamp;
use serde_json::{Map, Value};

pub use super::annotation::{TRACKING, images, value as annotation};
pub use super::project::{glob, sources};
pub use super::target::tracked;

/// A resource of an Application, from all sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Sides {
    /// Which object.
    pub key: Key,
    /// What Git wants; none for what is to be pruned, and for hooks.
    pub target: Option<Value>,
    /// What is there.
    pub live: Option<Value>,
    /// What is there, without what no comparison looks at.
    pub normalized: Option<Value>,
    /// What would be there after a sync, without the same.
    pub predicted: Option<Value>,
    /// Whether it is a hook's object.
    pub is_hook: bool,
    /// Whether a sync would change it.
    pub is_modified: bool,
}

/// The resources of an Application against the revision it was last compared with, in the order Git names them; then
/// what is there and not in Git.
///
/// # Errors
/// The words of the conditions, when the comparison cannot be made.
pub fn sides(clusters: &[Cluster], repository: &dyn Repository, app: &Value) -> Result<Vec<Sides>, Vec<String>> {
    let cluster = cluster::of_app(clusters, app).map_err(|words| vec![words])?;
    let sources = project::sources(app);
    let compared = revisions::of(&app["status"]["sync"]);
    let wanted = target::wanted(repository, cluster, app, &sources, &compared);
    let Link::Up(store) = &cluster.link else { return Ok(Vec::new()) };
    if wanted.is_broken() {
        return Err(wanted.conditions.into_iter().map(|(kind, words)| format!("{kind}: {words}")).collect());
    }
    let mut live = target::live(store, text(app, "/metadata/name"), &wanted);
    let mut all = Vec::new();
    for target in &wanted.objects {
        let key = Key::of(target);
        let there = live.remove(&key);
        let ignored = ignore::pointers(app, &key);
        let normalized = there.as_ref().map(|there| normalized(&ignore::without(there, &ignored)));
        let (predicted, is_modified) = match &normalized {
            Some(there) => {
                let target = ignore::without(target, &ignored);
                (merge::apply(there, &target), merge::differs(there, &target))
            }
            None => (target.clone(), true),
        };
        let target = Some(target.clone());
        all.push(Sides {
            key,
            target,
            live: there,
            normalized,
            predicted: Some(predicted),
            is_hook: false,
            is_modified,
        });
    }
    for (key, there) in live {
        let is_hook = notes::is_hook(&there);
        let normalized = Some(normalized(&there));
        let (target, live) = (None, Some(there));
        all.push(Sides { key, target, live, normalized, predicted: None, is_hook, is_modified: false });
    }
    all.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(all)
}

/// A live object without what no comparison looks at.
fn normalized(live: &Value) -> Value {
    let mut object = live.clone();
    if let Some(object) = object.as_object_mut() {
        object.remove("status");
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("creationTimestamp");
    }
    object
}

/// How an object is, as a tree shows it: `{status, message?}`; none for kinds without a rule.
#[must_use]
pub fn health_of(object: &Value) -> Option<Value> {
    let judgement = health::of(object)?;
    let mut shown = Map::new();
    shown.insert("status".to_owned(), judgement.health.word().into());
    if !judgement.message.is_empty() {
        shown.insert("message".to_owned(), judgement.message.into());
    }
    Some(shown.into())
}

/// The manifests of an Application's sources at revisions, hooks among them, as the repo-server gives them.
///
/// # Errors
/// In the words of the repo-server.
pub fn manifests(
    clusters: &[Cluster],
    repository: &dyn Repository,
    app: &Value,
    revisions: &[String],
) -> Result<Vec<Value>, Vec<String>> {
    use super::repository::Source;
    cluster::of_app(clusters, app).map_err(|words| vec![words])?;
    let (name, namespace) = (text(app, "/metadata/name"), text(app, "/spec/destination/namespace"));
    let mut all = Vec::new();
    for (index, source) in project::sources(app).into_iter().enumerate() {
        let asked = revisions.get(index).filter(|revision| !revision.is_empty());
        let asked = asked.map_or(text(source, "/targetRevision"), String::as_str);
        let commit = repository.resolve(source, asked).map_err(|error| vec![error.to_string()])?;
        let rendered = repository.manifests(Source { source, app: name, namespace }, &commit);
        for mut object in rendered.map_err(|error| vec![error.to_string()])?.objects {
            let mut placed = object.clone();
            if Key::is_namespaced(text(&object, "/kind")) && text(&object, "/metadata/namespace").is_empty() {
                placed["metadata"]["namespace"] = namespace.into();
            }
            object["metadata"]["annotations"][TRACKING] = Key::of(&placed).tracking_id(name).into();
            all.push(object);
        }
    }
    Ok(all)
}

/// The cluster an Application goes to, when Argo CD reaches it.
#[must_use]
pub fn destination<'a>(clusters: &'a [Cluster], app: &Value) -> Option<&'a Store> {
    match &cluster::of_app(clusters, app).ok()?.link {
        Link::Up(store) => Some(store),
        Link::NoAccess(_) | Link::Down(_) => None,
    }
}

/// Whether the windows of a project let somebody sync an Application by hand now.
#[must_use]
pub fn may_sync(clusters: &[Cluster], project: &Value, app: &Value, now: Timestamp) -> bool {
    let cluster = cluster::of_app(clusters, app).map(|cluster| cluster.name.clone()).unwrap_or_default();
    window::allows(project, app, &cluster, true, None, now)
}

/// The windows of a project that are about an Application, and those of them that are open now.
#[must_use]
pub fn windows(clusters: &[Cluster], project: &Value, app: &Value, now: Timestamp) -> (Vec<Value>, Vec<Value>) {
    let cluster = cluster::of_app(clusters, app).map(|cluster| cluster.name.clone()).unwrap_or_default();
    let of_app: Vec<Value> = window::of_app(project, app, &cluster).into_iter().cloned().collect();
    let open = of_app.iter().filter(|window| window::is_active(window, now) == Some(true)).cloned().collect();
    (of_app, open)
}

/// What is wrong with the spec of an Application, in the words of `InvalidSpecError`; nothing when it is allowed.
#[must_use]
pub fn wrong_spec(home: &Store, namespace: &str, clusters: &[Cluster], app: &Value) -> Vec<String> {
    project::check(home, namespace, clusters, app)
}
