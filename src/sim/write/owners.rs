//! Who set which field when: `metadata.managedFields` and the rules by which a write changes them.

use serde_json::{Map, Value, json};

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
    fields: Fields,
}

/// The fields of a manager: most writes leave most of them alone, and those are not taken apart.
#[derive(Debug, Clone, Default)]
struct Fields {
    /// As they were read, as long as nobody took them apart.
    written: Option<Value>,
    apart: FieldSet,
}

impl From<FieldSet> for Fields {
    fn from(apart: FieldSet) -> Self {
        Self { written: None, apart }
    }
}

impl Fields {
    /// Them, taken apart.
    fn set(&mut self) -> &mut FieldSet {
        if let Some(written) = self.written.take() {
            self.apart = FieldSet::read(&written);
        }
        &mut self.apart
    }

    fn is_empty(&self) -> bool {
        match &self.written {
            Some(written) => written.as_object().is_none_or(Map::is_empty),
            None => self.apart.is_empty(),
        }
    }

    /// Takes fields out.
    fn subtract(&mut self, gone: &FieldSet) {
        if self.written.as_ref().is_none_or(|written| gone.meets(written)) {
            self.set().subtract(gone);
        }
    }

    /// Adds fields.
    fn unite(&mut self, more: &FieldSet) {
        if self.written.as_ref().is_none_or(|written| !more.is_within(written)) {
            self.set().unite(more);
        }
    }

    fn into_text(self) -> Value {
        self.written.unwrap_or_else(|| self.apart.write())
    }
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
        Self::of(object["metadata"]["managedFields"].clone())
    }

    /// Takes `metadata.managedFields` out of an object that [`Owners::write`] is about to give them again.
    #[must_use]
    pub fn take(object: &mut Value) -> Self {
        let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
        Self::of(metadata.and_then(|metadata| metadata.remove("managedFields")).unwrap_or_default())
    }

    fn of(entries: Value) -> Self {
        let Value::Array(entries) = entries else { return Self::default() };
        let text = |entry: &Value, field: &str| entry[field].as_str().unwrap_or_default().to_owned();
        let entry = |mut entry: Value| Entry {
            owner: Owner {
                manager: text(&entry, "manager"),
                operation: if entry["operation"] == "Apply" { Operation::Apply } else { Operation::Update },
                api_version: text(&entry, "apiVersion"),
                subresource: text(&entry, "subresource"),
            },
            time: text(&entry, "time"),
            fields: Fields { written: Some(entry["fieldsV1"].take()), ..Fields::default() },
        };
        Self(entries.into_iter().map(entry).collect())
    }

    /// Writes `metadata.managedFields`: appliers first, then by time and name.
    pub fn write(mut self, object: &mut Value) {
        self.0.retain(|entry| !entry.fields.is_empty());
        let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
        if self.0.is_empty() {
            metadata.remove("managedFields");
            return;
        }
        self.0.sort_by(|a, b| {
            (a.owner.operation, &a.time, &a.owner.manager).cmp(&(b.owner.operation, &b.time, &b.owner.manager))
        });
        let entry = |entry: Entry| {
            let owner = entry.owner;
            let mut out = Map::new();
            let mut put = |field: &str, value: Value| drop(out.insert(field.to_owned(), value));
            put("manager", owner.manager.into());
            put("operation", if owner.operation == Operation::Apply { "Apply" } else { "Update" }.into());
            put("apiVersion", owner.api_version.into());
            put("time", entry.time.into());
            put("fieldsType", "FieldsV1".into());
            put("fieldsV1", entry.fields.into_text());
            if !owner.subresource.is_empty() {
                put("subresource", owner.subresource.into());
            }
            Value::Object(out)
        };
        metadata.insert("managedFields".to_owned(), self.0.into_iter().map(entry).collect());
    }

    /// Takes in a write that is no apply: what it changed is its manager's now, and nobody else's.
    pub fn update(&mut self, custom: bool, old: &Value, new: &Value, owner: &Owner, now: &str) {
        let (mut old, new) = changed(old, new);
        if !custom {
            fill(&mut old, &structs(&new));
        }
        let difference = typed::difference(custom, &old, &new);
        let mut written = difference.written();
        strip(&mut written);
        for entry in self.0.iter_mut().filter(|entry| !entry.owner.is(owner)) {
            entry.fields.subtract(&written);
            entry.fields.subtract(&difference.removed);
        }
        if let Some(own) = self.0.iter_mut().find(|entry| entry.owner.is(owner)) {
            own.fields.subtract(&difference.removed);
            own.fields.unite(&written);
            if !written.is_empty() {
                now.clone_into(&mut own.time);
            }
        } else {
            self.0.push(Entry { owner: owner.clone(), time: now.to_owned(), fields: written.into() });
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
        let config = bare(config);
        let mut set = typed::fields(custom, &config);
        strip(&mut set);
        let mut merged = typed::merge(custom, live, &config);
        let mine = self.0.iter().position(|entry| entry.owner.is(owner));
        let last = mine.map(|at| std::mem::replace(self.0[at].fields.set(), set.clone()));
        if let Some(last) = last {
            let mut owned = FieldSet::default();
            for entry in &mut self.0 {
                owned.unite(entry.fields.set());
            }
            let mut gone = last.without(&owned);
            gone.spare(&owned);
            typed::remove(custom, &mut merged, &gone);
        }
        let (old, new) = changed(live, &merged);
        let difference = typed::difference(custom, &old, &new);
        let written = difference.written();
        let mut conflicts = Vec::new();
        for entry in self.0.iter_mut().filter(|entry| !entry.owner.is(owner)) {
            let set = entry.fields.set();
            let taken = set.within(&written);
            let path = |path: &Path| Conflict { with: entry.owner.shown(), field: fields::shown(path) };
            conflicts.extend(taken.paths().iter().map(path));
            set.subtract(&taken);
            set.subtract(&difference.removed);
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
            None => self.0.push(Entry { owner: owner.clone(), time: now.to_owned(), fields: set.into() }),
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
        let mut set = typed::fields(custom, &bare(live));
        strip(&mut set);
        let time = live["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned();
        let owner = Owner {
            manager: "before-first-apply".to_owned(),
            operation: Operation::Update,
            api_version: api_version.to_owned(),
            subresource: String::new(),
        };
        self.0.push(Entry { owner, time, fields: set.into() });
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

/// The object without what nobody owns.
fn bare(object: &Value) -> Value {
    changed(&Value::Null, object).1
}

/// Both objects without what nobody owns, and without what is the same in both.
fn changed(old: &Value, new: &Value) -> (Value, Value) {
    let (mut before, mut after) = differing(old, new, &["apiVersion", "kind", "metadata"]);
    let (old, new) = (old.get("metadata"), new.get("metadata"));
    let (none, mut kept) = (Value::Null, differing(old.unwrap_or(&Value::Null), new.unwrap_or(&Value::Null), SYSTEM));
    if old.unwrap_or(&none) != new.unwrap_or(&none) {
        for (object, there, kept) in [(&mut before, old, &mut kept.0), (&mut after, new, &mut kept.1)] {
            if there.is_some() {
                object.insert("metadata".to_owned(), Value::Object(std::mem::take(kept)));
            }
        }
    }
    (Value::Object(before), Value::Object(after))
}

/// The fields of two objects that are not the same in both, but those nobody asks about.
fn differing(old: &Value, new: &Value, but: &[&str]) -> (Map<String, Value>, Map<String, Value>) {
    let only = |object: &Value, other: &Value| -> Map<String, Value> {
        let fields = object.as_object().into_iter().flatten();
        let told = fields.filter(|(field, value)| !but.contains(&field.as_str()) && other.get(field) != Some(value));
        told.map(|(field, value)| (field.clone(), value.clone())).collect()
    };
    (only(old, new), only(new, old))
}

/// Structs that are never absent in a server's own types, as far as an object has the field they are in; a list that
/// is null stands for one that is always there.
fn structs(object: &Value) -> Value {
    let pod = json!({"metadata": {}, "spec": {"containers": null}});
    let mut structs = json!({});
    for field in ["metadata", "spec", "status"].into_iter().filter(|field| !object[*field].is_null()) {
        structs[field] = match field {
            "spec" => json!({
                "containers": null, "strategy": {}, "updateStrategy": {}, "template": pod,
                "jobTemplate": {"metadata": {}, "spec": {"template": pod}},
            }),
            "status" => json!({"loadBalancer": {}}),
            _ => json!({}),
        };
    }
    structs
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
