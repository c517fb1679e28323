//! Sets of fields, as `managedFields` writes them (FieldsV1).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// A set of fields within an object.
///
/// An element of a path is written as on the wire: `f:name` for a field, `k:{…}` for a list item by its keys, `v:…` for
/// an item of a set by its value. A field can be in the set itself, or only some of what is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSet {
    own: bool,
    children: BTreeMap<String, FieldSet>,
}

/// The elements from the root to a field.
pub type Path = Vec<String>;

impl FieldSet {
    /// Reads FieldsV1; what is not understood is left out.
    #[must_use]
    pub fn read(value: &Value) -> Self {
        let mut set = Self::default();
        let map = value.as_object();
        for (name, child) in map.into_iter().flatten() {
            if name == "." {
                set.own = true;
            } else {
                let mut child = Self::read(child);
                child.own |= child.children.is_empty();
                set.children.insert(name.clone(), child);
            }
        }
        set
    }

    /// Writes FieldsV1.
    #[must_use]
    pub fn write(&self) -> Value {
        let mut map = Map::new();
        if self.own && !self.children.is_empty() {
            map.insert(".".to_owned(), json!({}));
        }
        map.extend(self.children.iter().map(|(name, child)| (name.clone(), child.write())));
        Value::Object(map)
    }

    /// Whether no field is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.own && self.children.values().all(Self::is_empty)
    }

    /// Whether the field at the root of this set is in it.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.own
    }

    /// What the set holds below an element.
    #[must_use]
    pub fn child(&self, element: &str) -> Option<&Self> {
        self.children.get(element)
    }

    /// Adds the field at a path.
    pub fn insert(&mut self, path: &[String]) {
        match path.split_first() {
            None => self.own = true,
            Some((first, rest)) => self.children.entry(first.clone()).or_default().insert(rest),
        }
    }

    /// Takes the field at a path out, not what is in it.
    pub fn remove(&mut self, path: &[&str]) {
        match path.split_first() {
            None => self.own = false,
            Some((first, rest)) => {
                if let Some(child) = self.children.get_mut(*first) {
                    child.remove(rest);
                    if child.is_empty() {
                        self.children.remove(*first);
                    }
                }
            }
        }
    }

    /// Everything in either.
    pub fn unite(&mut self, other: &Self) {
        self.own |= other.own;
        for (name, child) in &other.children {
            self.children.entry(name.clone()).or_default().unite(child);
        }
    }

    /// Takes out what is in the other set.
    pub fn subtract(&mut self, other: &Self) {
        self.own &= !other.own;
        for (name, beside) in &other.children {
            if let Some(child) = self.children.get_mut(name) {
                child.subtract(beside);
                if child.is_empty() {
                    self.children.remove(name);
                }
            }
        }
    }

    /// Whether any field of this set is in FieldsV1 that were not read yet.
    #[must_use]
    pub fn meets(&self, written: &Value) -> bool {
        let Some(map) = written.as_object() else { return false };
        (self.own && (map.is_empty() || map.contains_key(".")))
            || self.children.iter().any(|(name, child)| map.get(name).is_some_and(|beside| child.meets(beside)))
    }

    /// Whether every field of this set is in FieldsV1 that were not read yet.
    #[must_use]
    pub fn is_within(&self, written: &Value) -> bool {
        let Some(map) = written.as_object() else { return self.is_empty() };
        (!self.own || map.is_empty() || map.contains_key("."))
            && self
                .children
                .iter()
                .all(|(name, child)| child.is_empty() || map.get(name).is_some_and(|beside| child.is_within(beside)))
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.filter(Some(other), |own, in_other| own && !in_other)
    }

    /// What is in both sets.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        self.filter(Some(other), |own, in_other| own && in_other)
    }

    fn filter(&self, other: Option<&Self>, keep: fn(bool, bool) -> bool) -> Self {
        let children = self.children.iter().map(|(name, child)| {
            let beside = other.and_then(|o| o.children.get(name));
            (name.clone(), child.filter(beside, keep))
        });
        Self {
            own: keep(self.own, other.is_some_and(|o| o.own)),
            children: children.filter(|(_, child)| !child.is_empty()).collect(),
        }
    }

    /// Takes fields out below which the other set holds something: they cannot go while that stays.
    pub fn spare(&mut self, other: &Self) {
        for (name, child) in &mut self.children {
            let Some(beside) = other.children.get(name).filter(|beside| !beside.is_empty()) else { continue };
            // an item of a list goes with whoever owns the item
            child.own &= !name.starts_with("f:");
            child.spare(beside);
        }
    }

    /// The paths of all fields in the set.
    #[must_use]
    pub fn paths(&self) -> Vec<Path> {
        let mut out = Vec::new();
        self.walk(&mut Vec::new(), &mut out);
        out
    }

    fn walk(&self, at: &mut Path, out: &mut Vec<Path>) {
        if self.own {
            out.push(at.clone());
        }
        for (name, child) in &self.children {
            at.push(name.clone());
            child.walk(at, out);
            at.pop();
        }
    }
}

/// A path as messages show it: `.spec.containers[name="api"].image`.
#[must_use]
pub fn shown(path: &[String]) -> String {
    let mut out = String::new();
    for element in path {
        match element.split_at(2.min(element.len())) {
            ("f:", name) => {
                out.push('.');
                out.push_str(name);
            }
            ("k:", keys) => {
                let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                out.push_str(&format!("[{}]", keys.join(",")));
            }
            (_, value) => out.push_str(&format!("[={value}]")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let text =
            json!({"f:data": {".": {}, "f:a": {}}, "f:spec": {"f:ports": {"k:{\"port\":1}": {".": {}, "f:name": {}}}}});
        let set = FieldSet::read(&text);
        assert_eq!(set.write(), text);
        assert_eq!(set.paths().len(), 4);
    }

    #[test]
    fn sets_are_counted_by_exact_fields() {
        let all = FieldSet::read(&json!({"f:a": {".": {}, "f:b": {}, "f:c": {}}}));
        let some = FieldSet::read(&json!({"f:a": {"f:b": {}}}));
        assert_eq!(all.without(&some).write(), json!({"f:a": {".": {}, "f:c": {}}}));
        assert_eq!(all.within(&some), some);
        let mut united = some.clone();
        united.unite(&all);
        assert_eq!(united, all);
        assert!(some.without(&all).is_empty());
        let mut rest = all.clone();
        rest.subtract(&some);
        assert_eq!(rest, all.without(&some));
    }

    #[test]
    fn what_is_written_is_compared_without_being_read() {
        let written = json!({"f:a": {".": {}, "f:b": {}}, "f:c": {"f:d": {}}});
        // a set; whether it meets what is written; whether it is within
        for (set, meets, is_within) in [
            (json!({"f:a": {"f:b": {}}}), true, true),
            (json!({"f:a": {".": {}, "f:x": {}}}), true, false),
            (json!({"f:c": {}}), false, false),
            (json!({"f:c": {"f:d": {}}}), true, true),
            (json!({"f:x": {}}), false, false),
            (json!({}), false, true),
        ] {
            let read = FieldSet::read(&set);
            assert_eq!((read.meets(&written), read.is_within(&written)), (meets, is_within), "{set}");
        }
    }

    #[test]
    fn paths_read_as_in_messages() {
        let path = ["f:spec", "f:ports", "k:{\"containerPort\":80,\"protocol\":\"TCP\"}", "f:name"].map(str::to_owned);
        assert_eq!(shown(&path), ".spec.ports[containerPort=80,protocol=\"TCP\"].name");
        assert_eq!(
            shown(&["f:metadata", "f:finalizers", "v:\"a\""].map(str::to_owned)),
            ".metadata.finalizers[=\"a\"]"
        );
    }
}
