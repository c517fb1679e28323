//! Who set which field when: `metadata.managedFields` and the rules by which a write changes them.

use serde_json::{Value, json};

use super::fields::{self, FieldSet, Path};
use super::typed;

/// How a manager writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Server-side apply.
    Apply,
    /// Everything else.
    Update,
}

/// One manager with one operation at one subresource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its name.
    pub manager: String,
    /// How it writes.
    pub operation: Operation,
    /// The version it writes in.
    pub api_version: String,
    /// The subresource it writes through; empty for the object itself.
    pub subresource: String,
}

impl Owner {
    fn is(&self, other: &Self) -> bool {
        let same_version = self.operation == Operation::Apply || self.api_version == other.api_version;
        self.manager == other.manager
            && self.operation == other.operation
            && self.subresource == other.subresource
            && same_version
    }

    fn shown(&self) -> String {
        let mut out = format!("{:?}", self.manager);
        if !self.subresource.is_empty() {
            out.push_str(&format!(" with subresource {:?}", self.subresource));
        }
        if self.operation == Operation::Update {
            out.push_str(&format!(" using {}", self.api_version));
        }
        out
    }
}

#[derive(Debug, Clone)]
struct Entry {
    owner: Owner,
    time: String,
    set: FieldSet,
}

/// All managers of an object.
#[derive(Debug, Clone, Default)]
pub struct Owners(Vec<Entry>);

/// A field that somebody else owns with another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The other manager, as messages show it.
    pub with: String,
    /// The field, as messages show it.
    pub field: String,
}

impl Owners {
    /// Reads `metadata.managedFields`.
    #[must_use]
    pub fn read(object: &Value) -> Self {
        let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
        let text = |entry: &Value, field: &str| entry[field].as_str().unwrap_or_default().to_owned();
        let entry = |entry: &Value| Entry {
            owner: Owner {
                manager: text(entry, "manager"),
                operation: if entry["operation"] == "Apply" { Operation::Apply } else { Operation::Update },
                api_version: text(entry, "apiVersion"),
                subresource: text(entry, "subresource"),
            },
            time: text(entry, "time"),
            set: FieldSet::read(&entry["fieldsV1"]),
        };
        Self(entries.map(entry).collect())
    }

    /// Writes `metadata.managedFields`: appliers first, then by time and name.
    pub fn write(mut self, object: &mut Value) {
        self.0.retain(|entry| !entry.set.is_empty());
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
        if self.0.is_empty() {
            metadata.remove("managedFields");
            return;
        }
        self.0.sort_by(|a, b| {
            (a.owner.operation, &a.time, &a.owner.manager).cmp(&(b.owner.operation, &b.time, &b.owner.manager))
        });
        let entry = |entry: &Entry| {
            let mut out = json!({
                "manager": entry.owner.manager,
                "operation": if entry.owner.operation == Operation::Apply { "Apply" } else { "Update" },
                "apiVersion": entry.owner.api_version,
                "time": entry.time,
                "fieldsType": "FieldsV1",
                "fieldsV1": entry.set.write(),
            });
            if !entry.owner.subresource.is_empty() {
                out["subresource"] = entry.owner.subresource.as_str().into();
            }
            out
        };
        metadata.insert("managedFields".to_owned(), self.0.iter().map(entry).collect());
    }

    /// Takes in a write that is no apply: what it changed is its manager's now, and nobody else's.
    pub fn update(&mut self, custom: bool, old: &Value, new: &Value, owner: &Owner, now: &str) {
        let difference = typed::difference(custom, &bare(old, true, custom), &bare(new, false, custom));
        let mut written = difference.written();
        strip(&mut written);
        for entry in self.0.iter_mut().filter(|entry| !entry.owner.is(owner)) {
            entry.set = entry.set.without(&written).without(&difference.removed);
        }
        if let Some(own) = self.0.iter_mut().find(|entry| entry.owner.is(owner)) {
            own.set = own.set.without(&difference.removed);
            own.set.unite(&written);
            if !written.is_empty() {
                now.clone_into(&mut own.time);
            }
        } else {
            self.0.push(Entry { owner: owner.clone(), time: now.to_owned(), set: written });
        }
    }

    /// Takes in a configuration applied by `owner`: gives the object as it is afterwards.
    ///
    /// # Errors
    /// The conflicts, unless `force` takes the fields from the others.
    pub fn apply(
        &mut self,
        custom: bool,
        live: &Value,
        config: &Value,
        owner: &Owner,
        force: bool,
        now: &str,
    ) -> Result<Value, Vec<Conflict>> {
        let config = bare(config, false, custom);
        let mut set = typed::fields(custom, &config);
        strip(&mut set);
        let mut merged = typed::merge(custom, live, &config);
        let mine = self.0.iter().position(|entry| entry.owner.is(owner));
        let last = mine.map(|at| std::mem::replace(&mut self.0[at].set, set.clone()));
        if let Some(last) = last {
            let mut owned = FieldSet::default();
            for entry in &self.0 {
                owned.unite(&entry.set);
            }
            let mut gone = last.without(&owned);
            gone.spare(&owned);
            typed::remove(custom, &mut merged, &gone);
        }
        let difference = typed::difference(custom, &bare(live, false, custom), &bare(&merged, false, custom));
        let written = difference.written();
        let mut conflicts = Vec::new();
        for entry in self.0.iter_mut().filter(|entry| !entry.owner.is(owner)) {
            let taken = entry.set.within(&written);
            let path = |path: &Path| Conflict { with: entry.owner.shown(), field: fields::shown(path) };
            conflicts.extend(taken.paths().iter().map(path));
            entry.set = entry.set.without(&taken).without(&difference.removed);
        }
        if !force && !conflicts.is_empty() {
            return Err(conflicts);
        }
        let changed = !written.is_empty() || !difference.removed.is_empty();
        match mine {
            Some(at) => {
                if changed {
                    now.clone_into(&mut self.0[at].time);
                }
                owner.api_version.clone_into(&mut self.0[at].owner.api_version);
            }
            None => self.0.push(Entry { owner: owner.clone(), time: now.to_owned(), set }),
        }
        Ok(merged)
    }

    /// Whether nobody is on record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts everything an object has on record as written before anybody applied.
    pub fn begin(&mut self, custom: bool, live: &Value, api_version: &str) {
        let mut set = typed::fields(custom, &bare(live, false, custom));
        strip(&mut set);
        let time = live["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned();
        let owner = Owner {
            manager: "before-first-apply".to_owned(),
            operation: Operation::Update,
            api_version: api_version.to_owned(),
            subresource: String::new(),
        };
        self.0.push(Entry { owner, time, set });
    }
}

/// Metadata that belongs to the server.
const SYSTEM: &[&str] = &[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
];

/// The object without what nobody owns; with the structs that a built-in type has even when they are empty.
fn bare(object: &Value, filled: bool, custom: bool) -> Value {
    let mut out = object.clone();
    if let Some(map) = out.as_object_mut() {
        map.remove("apiVersion");
        map.remove("kind");
        if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.retain(|key, _| !SYSTEM.contains(&key.as_str()));
        }
    }
    if filled && !custom {
        fill(&mut out, &structs());
    }
    out
}

/// Structs that are never absent in a server's own types; a list that is null stands for one that is always there.
fn structs() -> Value {
    let pod = json!({"metadata": {}, "spec": {"containers": null}});
    json!({
        "metadata": {},
        "spec": {
            "containers": null, "strategy": {}, "updateStrategy": {}, "template": pod,
            "jobTemplate": {"metadata": {}, "spec": {"template": pod}},
        },
        "status": {"loadBalancer": {}},
    })
}

fn fill(object: &mut Value, with: &Value) {
    let (Some(map), Some(with)) = (object.as_object_mut(), with.as_object()) else { return };
    for (key, value) in with {
        fill(map.entry(key).or_insert_with(|| value.clone()), value);
    }
}

fn strip(set: &mut FieldSet) {
    set.remove(&["f:metadata"]);
}
