//! The desired objects of an Application at a revision, and the live ones they are compared with.

use super::annotation::{self, TRACKING};
use super::cluster::Cluster;
use super::condition::Condition;
use super::key::Key;
use super::project;
use super::repository::{Repository, Source};
use crate::sim::kinds::KINDS;
use crate::sim::manifest::meta::text;
use crate::sim::store::Store;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// What a revision wants.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The commit of each source; the revision as written where it could not be resolved.
    pub revisions: Vec<String>,
    /// Objects of the desired state.
    pub objects: Vec<Value>,
    /// Objects of hooks.
    pub hooks: Vec<Value>,
    /// What kind of source it is.
    pub source_type: &'static str,
    /// What is wrong.
    pub conditions: Vec<Condition>,
}

impl Wanted {
    /// The commit of the only or first source.
    #[must_use]
    pub fn revision(&self) -> &str {
        self.revisions.first().map_or("", |revision| revision)
    }

    /// Whether something failed that leaves the desired state unknown.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.conditions.iter().any(|(kind, _)| kind.ends_with("Error"))
    }
}

/// Renders the sources of an Application at these revisions, each at what it follows where there is none.
#[must_use]
pub fn wanted(
    repository: &dyn Repository,
    cluster: &Cluster,
    app: &Value,
    sources: &[&Value],
    revisions: &[String],
) -> Wanted {
    let name = text(app, "/metadata/name");
    let namespace = text(app, "/spec/destination/namespace");
    let asked = sources.iter().enumerate().map(|(index, source)| {
        let asked = revisions.get(index).filter(|revision| !revision.is_empty());
        asked.map_or(text(source, "/targetRevision"), String::as_str).to_owned()
    });
    let mut wanted = Wanted { revisions: asked.collect(), ..Wanted::default() };
    if let Some(trouble) = cluster.trouble() {
        let server = &cluster.server;
        let info = format!("failed to get cluster info for \"{server}\": {trouble}");
        wanted.conditions.extend([
            ("ComparisonError", format!("Failed to load live state: {info}")),
            (
                "ComparisonError",
                format!("Failed to load target state: failed to get cluster version for cluster \"{server}\": {info}"),
            ),
            ("UnknownError", trouble),
        ]);
        return wanted;
    }
    let count = sources.len();
    let mut all: BTreeMap<Key, (usize, Value)> = BTreeMap::new();
    let mut times: BTreeMap<Key, usize> = BTreeMap::new();
    for (index, source) in sources.iter().enumerate() {
        let rendered = repository.resolve(source, &wanted.revisions[index]).and_then(|commit| {
            let rendered = repository.manifests(Source { source, app: name, namespace }, &commit)?;
            Ok((commit, rendered))
        });
        match rendered {
            Ok((commit, rendered)) => {
                wanted.revisions[index] = commit;
                if index == 0 {
                    wanted.source_type = rendered.source_type;
                }
                for mut object in rendered.objects {
                    place(&mut object, name, namespace);
                    let mut key = Key::of(&object);
                    if key.name.is_empty() {
                        // a beginning of a name is nobody's name
                        key.name = format!("{}#{}", text(&object, "/metadata/generateName"), all.len());
                    }
                    *times.entry(key.clone()).or_default() += 1;
                    let serial = all.len();
                    all.insert(key, (serial, object));
                }
            }
            Err(error) => {
                let words = format!(
                    "Failed to load target state: failed to generate manifest for source {} of {count}: rpc error: \
                     code = Unknown desc = {error}",
                    index + 1
                );
                wanted.conditions.push(("ComparisonError", words));
            }
        }
    }
    for (key, times) in times.iter().filter(|(_, times)| **times > 1) {
        let words = format!("Resource {} appeared {times} times among application resources.", key.cause());
        wanted.conditions.push(("RepeatedResourceWarning", words));
    }
    let mut objects: Vec<(usize, Value)> = all.into_values().collect();
    objects.sort_by_key(|(serial, _)| *serial);
    let (hooks, objects) = objects.into_iter().map(|(_, object)| object).partition(annotation::is_hook);
    wanted.hooks = hooks;
    wanted.objects = objects;
    wanted
}

/// Puts an object into the destination's namespace and marks whose it is.
pub(super) fn place(object: &mut Value, app: &str, namespace: &str) {
    let named = object["metadata"]["namespace"].as_str().is_some_and(|namespace| !namespace.is_empty());
    if !Key::is_namespaced(text(object, "/kind")) {
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("namespace");
        }
    } else if !named {
        object["metadata"]["namespace"] = json!(namespace);
    }
    let id = Key::of(object).tracking_id(app);
    object["metadata"]["annotations"][TRACKING] = json!(id);
}

/// The live objects that belong to an Application, those it would take over included.
#[must_use]
pub fn live(store: &Store, app: &str, wanted: &Wanted) -> BTreeMap<Key, Value> {
    let mut found: BTreeMap<Key, Value> =
        tracked(store, app).into_iter().map(|object| (Key::of(&object), object)).collect();
    for key in wanted.objects.iter().chain(&wanted.hooks).map(Key::of) {
        if let Entry::Vacant(place) = found.entry(key)
            && let Some(live) = store.get(&place.key().kind, &place.key().namespace, &place.key().name)
        {
            place.insert(live);
        }
    }
    found
}

/// The live objects whose tracking annotation names an Application, and themselves.
#[must_use]
pub fn tracked(store: &Store, app: &str) -> Vec<Value> {
    let sign = format!("\"{TRACKING}\":\"{app}:");
    let sign = memchr::memmem::Finder::new(&sign);
    let mut found = Vec::new();
    for kind in KINDS.iter().filter(|kind| kind.is_stored() && kind.kind != "Event") {
        let Ok(snapshot) = store.snapshot(kind.kind, None, None) else { continue };
        for object in snapshot.objects {
            if sign.find(object.metadata()).is_some() {
                let object = object.to_value(kind);
                if annotation::value(&object, TRACKING) == Key::of(&object).tracking_id(app) {
                    found.push(object);
                }
            }
        }
    }
    found
}

/// The sources an operation deploys: its own, or those of the spec.
#[must_use]
pub fn sources_of<'a>(app: &'a Value, operation: &'a Value) -> Vec<&'a Value> {
    let sync = &operation["sync"];
    match sync["sources"].as_array() {
        Some(sources) if !sources.is_empty() => sources.iter().collect(),
        _ if sync["source"].is_object() => vec![&sync["source"]],
        _ => project::sources(app),
    }
}
