//! From what a rung knows to what differs.

use std::sync::Arc;

use serde_json::Value;

use super::owners::Owners;
use super::shadow::shadows;
use super::usual::{self, Alike};
use super::{keys, walk};
use crate::domain::mask::{LAST_APPLIED, is_masked};
use crate::domain::{Change, Compared, Comparison, Desired, Field, FieldPath, Pair, Rung};

/// What servers write into an object for themselves.
const BOOKKEEPING: [&str; 6] =
    ["managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"];
/// Where an object's wave stands.
const WAVE: &str = "argocd.argoproj.io/sync-wave";
/// Where it says what it asks of a sync for itself.
const OPTIONS: &str = "argocd.argoproj.io/sync-options";

/// Compares every object; hooks are left out. What differs comes first, by wave, kind and name.
#[must_use]
pub fn compare(desired: Desired) -> Comparison {
    let rung = desired.rung;
    let mut alike = desired.namespaces.map(|namespaces| Alike::of(namespaces, &desired.pairs));
    let pairs = desired.pairs.into_iter().filter(|pair| !pair.hook);
    let mut resources: Vec<Compared> = pairs.map(|pair| compare_pair(pair, rung, alike.as_mut())).collect();
    resources.sort_by(|a, b| place(a).cmp(&place(b)));
    Comparison {
        rung: Some(rung),
        lacks: desired.lacks,
        resources,
        at: desired.at,
        failed: None,
        missing: false,
        names: desired.names,
        notes: desired.notes,
        usual: alike.map(Alike::told).unwrap_or_default(),
        hooks: desired.hooks,
    }
}

fn place(resource: &Compared) -> impl Ord + use<'_> {
    let object = &resource.object;
    (resource.change == Change::Same, resource.wave, &object.kind, &object.namespace, &object.name)
}

fn compare_pair(mut pair: Pair, rung: Rung, alike: Option<&mut Alike>) -> Compared {
    if let (None, Some(target), Some(live)) = (&pair.desired, &pair.target, &pair.live) {
        // nobody has said what applying it would make of the live object
        let before = pair.whole.as_ref().and_then(applied_last);
        let target = match &pair.whole {
            Some(whole) => usual::as_compared(target, whole, live),
            None => target.clone(),
        };
        pair.desired = Some(super::predict(live, &target, before.as_ref()));
    }
    let mut desired = pair.desired.take().map(without_bookkeeping);
    let live = pair.live.take().map(without_bookkeeping);
    let mut walked = walk::walk(desired.as_ref(), live.as_ref());
    if let (Some(alike), Some(wanted), Some(live)) = (alike, &mut desired, &live)
        && alike.fold(&pair.object, wanted, &walked.fields)
    {
        walked = walk::walk(Some(wanted), Some(live));
    }
    let change = match (&desired, &live) {
        (None, None) if pair.unread.is_some() => Change::Same,
        (Some(_), None) => Change::Create,
        (None, Some(_)) => Change::Prune,
        // an order of items that only the bytes show is a change all the same
        _ if !walked.fields.is_empty() => Change::Update,
        _ => Change::Same,
    };
    let secret = &*pair.object.kind == "Secret" && pair.object.group.is_empty();
    let whole = pair.whole.as_ref().or(live.as_ref());
    let owners = whole.map(Owners::of);
    let field = |(path, desired, live): (FieldPath, Option<Value>, Option<Value>)| {
        let owner = match (&owners, whole, &live) {
            // of what is not there nobody is the owner
            (Some(owners), Some(whole), Some(value)) => owners.owner(whole, &path, value).cloned(),
            _ => None,
        };
        let holds_mask = |value: &Option<Value>| value.as_ref().is_some_and(has_mask);
        let is_data = path.to_string().starts_with("data") || path.to_string().starts_with("stringData");
        let hidden = secret && is_data || holds_mask(&desired) || holds_mask(&live);
        Field { path, desired, live, owner, hidden }
    };
    let fields: Vec<Field> = match change {
        Change::Update => walked.fields.into_iter().map(field).collect(),
        _ => Vec::new(),
    };
    let (mut ignored, mut hidden) = (Vec::new(), Vec::new());
    if let (Change::Same | Change::Update, Some(whole)) = (change, &pair.whole) {
        if let Some(target) = pair.target.as_ref().filter(|_| rung != Rung::Drift) {
            ignored = unseen(target, whole, live.as_ref(), &fields).into_iter().map(field).collect();
        }
        let told: Vec<Field> = fields.iter().chain(&ignored).cloned().collect();
        hidden = shadows(pair.target.as_ref(), whole, &told);
    }
    let counts = walked.rows.counts();
    let options = [&pair.target, &desired, &live].into_iter().flatten().find_map(options).unwrap_or_default();
    Compared {
        wave: [&pair.target, &desired, &live].into_iter().flatten().find_map(wave).unwrap_or_default(),
        object: pair.object,
        change,
        fields,
        ignored,
        shadows: hidden,
        rows: Arc::new(walked.rows),
        counts,
        unread: pair.unread,
        options,
    }
}

/// The copy of what was applied last, by a client.
fn applied_last(whole: &Value) -> Option<Value> {
    let copy = whole.pointer("/metadata/annotations")?.get(LAST_APPLIED)?.as_str()?;
    serde_json::from_str(copy).ok()
}

/// What an object asks of a sync for itself.
fn options(object: &Value) -> Option<Vec<Box<str>>> {
    let said = object.pointer("/metadata/annotations")?.get(OPTIONS)?.as_str()?;
    Some(said.split(',').map(str::trim).filter(|word| !word.is_empty()).map(Into::into).collect())
}

/// The fields of a target that live objects have another way, and that are taken out of what Argo CD compares.
fn unseen(
    target: &Value,
    whole: &Value,
    live: Option<&Value>,
    fields: &[Field],
) -> Vec<(FieldPath, Option<Value>, Option<Value>)> {
    // where nothing was taken out there is nothing that is not seen
    let whole = without_bookkeeping(whole.clone());
    if live == Some(&whole) {
        return Vec::new();
    }
    let target = without_bookkeeping(target.clone());
    let predicted = super::predict(&whole, &target, None);
    let differing = walk::walk(Some(&predicted), Some(&whole)).fields.into_iter();
    let is_out = |path: &FieldPath| live.is_none_or(|live| keys::at(live, &path.0).is_none());
    let is_told = |path: &FieldPath| fields.iter().any(|field| field.path == *path);
    differing.filter(|(path, desired, _)| desired.is_some() && is_out(path) && !is_told(path)).collect()
}

fn wave(object: &Value) -> Option<i64> {
    object.pointer("/metadata/annotations")?.get(WAVE)?.as_str()?.parse().ok()
}

fn has_mask(value: &Value) -> bool {
    match value {
        Value::String(text) => is_masked(text),
        Value::Array(items) => items.iter().any(has_mask),
        Value::Object(fields) => fields.values().any(has_mask),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// An object without what servers write into it for themselves.
fn without_bookkeeping(mut object: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for name in BOOKKEEPING {
            metadata.remove(name);
        }
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove(LAST_APPLIED);
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
    }
    object
}
