//! Field selection: what `?fields=` leaves of an answer.
//!
//! Lists of Applications know a fixed set of fields, as argocd-server does; everything else is selected by path. Both
//! read as little of an object as they can, and what was selected once is kept for the next one who asks for the same.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde_json::value::RawValue;

use super::super::object::Object;
use super::desk::open;

/// So many selections are remembered; who asks for another one pays for reading everything.
const KEPT: usize = 4;

/// Every field a list of Applications can be asked for, and what stands there when the Application has none.
const LISTED: &[(&str, Missing)] = &[
    ("metadata.annotations", Missing::Is("null")),
    ("metadata.creationTimestamp", Missing::Is("null")),
    ("metadata.deletionTimestamp", Missing::Is("null")),
    ("metadata.labels", Missing::Is("null")),
    ("metadata.name", Missing::Is("\"\"")),
    ("metadata.namespace", Missing::Is("\"\"")),
    ("operation.sync", Missing::Out),
    ("spec", Missing::Is("{}")),
    ("spec.destination", Missing::Is("{}")),
    ("spec.project", Missing::Is("\"\"")),
    ("spec.source", Missing::Is("null")),
    ("spec.sourceHydrator", Missing::Is("null")),
    ("spec.sources", Missing::Is("null")),
    ("spec.syncPolicy", Missing::Is("null")),
    ("status.health", Missing::Is("{}")),
    ("status.operationState.finishedAt", Missing::Within("status.operationState", "null")),
    // under this name the server gives the result
    ("status.operationState.operation.sync", Missing::Within("status.operationState", "null")),
    ("status.operationState.phase", Missing::Within("status.operationState", "\"\"")),
    ("status.operationState.startedAt", Missing::Within("status.operationState", "null")),
    ("status.resources", Missing::Out),
    ("status.sourceHydrator", Missing::Is("{}")),
    ("status.summary", Missing::Is("{}")),
    ("status.sync.revision", Missing::Is("\"\"")),
    ("status.sync.status", Missing::Is("\"\"")),
];

/// What stands for a field an object does not have.
#[derive(Debug, Clone, Copy)]
enum Missing {
    /// Nothing.
    Out,
    /// This.
    Is(&'static str),
    /// This, if what it is part of is there.
    Within(&'static str, &'static str),
}

/// What `?fields=` says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Selection {
    fields: Vec<String>,
    exclude: bool,
}

impl Selection {
    /// Reads the parameter; none when everything is wanted.
    pub fn parse(text: &str) -> Option<Self> {
        let exclude = text.starts_with('-');
        let text = text.strip_prefix('-').unwrap_or(text);
        let fields = || text.split(',').map(str::to_owned).collect();
        (exclude || !text.is_empty()).then(|| Self { fields: fields(), exclude })
    }

    /// Whether anything at or below a path is selected.
    pub fn wants(&self, path: &str) -> bool {
        let named = self.fields.iter().any(|field| field == path || path.starts_with(&format!("{field}.")));
        if self.exclude { !named } else { named || self.fields.iter().any(|field| field.starts_with(path)) }
    }

    /// What is left of a JSON text by path. As argocd-server does it, a field is kept as soon as the path of a wanted
    /// one begins with its own, letter by letter.
    pub fn of(&self, json: &str) -> String {
        let mut out = String::with_capacity(256);
        self.pick(&mut String::new(), json, &mut out);
        out
    }

    fn pick(&self, path: &mut String, json: &str, out: &mut String) {
        match json.as_bytes().first() {
            Some(b'{') => {
                let Ok(fields) = serde_json::from_str::<Parts<'_>>(json) else { return out.push_str(json) };
                out.push('{');
                let mut first = true;
                for (name, value) in &fields.0 {
                    let length = path.len();
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                    let named = self.fields.iter().any(|field| field == path);
                    let keep = if self.exclude {
                        !named
                    } else {
                        named || self.fields.iter().any(|field| field.starts_with(path.as_str()))
                    };
                    if keep {
                        key(out, name, &mut first);
                        if named {
                            out.push_str(value.get());
                        } else {
                            self.pick(path, value.get(), out);
                        }
                    }
                    path.truncate(length);
                }
                out.push('}');
            }
            Some(b'[') => {
                let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) else { return out.push_str(json) };
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    self.pick(path, item.get(), out);
                }
                out.push(']');
            }
            _ => out.push_str(json),
        }
    }

    /// The listed fields that are meant; of a field and one within it, the outer.
    fn listed(&self) -> Vec<(Vec<&'static str>, Missing)> {
        let named = |field: &str| self.fields.iter().any(|one| one.strip_prefix("items.") == Some(field));
        let wanted: Vec<_> = LISTED.iter().filter(|(field, _)| named(field) != self.exclude).collect();
        let within = |field: &str| {
            wanted.iter().any(|(outer, _)| field.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.')))
        };
        let outermost = wanted.iter().filter(|(field, _)| !within(field));
        outermost.map(|(field, missing)| (field.split('.').collect(), *missing)).collect()
    }
}

/// The fields of an object in their order, unread.
#[derive(serde::Deserialize)]
struct Parts<'a>(#[serde(borrow)] BTreeMap<Cow<'a, str>, &'a RawValue>);

fn key(out: &mut String, name: &str, first: &mut bool) {
    if !std::mem::take(first) {
        out.push(',');
    }
    if name.bytes().any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\')) {
        out.push_str(&serde_json::Value::from(name).to_string());
    } else {
        out.push('"');
        out.push_str(name);
        out.push('"');
    }
    out.push(':');
}

/// What a list shows of an Application.
fn item(fields: &[(Vec<&'static str>, Missing)], json: &str) -> String {
    let mut out = String::with_capacity(512);
    level(fields, 0, Some(json), &mut out);
    out
}

fn level(fields: &[(Vec<&'static str>, Missing)], depth: usize, json: Option<&str>, out: &mut String) -> bool {
    let parts = json.and_then(|json| serde_json::from_str::<Parts<'_>>(json).ok());
    let part = |name: &str| parts.as_ref().and_then(|parts| parts.0.get(name)).map(|value| value.get());
    let start = out.len();
    out.push('{');
    let (mut at, mut first) = (0, true);
    while let Some((path, missing)) = fields.get(at) {
        let name = path[depth];
        let end = fields[at..].iter().position(|(path, _)| path[depth] != name).map_or(fields.len(), |more| at + more);
        let before = (out.len(), first);
        key(out, name, &mut first);
        let written = if path.len() == depth + 1 {
            leaf(part(name), *missing, out)
        } else if path[..] == ["status", "operationState", "operation", "sync"] && depth == 2 {
            // as a part of `operation`, which the result is not
            out.push_str("{\"sync\":");
            let written = leaf(part("syncResult"), *missing, out);
            out.push('}');
            written
        } else {
            let there = part(name);
            let outer = path[..=depth].join(".");
            let bound =
                matches!(missing, Missing::Out) || matches!(missing, Missing::Within(place, _) if *place == outer);
            (there.is_some() || !bound) && level(&fields[at..end], depth + 1, there, out)
        };
        if !written {
            out.truncate(before.0);
            first = before.1;
        }
        at = end;
    }
    if first && depth > 0 {
        out.truncate(start);
        return false;
    }
    out.push('}');
    true
}

fn leaf(value: Option<&str>, missing: Missing, out: &mut String) -> bool {
    match (value, missing) {
        (Some(value), _) => out.push_str(value),
        (None, Missing::Is(word) | Missing::Within(_, word)) => out.push_str(word),
        (None, Missing::Out) => return false,
    }
    true
}

/// What was selected of which version, by object.
type Selected = Arc<Mutex<HashMap<Box<str>, (u64, Bytes)>>>;

/// What was selected lately.
#[derive(Debug, Default)]
pub(super) struct Projections(Mutex<Vec<(Selection, Selected)>>);

impl Projections {
    /// The items of a list: what the selection leaves of each Application, in their order.
    pub fn items(&self, selection: &Selection, objects: &[Arc<Object>]) -> Vec<Bytes> {
        let kept = self.kept(selection);
        let mut kept = open(&kept);
        let listed = selection.listed();
        let mut items = Vec::with_capacity(objects.len());
        for object in objects {
            let known = kept.get(object.key()).filter(|(version, _)| *version == object.resource_version);
            let item = if let Some((_, item)) = known {
                item.clone()
            } else {
                let json = std::str::from_utf8(object.body()).unwrap_or_default();
                let item = Bytes::from(item(&listed, json));
                kept.insert(object.key().into(), (object.resource_version, item.clone()));
                item
            };
            items.push(item);
        }
        // those of Applications that are gone go when they are too many
        if kept.len() > items.len() * 2 + 64 {
            let there: std::collections::HashSet<&str> = objects.iter().map(|object| object.key()).collect();
            kept.retain(|key, _| there.contains(&**key));
        }
        items
    }

    fn kept(&self, selection: &Selection) -> Selected {
        let mut all = open(&self.0);
        if let Some(at) = all.iter().position(|(known, _)| known == selection) {
            let found = all.remove(at);
            let kept = Arc::clone(&found.1);
            all.push(found);
            return kept;
        }
        if all.len() == KEPT {
            all.remove(0);
        }
        let kept = Selected::default();
        all.push((selection.clone(), Arc::clone(&kept)));
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = r#"{"metadata":{"labels":{"a":"b"},"name":"web","namespace":"argocd","resourceVersion":"7"},
        "spec":{"project":"shop","source":{"path":"x"}},"status":{"health":{"status":"Healthy"},
        "operationState":{"phase":"Running","syncResult":{"revision":"r"}},"sync":{"revision":"abc","status":"Synced"}}}"#;

    fn listed(fields: &str) -> String {
        item(&Selection::parse(fields).unwrap().listed(), APP)
    }

    #[test]
    fn lists_know_their_fields_and_drop_others_in_silence() {
        assert_eq!(
            listed("items.metadata.name,items.metadata.resourceVersion,items.status.sync,items.operation"),
            r#"{"metadata":{"name":"web"}}"#
        );
        assert_eq!(
            listed("items.status.sync.status,items.status.operationState.phase,items.status.operationState.finishedAt"),
            r#"{"status":{"operationState":{"finishedAt":null,"phase":"Running"},"sync":{"status":"Synced"}}}"#
        );
        assert_eq!(listed("items.spec,items.spec.project"), r#"{"spec":{"project":"shop","source":{"path":"x"}}}"#);
        assert_eq!(listed("items.operation.sync,metadata.resourceVersion"), "{}");
        assert_eq!(
            listed("items.status.operationState.operation.sync"),
            r#"{"status":{"operationState":{"operation":{"sync":{"revision":"r"}}}}}"#
        );
        let left = listed("-items.spec,items.status.resources");
        assert!(left.contains("\"sources\":null") && !left.contains("resources"), "{left}");
    }

    #[test]
    fn an_application_without_an_operation_shows_none() {
        let fields = Selection::parse("items.metadata.name,items.status.operationState.phase").unwrap().listed();
        assert_eq!(item(&fields, r#"{"metadata":{"name":"new"}}"#), r#"{"metadata":{"name":"new"}}"#);
    }

    #[test]
    fn streams_select_by_path() {
        let frame =
            r#"{"result":{"type":"ADDED","application":{"metadata":{"name":"web","labels":{"a":"b"}},"spec":{}}}}"#;
        let of = |fields: &str| Selection::parse(fields).unwrap().of(frame);
        assert_eq!(
            of("result.type,result.application.metadata.name"),
            r#"{"result":{"application":{"metadata":{"name":"web"}},"type":"ADDED"}}"#
        );
        // `name` begins `namespace`
        assert_eq!(
            of("result.application.metadata.namespace"),
            r#"{"result":{"application":{"metadata":{"name":"web"}}}}"#
        );
        assert_eq!(of("-result.application"), r#"{"result":{"type":"ADDED"}}"#);
        assert!(!Selection::parse("result.type").unwrap().wants("result.application.status.resources"));
        assert!(Selection::parse("result.application.status").unwrap().wants("result.application.status.resources"));
    }
}
