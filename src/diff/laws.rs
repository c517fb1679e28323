//! What holds for any two objects.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::keys::{self, matched};
use super::owners::Owners;
use super::same::is_nothing;
use super::{changed_words, unified, walk};
use crate::domain::{Change, Compared, FieldPath, ObjectName, Sides, Step};

/// Objects with the shapes that matter: names that repeat, lists with and without merge keys, texts of several lines.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0i64..3).prop_map(Value::from),
        "[ab:#\n -]{0,6}".prop_map(Value::from),
        Just(json!({})),
        Just(json!([])),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        let named = ("[abc]", inner.clone()).prop_map(|(name, value)| json!({ "name": name, "v": value }));
        let port = (1u16..4, inner.clone()).prop_map(|(port, value)| json!({ "containerPort": port, "x": value }));
        let field = prop_oneof![Just("a"), Just("b.c"), Just("list"), Just("emptyDir"), Just("kind")];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(named, 0..4).prop_map(Value::from),
            prop::collection::vec(port, 0..4).prop_map(Value::from),
            prop::collection::btree_map(field, inner, 0..4).prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    (value(), value()).prop_map(|(spec, data)| json!({ "spec": spec, "data": data }))
}

/// Puts `wanted` at a path, or takes away what is there.
fn put(at: &mut Value, path: &[Step], wanted: Option<&Value>) {
    let Some((step, rest)) = path.split_first() else {
        *at = wanted.cloned().unwrap_or_default();
        return;
    };
    match step {
        Step::Key(name) if rest.is_empty() && wanted.is_none() => {
            at.as_object_mut().unwrap().remove(&**name);
        }
        Step::Key(name) => {
            put(at.as_object_mut().unwrap().entry(name.to_string()).or_insert(Value::Null), rest, wanted);
        }
        Step::Item(names) => {
            let items = at.as_array_mut().unwrap();
            let place = items.iter().position(|item| keys::item(std::slice::from_ref(item), names).is_some());
            match (place, rest.is_empty(), wanted) {
                (Some(place), true, None) => drop(items.remove(place)),
                (Some(place), ..) => put(&mut items[place], rest, wanted),
                (None, ..) => items.extend(wanted.cloned()),
            }
        }
        Step::Index(n) => put(&mut at[*n], rest, wanted),
        Step::Order => {}
    }
}

/// A value in which equal things are written the same.
fn canonical(name: Option<&str>, value: &Value) -> Value {
    match value {
        value if is_nothing(name, value) => Value::Null,
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, value)| !is_nothing(Some(name), value));
            kept.map(|(name, value)| (name.clone(), canonical(Some(name), value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => {
            let mut canonicals: Vec<Value> = items.iter().map(|item| canonical(None, item)).collect();
            if matched(items, items).is_some() {
                canonicals.sort_by_key(ToString::to_string);
            }
            canonicals.into()
        }
        value => value.clone(),
    }
}

/// As [`canonical`], with every empty map and list taken for nothing: where the other side has something in it, only the
/// name of an empty one is written.
fn loose(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept =
                fields.iter().map(|(name, value)| (name.clone(), loose(value))).filter(|(_, value)| !value.is_null());
            Some(kept.collect::<Map<_, _>>()).filter(|kept| !kept.is_empty()).map_or(Value::Null, Value::Object)
        }
        Value::Array(items) if items.is_empty() => Value::Null,
        Value::Array(items) => {
            let mut loosened: Vec<Value> = items.iter().map(loose).collect();
            loosened.sort_by_key(ToString::to_string);
            loosened.into()
        }
        value => value.clone(),
    }
}

fn text_of(rows: &crate::domain::Rows, desired: bool) -> String {
    let lines = rows.rows.iter().filter_map(|row| match &row.sides {
        Sides::Same(line) => Some(line),
        Sides::Changed(wanted, live) => Some(if desired { wanted } else { live }),
        Sides::Desired(line) => Some(line).filter(|_| desired),
        Sides::Live(line) => Some(line).filter(|_| !desired),
    });
    lines.flat_map(|line| [&**line, "\n"]).collect()
}

/// The leaves of an object as managedFields know them.
fn leaves(value: &Value, path: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                path.push(Step::key(name));
                leaves(value, path, found);
                path.pop();
            }
        }
        Value::Array(items) if !items.is_empty() => match matched(items, items) {
            Some(matched) => {
                for (step, value, _) in matched.items {
                    path.push(step);
                    leaves(value.unwrap(), path, found);
                    path.pop();
                }
            }
            None => found.push(path.clone()),
        },
        _ => found.push(path.clone()),
    }
}

fn fields_v1(paths: &[Vec<Step>]) -> Value {
    let mut root = json!({});
    for path in paths {
        let mut at = &mut root;
        for step in path {
            let name = match step {
                Step::Key(name) => format!("f:{}", name.as_str()),
                Step::Item(names) => {
                    let said = |value: &str| value.parse::<i64>().map_or_else(|_| value.into(), Value::from);
                    let keys: Map<String, Value> =
                        names.iter().map(|(key, value)| (key.to_string(), said(value))).collect();
                    format!("k:{}", Value::Object(keys))
                }
                Step::Index(_) | Step::Order => unreachable!(),
            };
            at = at.as_object_mut().unwrap().entry(name).or_insert_with(|| json!({}));
        }
    }
    root
}

proptest! {
    #[test]
    fn nothing_differs_from_itself(x in object()) {
        let walked = walk(Some(&x), Some(&x));
        prop_assert_eq!(walked.fields, vec![]);
        prop_assert_eq!(walked.rows.counts(), (0, 0));
    }

    #[test]
    fn the_changes_make_of_one_side_the_other(a in object(), b in object()) {
        let walked = walk(Some(&a), Some(&b));
        let mut changed = b.clone();
        for (path, desired, live) in &walked.fields {
            if path.0.last() != Some(&Step::Order) {
                prop_assert_eq!(live.as_ref(), keys::at(&b, &path.0), "{}", path);
                prop_assert_eq!(desired.as_ref(), keys::at(&a, &path.0), "{}", path);
            }
            put(&mut changed, &path.0, desired.as_ref());
        }
        prop_assert_eq!(canonical(None, &changed), canonical(None, &a), "{:?}", walked.fields);
        // and what is shown is what there is
        if canonical(None, &a) != canonical(None, &b) {
            prop_assert!(!walked.fields.is_empty());
        }
    }

    #[test]
    fn the_lines_of_a_side_are_that_side(a in object(), b in object()) {
        let walked = walk(Some(&a), Some(&b));
        for (value, desired) in [(&a, true), (&b, false)] {
            let text = text_of(&walked.rows, desired);
            let back: Value = if text.is_empty() { json!({}) } else {
                serde_saphyr::from_str(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?
            };
            prop_assert_eq!(loose(&back), loose(value), "{}", text);
        }
        // every changed line belongs to a change, and every line is somewhere
        for (n, row) in walked.rows.rows.iter().enumerate() {
            _ = walked.rows.path(n).to_string();
            if let Some(field) = row.field {
                prop_assert!((field as usize) < walked.fields.len());
            }
        }
    }

    #[test]
    fn nothing_panics(a in value(), b in value(), one in any::<bool>(), other in any::<bool>()) {
        let walked = walk(one.then_some(&a), other.then_some(&b));
        let counts = walked.rows.counts();
        let (fields, ignored, shadows) = (Vec::new(), Vec::new(), Vec::new());
        let compared = Compared {
            object: ObjectName::default(), change: Change::Update, wave: 0, fields, ignored, shadows,
            rows: std::sync::Arc::new(walked.rows), counts, unread: None,
            options: Vec::new(),
        };
        let text = unified(&compared);
        prop_assert_eq!(text.lines().skip(2).filter(|line| line.starts_with('+')).count(), counts.0);
        prop_assert_eq!(text.lines().skip(2).filter(|line| line.starts_with('-')).count(), counts.1);
        _ = super::predict(&a, &b, Some(&a));
        let (a, b) = (a.to_string(), b.to_string());
        let (gone, come) = changed_words(&a, &b);
        prop_assert!(gone.iter().all(|part| a.get(part.clone()).is_some()));
        prop_assert!(come.iter().all(|part| b.get(part.clone()).is_some()));
    }

    #[test]
    fn applying_what_is_wanted_leaves_nothing_that_it_names_another_way(live in object(), target in object()) {
        let predicted = super::predict(&live, &target, None);
        let again = super::predict(&predicted, &target, None);
        prop_assert_eq!(walk(Some(&again), Some(&predicted)).fields, vec![]);
    }

    #[test]
    fn nobody_is_named_for_a_field_that_is_not_theirs(x in object(), whose in prop::collection::vec(0usize..4, 1..12)) {
        let mut paths = Vec::new();
        leaves(&x, &mut Vec::new(), &mut paths);
        // the last of the four is nobody
        let of = |n: usize| whose[n % whose.len()];
        let managers = ["argocd-controller", "kubectl-edit", "kube-controller-manager"];
        let entries: Vec<Value> = managers.iter().enumerate().map(|(m, manager)| {
            let its: Vec<_> = paths.iter().enumerate().filter(|(n, _)| of(*n) == m).map(|(_, path)| path.clone()).collect();
            json!({ "manager": manager, "operation": "Update", "fieldsV1": fields_v1(&its) })
        }).collect();
        let mut live = x.clone();
        live["metadata"] = json!({ "managedFields": entries });
        let owners = Owners::of(&live);
        for (n, path) in paths.iter().enumerate() {
            for len in 1..=path.len() {
                let above = &path[..len];
                let named = owners.owner(&live, &FieldPath(above.to_vec()), keys::at(&live, above).unwrap()).map(|owner| owner.manager.to_string());
                let whole: Vec<usize> =
                    paths.iter().enumerate().filter(|(_, p)| p.starts_with(above)).map(|(n, _)| of(n)).collect();
                let one = whole.iter().all(|m| *m == whole[0]).then(|| managers.get(whole[0])).flatten();
                if let Some(named) = named {
                    prop_assert_eq!(Some(&&*named), one, "{}", FieldPath(above.to_vec()));
                } else if len == path.len() {
                    prop_assert_eq!(managers.get(of(n)), None, "{}", FieldPath(above.to_vec()));
                }
            }
        }
    }
}
