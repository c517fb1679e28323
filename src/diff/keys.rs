//! Which items of two lists are the same one: by their merge keys, as Kubernetes merges lists.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::domain::{Step, Symbol};

/// Fields that may name an item of a list, those that say most first; with what stands for one that is left out.
const KEYS: [&[(&str, Option<&str>)]; 10] = [
    &[("containerPort", None), ("protocol", Some("TCP"))],
    &[("port", None), ("protocol", Some("TCP"))],
    &[("topologyKey", None), ("whenUnsatisfiable", None)],
    &[("mountPath", None)],
    &[("devicePath", None)],
    &[("name", None)],
    &[("type", None)],
    &[("uid", None)],
    &[("ip", None)],
    &[("key", None), ("operator", Some("Equal")), ("effect", Some(""))],
];

/// The items of two lists, matched.
pub(super) struct Matched<'v> {
    /// Step, wanted and live, in the order they are shown in.
    pub items: Vec<(Step, Option<&'v Value>, Option<&'v Value>)>,
    /// The items both have stand in another order, by these names: wanted and live.
    pub order: Option<(Vec<String>, Vec<String>)>,
}

/// Matches the items of two lists by their merge keys; nothing for lists whose items have none that tell them apart.
pub(super) fn matched<'v>(desired: &'v [Value], live: &'v [Value]) -> Option<Matched<'v>> {
    let keys = KEYS.iter().find_map(|keys| Some((named(desired, keys)?, named(live, keys)?)));
    let (wanted, there) = keys?;
    // as it nearly always is
    if wanted == there {
        let pairs = desired.iter().zip(live);
        let items = wanted.into_iter().zip(pairs).map(|(key, (d, l))| (Step::Item(key), Some(d), Some(l)));
        return Some(Matched { items: items.collect(), order: None });
    }
    let live_at: HashMap<&Vec<(Symbol, Symbol)>, usize> = there.iter().enumerate().map(|(n, key)| (key, n)).collect();
    let mut items = Vec::with_capacity(wanted.len().max(there.len()));
    let mut taken = vec![false; there.len()];
    let mut common = Vec::new();
    let mut next = 0;
    for (n, key) in wanted.iter().enumerate() {
        let at = live_at.get(key).copied();
        if let Some(at) = at {
            // what only is there stands before the item it stands before there
            while next < at {
                if !taken[next] && !wanted.contains(&there[next]) {
                    taken[next] = true;
                    items.push((Step::Item(there[next].clone()), None, Some(&live[next])));
                }
                next += 1;
            }
            taken[at] = true;
            common.push(at);
        }
        items.push((Step::Item(key.clone()), Some(&desired[n]), at.map(|at| &live[at])));
    }
    for (at, key) in there.iter().enumerate().filter(|(at, _)| !taken[*at]) {
        items.push((Step::Item(key.clone()), None, Some(&live[at])));
    }
    let order = (!common.is_sorted()).then(|| {
        let name = |at: &usize| there[*at].iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join("/");
        let desired = common.iter().map(name).collect();
        common.sort_unstable();
        (desired, common.iter().map(name).collect())
    });
    Some(Matched { items, order })
}

/// The values of the keys of every item; nothing when they do not tell all items apart.
fn named(items: &[Value], keys: &[(&str, Option<&str>)]) -> Option<Vec<Vec<(Symbol, Symbol)>>> {
    let symbols: Vec<Symbol> = keys.iter().map(|(key, _)| Symbol::from(*key)).collect();
    let of = |item: &Value| {
        let fields = item.as_object()?;
        keys.iter()
            .zip(&symbols)
            .map(|((key, otherwise), symbol)| {
                let value = match fields.get(*key) {
                    Some(Value::String(text)) => text.as_str().into(),
                    Some(Value::Number(number)) => number.to_string().as_str().into(),
                    None | Some(Value::Null) => Symbol::from((*otherwise)?),
                    Some(_) => return None,
                };
                Some((symbol.clone(), value))
            })
            .collect::<Option<Vec<_>>>()
    };
    let named: Vec<_> = items.iter().map(of).collect::<Option<_>>()?;
    let mut seen = HashSet::with_capacity(named.len());
    named.iter().all(|key| seen.insert(key)).then_some(named)
}

/// The items of a list by the values of some keys: for many look-ups in one list.
pub(super) struct Index<'v> {
    names: Vec<Symbol>,
    items: HashMap<Vec<String>, &'v Value>,
}

impl<'v> Index<'v> {
    /// Of the list `of`, if it is one, by these keys.
    pub fn new(of: Option<&'v Value>, names: &[Symbol]) -> Self {
        let items = of.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let key = |item: &Value| {
            names
                .iter()
                .map(|name| match item.get(&**name) {
                    Some(Value::String(text)) => Some(text.clone()),
                    Some(Value::Null) | None => defaulted(name).map(ToOwned::to_owned),
                    Some(other) => Some(other.to_string()),
                })
                .collect::<Option<Vec<_>>>()
        };
        let mut found = HashMap::with_capacity(items.len());
        for item in items {
            if let Some(key) = key(item) {
                found.entry(key).or_insert(item);
            }
        }
        Self { names: names.to_vec(), items: found }
    }

    /// Whether it is by these keys.
    pub fn is_by(&self, keys: &[(Symbol, Symbol)]) -> bool {
        self.names.iter().eq(keys.iter().map(|(name, _)| name))
    }

    /// The item with these values.
    pub fn get(&self, keys: &[(Symbol, Symbol)]) -> Option<&'v Value> {
        let values: Vec<String> = keys.iter().map(|(_, value)| value.to_string()).collect();
        self.items.get(&values).copied()
    }
}

/// A value that is no text, as a merge key has it.
fn said(value: &Value) -> String {
    value.to_string()
}

/// The item of a list a step leads to.
pub(super) fn item<'v>(items: &'v [Value], keys: &[(Symbol, Symbol)]) -> Option<&'v Value> {
    let fits = |item: &&Value| {
        keys.iter().all(|(key, wanted)| match item.get(&**key) {
            Some(Value::String(text)) => *text == **wanted,
            Some(Value::Null) | None => defaulted(key).is_some_and(|otherwise| otherwise == &**wanted),
            Some(other) => said(other) == **wanted,
        })
    };
    items.iter().find(fits)
}

fn defaulted(key: &str) -> Option<&'static str> {
    KEYS.iter().copied().flatten().find(|(name, _)| *name == key).and_then(|(_, otherwise)| *otherwise)
}

/// The part of an object a path leads to.
pub(super) fn at<'v>(object: &'v Value, path: &[Step]) -> Option<&'v Value> {
    path.iter().try_fold(object, |value, step| match step {
        Step::Key(name) => value.get(&**name),
        Step::Item(keys) => item(value.as_array()?, keys),
        Step::Index(n) => value.get(n),
        Step::Order => None,
    })
}

/// The same, to be changed.
pub(super) fn at_mut<'v>(object: &'v mut Value, path: &[Step]) -> Option<&'v mut Value> {
    path.iter().try_fold(object, |value, step| match step {
        Step::Key(name) => value.get_mut(&**name),
        Step::Item(keys) => {
            let items = value.as_array_mut()?;
            let place = items.iter().position(|one| item(std::slice::from_ref(one), keys).is_some())?;
            items.get_mut(place)
        }
        Step::Index(n) => value.get_mut(n),
        Step::Order => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(desired: &Value, live: &Value) -> Option<Vec<String>> {
        let matched = matched(desired.as_array()?, live.as_array()?)?;
        let said = |(step, desired, live): (Step, Option<&Value>, Option<&Value>)| {
            let path = crate::domain::FieldPath(vec![step]);
            format!("{}{path}{}", if desired.is_some() { "d" } else { "" }, if live.is_some() { "l" } else { "" })
        };
        let order = matched.order.map(|(desired, live)| format!("{desired:?}{live:?}"));
        Some(matched.items.into_iter().map(said).chain(order).collect())
    }

    #[test]
    fn items_are_matched_by_their_keys_and_not_by_their_place() {
        let containers = |names: &[&str]| names.iter().map(|name| json!({ "name": name })).collect::<Value>();
        let told = paths(&containers(&["a", "b", "c"]), &containers(&["x", "a", "c", "y"]));
        assert_eq!(told.unwrap(), ["[x]l", "d[a]l", "d[b]", "d[c]l", "[y]l"]);
        let told = paths(&containers(&["a", "b"]), &containers(&["b", "a"]));
        assert_eq!(told.unwrap(), ["d[a]l", "d[b]l", r#"["a", "b"]["b", "a"]"#]);
        let ports = paths(&json!([{ "containerPort": 1 }]), &json!([{ "containerPort": 1, "protocol": "TCP" }]));
        assert_eq!(ports.unwrap(), ["d[1/TCP]l"]);
        assert_eq!(paths(&json!(["a"]), &json!(["b"])), None);
        assert_eq!(paths(&containers(&["a", "a"]), &containers(&["a"])), None);
    }
}
