//! What differs between a revision and the cluster.

use super::annotation::{self, TRACKING};
use super::condition::Condition;
use super::health::{self, Health, Judgement};
use super::ignore;
use super::key::{Key, version};
use super::merge;
use super::target::Wanted;
use crate::sim::manifest::meta::text;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A resource of an Application, compared.
#[derive(Debug, Clone)]
pub struct Row {
    /// Which object.
    pub key: Key,
    /// Its row of `status.resources`.
    pub value: Value,
    /// Whether it counts as out of sync for the Application.
    pub is_out_of_sync: bool,
    /// Whether it is there and Git does not name it.
    pub is_extra: bool,
}

/// The outcome of a comparison.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// `Synced`, `OutOfSync` or `Unknown`.
    pub sync: &'static str,
    /// The commit of each source that was compared with.
    pub revisions: Vec<String>,
    /// The resources in the order of their keys.
    pub rows: Vec<Row>,
    /// How the Application is.
    pub health: Judgement,
    /// What is wrong.
    pub conditions: Vec<Condition>,
    /// What kind of source it is.
    pub source_type: &'static str,
    /// Whether the Application names the paths it is made from, and nothing changed in them since its last operation.
    pub brings_nothing: bool,
}

impl Comparison {
    /// Of what the project forbids nothing is known.
    pub fn forbid(&mut self, allows: impl Fn(&Key) -> bool) {
        for row in self.rows.iter_mut().filter(|row| row.value["status"].is_string() && !allows(&row.key)) {
            row.value["status"] = json!("Unknown");
            row.is_out_of_sync = false;
        }
        if self.sync == "OutOfSync" && !self.rows.iter().any(|row| row.is_out_of_sync) {
            self.sync = "Synced";
        }
    }

    /// What is known when the spec itself is wrong: nothing.
    #[must_use]
    pub fn unknown(conditions: Vec<Condition>) -> Self {
        let health = Judgement { health: Health::Unknown, message: String::new() };
        Self {
            sync: "Unknown",
            revisions: Vec::new(),
            rows: Vec::new(),
            health,
            conditions,
            source_type: "",
            brings_nothing: false,
        }
    }
}

/// Compares what a revision wants with what is there.
#[must_use]
pub fn compare(app: &Value, wanted: &Wanted, live: &BTreeMap<Key, Value>) -> Comparison {
    let mut conditions = wanted.conditions.clone();
    if wanted.is_broken() {
        let health = Judgement { health: Health::Healthy, message: String::new() };
        let revisions = wanted.revisions.clone();
        return Comparison {
            sync: "Unknown",
            revisions,
            rows: Vec::new(),
            health,
            conditions,
            source_type: wanted.source_type,
            brings_nothing: false,
        };
    }
    conditions.extend(shared(app, wanted, live));
    let mut rows = Vec::new();
    let targets: BTreeMap<Key, &Value> = wanted.objects.iter().map(|object| (Key::of(object), object)).collect();
    for (key, target) in &targets {
        let there = live.get(key);
        let ignored = ignore::pointers(app, key);
        let differs = there.is_none_or(|live| {
            if ignored.is_empty() {
                return merge::differs(live, target);
            }
            merge::differs(&ignore::without(live, &ignored), &ignore::without(target, &ignored))
        });
        let mut value = row(key, target, if differs { "OutOfSync" } else { "Synced" });
        add_wave(&mut value, target);
        if is_confirmed_first(target) || there.is_some_and(is_confirmed_first) {
            value["requiresDeletionConfirmation"] = json!(true);
        }
        rows.push(Row { key: key.clone(), value, is_out_of_sync: differs, is_extra: false });
    }
    for (key, there) in live.iter().filter(|(key, _)| !targets.contains_key(*key)) {
        let is_hook = annotation::is_hook(there);
        if is_hook {
            let mut value = row(key, there, "");
            value["hook"] = json!(true);
            value["requiresPruning"] = json!(true);
            rows.push(Row { key: key.clone(), value, is_out_of_sync: false, is_extra: false });
            continue;
        }
        let ignored = annotation::value(there, "argocd.argoproj.io/compare-options").contains("IgnoreExtraneous");
        let mut value = row(key, there, "OutOfSync");
        value["requiresPruning"] = json!(true);
        if is_confirmed_first(there) {
            value["requiresDeletionConfirmation"] = json!(true);
        }
        add_wave(&mut value, there);
        rows.push(Row { key: key.clone(), value, is_out_of_sync: !ignored, is_extra: true });
    }
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    let sync = if rows.iter().any(|row| row.is_out_of_sync) { "OutOfSync" } else { "Synced" };
    let counted: Vec<(Key, Option<&Value>)> = rows
        .iter()
        .filter(|row| row.value["hook"] != true)
        .map(|row| (row.key.clone(), live.get(&row.key)))
        .filter(|(_, live)| {
            !live.is_some_and(|live| annotation::value(live, "argocd.argoproj.io/ignore-healthcheck") == "true")
        })
        .collect();
    let health = health::aggregate(&counted);
    conditions.sort();
    Comparison {
        sync,
        revisions: wanted.revisions.clone(),
        rows,
        health,
        conditions,
        source_type: wanted.source_type,
        brings_nothing: false,
    }
}

/// The objects that another Application says are its own.
#[must_use]
pub fn shared(app: &Value, wanted: &Wanted, live: &BTreeMap<Key, Value>) -> Vec<Condition> {
    let (namespace, name) = (text(app, "/metadata/namespace"), text(app, "/metadata/name"));
    let keys: BTreeSet<Key> = wanted.objects.iter().map(Key::of).collect();
    let told = keys.into_iter().filter_map(|key| {
        let (owner, _) = annotation::value(live.get(&key)?, TRACKING).split_once(':')?;
        let words = format!("{}/{} is part of applications {namespace}/{name} and {owner}", key.kind, key.name);
        (owner != name).then_some(("SharedResourceWarning", words))
    });
    told.collect()
}

/// Whether a person has to approve before an object goes.
fn is_confirmed_first(object: &Value) -> bool {
    ["Delete=confirm", "Prune=confirm"].into_iter().any(|option| annotation::has_option(object, option))
}

fn add_wave(value: &mut Value, object: &Value) {
    let wave = annotation::wave(object);
    if wave != 0 {
        value["syncWave"] = json!(wave);
    }
}

fn row(key: &Key, object: &Value, status: &str) -> Value {
    let mut row = json!({"version": version(object), "kind": key.kind, "name": key.name});
    if !key.group.is_empty() {
        row["group"] = json!(key.group);
    }
    if !key.namespace.is_empty() {
        row["namespace"] = json!(key.namespace);
    }
    if !status.is_empty() {
        row["status"] = json!(status);
    }
    row
}
