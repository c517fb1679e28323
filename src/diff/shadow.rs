//! What people added by hand and Argo CD does not report: fields only managedFields show, because Git does not name them.

use serde_json::{Map, Value};

use super::keys::{self, Index};
use super::owners::Owners;
use crate::domain::mask::LAST_APPLIED;
use crate::domain::{Field, FieldPath, Hand, Shadow, Step};

/// The fields of `live` (whole) that people set, `target` does not have and `reported` does not show.
pub(super) fn shadows(target: Option<&Value>, live: &Value, reported: &[Field]) -> Vec<Shadow> {
    let owners = Owners::of(live);
    let mut found = Vec::new();
    for (owner, fields) in owners.entries() {
        if owner.hand() != Hand::Person || &*owner.subresource == "status" {
            continue;
        }
        let mut leaves = Vec::new();
        gather(fields, live, target, &mut Vec::new(), &mut leaves);
        for path in leaves {
            let path = FieldPath(path);
            let is_told = reported.iter().any(|field| path.is_within(&field.path) || field.path.is_within(&path));
            let is_known = found.iter().any(|shadow: &Shadow| shadow.path == path);
            if let Some(live) = keys::at(live, &path.0).filter(|_| !is_told && !is_known) {
                found.push(Shadow { path, live: live.clone(), owner: owner.clone() });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// The paths of an entry that the target lacks: items of lists as a whole, all else leaf by leaf.
fn gather(
    fields: &Map<String, Value>,
    live: &Value,
    target: Option<&Value>,
    path: &mut Vec<Step>,
    found: &mut Vec<Vec<Step>>,
) {
    let (mut there, mut wanted): (Option<Index<'_>>, Option<Index<'_>>) = (None, None);
    for (key, child) in fields {
        let Some(child) = child.as_object() else { continue };
        let step = if let Some(name) = key.strip_prefix("f:") {
            let is_bookkeeping =
                path.is_empty() && ["status", "apiVersion", "kind"].contains(&name) || name == LAST_APPLIED;
            if is_bookkeeping {
                continue;
            }
            Step::key(name)
        } else if let Some(keys) =
            key.strip_prefix("k:").and_then(|k| serde_json::from_str::<Map<String, Value>>(k).ok())
        {
            let said = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            Step::Item(keys.iter().map(|(key, value)| (key.as_str().into(), said(value).into())).collect())
        } else if let Some(value) = key.strip_prefix("v:").and_then(|v| serde_json::from_str::<Value>(v).ok()) {
            let at = live.as_array().and_then(|items| items.iter().position(|item| *item == value));
            let is_wanted = target.and_then(Value::as_array).is_some_and(|items| items.contains(&value));
            match at.filter(|_| !is_wanted) {
                Some(at) => Step::Index(at),
                None => continue,
            }
        } else {
            continue;
        };
        let single = std::slice::from_ref(&step);
        let is_index = matches!(step, Step::Index(_));
        let (live, target) = if let Step::Item(names) = &step {
            if there.as_ref().is_none_or(|index| !index.is_by(names)) {
                let names: Vec<_> = names.iter().map(|(name, _)| name.clone()).collect();
                there = Some(Index::new(Some(live), &names));
                wanted = Some(Index::new(target, &names));
            }
            (there.as_ref().and_then(|index| index.get(names)), wanted.as_ref().and_then(|index| index.get(names)))
        } else {
            (keys::at(live, single), target.filter(|_| !is_index).and_then(|target| keys::at(target, single)))
        };
        let Some(live) = live else { continue };
        let is_whole = child.is_empty() || is_index || matches!(step, Step::Item(_)) && child.contains_key(".");
        path.push(step);
        if is_whole && target.is_none() {
            found.push(path.clone());
        } else if !child.is_empty() {
            gather(child, live, target, path, found);
        }
        path.pop();
    }
}
