//! Objects as sets of fields: which fields one has, what two differ in, merging one into another, taking fields out.

use serde_json::{Map, Value};

use super::fields::{FieldSet, Path};
use super::relation::{self, List};

/// What is between an object before and after.
#[derive(Debug, Default)]
pub struct Difference {
    /// Fields that were not there.
    pub added: FieldSet,
    /// Fields with another value.
    pub modified: FieldSet,
    /// Fields that are gone.
    pub removed: FieldSet,
}

impl Difference {
    /// Added and modified fields.
    #[must_use]
    pub fn written(&self) -> FieldSet {
        let mut set = self.added.clone();
        set.unite(&self.modified);
        set
    }
}

/// The element of a list item; none for an item that lacks its keys.
fn element(item: &Value, keys: List) -> Option<String> {
    match keys {
        List::Atomic => None,
        List::Set => Some(format!("v:{item}")),
        List::Map(keys) => {
            let object = item.as_object()?;
            let mut out = Map::new();
            for key in keys {
                let value = object.get(*key).cloned().or_else(|| relation::default_key(key).map(Value::from));
                if let Some(value) = value {
                    out.insert((*key).to_owned(), value);
                }
            }
            (!out.is_empty()).then(|| format!("k:{}", Value::Object(out)))
        }
    }
}

/// How a value is taken apart.
enum Parts<'a> {
    Leaf,
    Fields(&'a Map<String, Value>),
    Items(Vec<(String, &'a Value)>),
}

fn parts<'a>(custom: bool, value: &'a Value, place: &[&str]) -> Parts<'a> {
    match value {
        Value::Object(map) if !relation::is_atomic_map(custom, place) => Parts::Fields(map),
        Value::Array(items) => {
            let list = relation::list(custom, place);
            let elements: Option<Vec<_>> = items.iter().map(|i| element(i, list).map(|e| (e, i))).collect();
            match (list, elements) {
                (List::Atomic, _) | (_, None) => Parts::Leaf,
                (_, Some(elements)) => Parts::Items(elements),
            }
        }
        _ => Parts::Leaf,
    }
}

/// The fields an applied configuration names.
#[must_use]
pub fn fields(custom: bool, config: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    name(custom, config, &mut Vec::new(), &mut Vec::new(), &mut set);
    set
}

fn name<'a>(custom: bool, value: &'a Value, place: &mut Vec<&'a str>, at: &mut Path, set: &mut FieldSet) {
    match parts(custom, value, place) {
        Parts::Leaf => set.insert(at),
        Parts::Fields(map) if map.is_empty() => set.insert(at),
        Parts::Fields(map) => {
            for (key, value) in map {
                place.push(key);
                at.push(format!("f:{key}"));
                name(custom, value, place, at, set);
                at.pop();
                place.pop();
            }
        }
        Parts::Items(items) => {
            for (element, item) in items {
                at.push(element);
                set.insert(at);
                if item.is_object() && !relation::is_atomic_map(custom, place) {
                    name(custom, item, place, at, set);
                }
                at.pop();
            }
        }
    }
}

/// What must be done to `old` to have `new`.
#[must_use]
pub fn difference(custom: bool, old: &Value, new: &Value) -> Difference {
    let mut out = Difference::default();
    compare(custom, Some(old), Some(new), &mut Vec::new(), &mut Vec::new(), &mut out);
    out
}

fn compare<'a>(
    custom: bool,
    old: Option<&'a Value>,
    new: Option<&'a Value>,
    place: &mut Vec<&'a str>,
    at: &mut Path,
    out: &mut Difference,
) {
    if old == new {
        return;
    }
    let (Some(either), is_item) = (new.or(old), at.last().is_some_and(|e| !e.starts_with("f:"))) else { return };
    match (old, new) {
        (None, Some(_)) => out.added.insert(at),
        (Some(_), None) => out.removed.insert(at),
        _ => {}
    }
    let apart = |value: Option<&'a Value>| match value {
        None | Some(Value::Null) => None,
        // an item is a whole when its list's items are
        Some(value) if is_item && !value.is_object() => Some(Parts::Leaf),
        Some(value) => Some(parts(custom, value, place)),
    };
    match (apart(old), apart(new)) {
        (Some(Parts::Fields(_)), Some(Parts::Fields(_)) | None) | (None, Some(Parts::Fields(_))) => {
            let map = |value: Option<&'a Value>| value.and_then(Value::as_object);
            let keys = map(old).into_iter().flatten().chain(map(new).into_iter().flatten());
            let mut keys: Vec<&'a str> = keys.map(|(key, _)| key.as_str()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                let of = |value: Option<&'a Value>| map(value).and_then(|m| m.get(key));
                place.push(key);
                at.push(format!("f:{key}"));
                compare(custom, of(old), of(new), place, at, out);
                at.pop();
                place.pop();
            }
        }
        (before @ (Some(Parts::Items(_)) | None), after @ (Some(Parts::Items(_)) | None)) => {
            let items = |parts| if let Some(Parts::Items(items)) = parts { items } else { Vec::new() };
            let (before, after) = (items(before), items(after));
            let mut elements: Vec<&String> = before.iter().chain(&after).map(|(element, _)| element).collect();
            elements.sort_unstable();
            elements.dedup();
            for element in elements {
                let of = |items: &[(String, &'a Value)]| items.iter().find(|(e, _)| e == element).map(|(_, v)| *v);
                at.push(element.clone());
                compare(custom, of(&before), of(&after), place, at, out);
                at.pop();
            }
        }
        _ if old.is_some() && new.is_some() && !both_empty(old, either) => out.modified.insert(at),
        _ => {}
    }
}

fn both_empty(old: Option<&Value>, new: &Value) -> bool {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    old.is_some_and(empty) && empty(new)
}

/// `config` laid over `live`: maps and keyed lists are merged, everything else is replaced.
#[must_use]
pub fn merge(custom: bool, live: &Value, config: &Value) -> Value {
    let mut merged = live.clone();
    overlay(custom, &mut merged, config, &mut Vec::new());
    merged
}

fn overlay<'a>(custom: bool, live: &mut Value, config: &'a Value, place: &mut Vec<&'a str>) {
    match parts(custom, config, place) {
        Parts::Fields(map) => {
            if !live.is_object() {
                *live = Value::Object(Map::new());
            }
            let Some(target) = live.as_object_mut() else { return };
            for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
                place.push(key);
                overlay(custom, target.entry(key).or_insert(Value::Null), value, place);
                place.pop();
            }
        }
        Parts::Items(items) => {
            let list = relation::list(custom, place);
            let atomic = relation::is_atomic_map(custom, place);
            if !live.is_array() {
                *live = Value::Array(Vec::new());
            }
            let Some(target) = live.as_array_mut() else { return };
            for (key, item) in items {
                match target.iter_mut().find(|t| element(t, list).as_ref() == Some(&key)) {
                    Some(there) if item.is_object() && !atomic => overlay(custom, there, item, place),
                    Some(there) => *there = item.clone(),
                    None => target.push(item.clone()),
                }
            }
        }
        Parts::Leaf => *live = config.clone(),
    }
}

/// Takes fields out of an object; maps and lists that become empty go too.
pub fn remove(custom: bool, object: &mut Value, set: &FieldSet) {
    take(custom, object, set, &mut Vec::new());
}

fn take(custom: bool, value: &mut Value, set: &FieldSet, place: &mut Vec<String>) {
    let names: Vec<&str> = place.iter().map(String::as_str).collect();
    let list = relation::list(custom, &names);
    let goes_on =
        |child: &Value| !matches!(child, Value::Object(m) if m.is_empty()) && *child != Value::Array(Vec::new());
    match value {
        Value::Object(map) => {
            let keys: Vec<String> = map.keys().cloned().collect();
            for key in keys {
                let Some(child) = set.child(&format!("f:{key}")) else { continue };
                let Some(inner) = map.get_mut(&key) else { continue };
                let mut keep = !child.is_own();
                if keep {
                    place.push(key.clone());
                    take(custom, inner, child, place);
                    place.pop();
                    keep = goes_on(inner);
                }
                if !keep {
                    map.remove(&key);
                }
            }
        }
        Value::Array(items) => items.retain_mut(|item| {
            let Some(child) = element(item, list).and_then(|e| set.child(&e).cloned()) else { return true };
            if child.is_own() {
                return false;
            }
            take(custom, item, &child, place);
            true
        }),
        _ => {}
    }
}
