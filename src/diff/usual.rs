//! What differs between two environments as a rule, told apart from what differs besides; and what of a manifest is
//! compared at all.

use serde_json::Value;

use super::keys::{at_mut, item, matched};
use crate::domain::{FieldPath, ObjectName, Pair, Step, Symbol, Usual, image};

/// Fields that hold names of hosts.
const HOSTS: [&str; 3] = ["host", "hosts", "hostnames"];

/// A field that differs: where, wanted, live.
type Differing = (FieldPath, Option<Value>, Option<Value>);

/// What two environments have differently as a rule, gathered object by object.
pub(super) struct Alike {
    /// Words of the wanted side, with those that stand for them on the other: hosts first, then the namespace.
    words: Vec<(&'static str, String, String)>,
    told: Vec<Usual>,
}

impl Alike {
    /// Of two environments with these namespaces, wanted and live.
    pub fn of(namespaces: [Symbol; 2], pairs: &[Pair]) -> Self {
        let mut words = Vec::new();
        for pair in pairs {
            if let (Some(desired), Some(live)) = (&pair.desired, &pair.live) {
                hosts(desired, live, false, &mut words);
            }
        }
        let [wanted, live] = namespaces;
        let mut told = Vec::new();
        if wanted != live && !wanted.is_empty() && !live.is_empty() {
            words.push(("namespace", wanted.to_string(), live.to_string()));
            let (desired, live) = (wanted.as_str().into(), live.as_str().into());
            told.push(Usual { what: "namespace", desired, live, fields: Vec::new() });
        }
        Self { words, told }
    }

    /// Takes the usual differences out of `wanted`, so that it reads there as the other side does; whether there are some.
    pub fn fold(&mut self, object: &ObjectName, wanted: &mut Value, fields: &[Differing]) -> bool {
        let mut folded = false;
        for (path, desired, live) in fields {
            let (Some(desired), Some(live)) = (desired, live) else { continue };
            let Some(what) = self.class(path, desired, live) else { continue };
            let Some(place) = at_mut(wanted, &path.0) else { continue };
            *place = live.clone();
            folded = true;
            self.note(what, object, path, desired, live);
        }
        folded
    }

    /// What was folded.
    pub fn told(self) -> Vec<Usual> {
        self.told
    }

    fn note(&mut self, what: &'static str, object: &ObjectName, path: &FieldPath, desired: &Value, live: &Value) {
        let said = |value: &Value| match (value, what) {
            (Value::String(text), "image tag") => image::tag(text).unwrap_or(text).to_owned(),
            (Value::String(text), _) => text.clone(),
            (other, _) => other.to_string(),
        };
        let (mut desired, mut live) = (said(desired), said(live));
        if what == "namespace"
            && let Some((_, wanted, there)) = self.words.iter().find(|(word, ..)| *word == what)
        {
            // the name stands in addresses and elsewhere: it is one difference all the same
            (desired, live) = (wanted.clone(), there.clone());
        }
        let place = (object.clone(), path.clone());
        let same = |usual: &&mut Usual| usual.what == what && *usual.desired == *desired && *usual.live == *live;
        if let Some(usual) = self.told.iter_mut().find(same) {
            usual.fields.push(place);
        } else {
            let (desired, live) = (desired.into(), live.into());
            self.told.push(Usual { what, desired, live, fields: vec![place] });
        }
    }

    fn class(&self, path: &FieldPath, desired: &Value, live: &Value) -> Option<&'static str> {
        let last = path.0.iter().rev().find_map(|step| match step {
            Step::Key(name) => Some(name.as_str()),
            _ => None,
        })?;
        match (desired, live) {
            (Value::Number(_), Value::Number(_)) => {
                ["replicas", "minReplicas", "maxReplicas"].contains(&last).then_some("replicas")
            }
            (Value::String(a), Value::String(b)) if last == "image" && repository(a) == repository(b) => {
                Some("image tag")
            }
            (Value::String(_), Value::String(_)) if HOSTS.contains(&last) => Some("host"),
            (Value::String(a), Value::String(b)) => self.words.iter().find_map(|(what, wanted, there)| {
                (a.contains(wanted.as_str()) && a.replace(wanted.as_str(), there) == *b).then_some(*what)
            }),
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                let mut classes = a.iter().zip(b).filter(|(a, b)| a != b).map(|(a, b)| self.class(path, a, b));
                let first = classes.next()??;
                classes.all(|class| class == Some(first)).then_some(first)
            }
            _ => None,
        }
    }
}

/// An image without its tag.
fn repository(image: &str) -> &str {
    image::tag(image).and_then(|tag| image.strip_suffix(tag)).unwrap_or(image)
}

/// The hosts of two states that stand in the same place.
fn hosts(a: &Value, b: &Value, is_host: bool, found: &mut Vec<(&'static str, String, String)>) {
    match (a, b) {
        (Value::String(a), Value::String(b)) if is_host && a != b && a.contains('.') && b.contains('.') => {
            let pair = ("host", a.clone(), b.clone());
            if !found.contains(&pair) {
                found.push(pair);
            }
        }
        (Value::Object(a), Value::Object(b)) => {
            for (name, value) in a {
                if let Some(other) = b.get(name) {
                    hosts(value, other, HOSTS.contains(&name.as_str()), found);
                }
            }
        }
        (Value::Array(a), Value::Array(b)) => a.iter().zip(b).for_each(|(a, b)| hosts(a, b, is_host, found)),
        _ => {}
    }
}

/// `target` without the fields that were taken out of what is compared: those `whole` has and `live` has not.
pub(super) fn as_compared(target: &Value, whole: &Value, live: &Value) -> Value {
    match (target, whole, live) {
        (Value::Object(target), Value::Object(whole), Value::Object(live)) => {
            let is_in = |name: &&String| !whole.contains_key(*name) || live.contains_key(*name);
            let part = |(name, value): (&String, &Value)| {
                let value = match (whole.get(name), live.get(name)) {
                    (Some(whole), Some(live)) => as_compared(value, whole, live),
                    _ => value.clone(),
                };
                (name.clone(), value)
            };
            Value::Object(target.iter().filter(|(name, _)| is_in(name)).map(part).collect())
        }
        (Value::Array(wanted), Value::Array(whole), Value::Array(live)) => match matched(wanted, whole) {
            Some(pairs) => {
                let kept = pairs.items.into_iter().filter_map(|(step, wanted, there)| {
                    let wanted = wanted?;
                    let Step::Item(keys) = step else { return Some(wanted.clone()) };
                    match (there, item(live, &keys)) {
                        (Some(_), None) => None,
                        (Some(there), Some(live)) => Some(as_compared(wanted, there, live)),
                        (None, _) => Some(wanted.clone()),
                    }
                });
                kept.collect()
            }
            None => target.clone(),
        },
        _ => target.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::compare;
    use crate::domain::{Change, Desired, Rung};
    use serde_json::json;

    fn pair(kind: &str, desired: Value, live: Value) -> Pair {
        let object = ObjectName { kind: kind.into(), name: "api".into(), ..ObjectName::default() };
        Pair { object, desired: Some(desired), live: Some(live), ..Pair::default() }
    }

    #[test]
    fn what_environments_differ_in_as_a_rule_is_folded_and_the_rest_is_not() {
        let deployment = |tag: &str, replicas: u64, level: &str, namespace: &str| {
            let env = json!([{ "name": "LEVEL", "value": level },
                { "name": "DB", "value": format!("db.{namespace}.svc") }]);
            json!({ "metadata": { "namespace": namespace }, "spec": { "replicas": replicas, "template": { "spec": {
                "containers": [{ "name": "api", "image": format!("shop/api:{tag}"), "env": env }] } } } })
        };
        let ingress = |host: &str| json!({ "spec": { "rules": [{ "host": host }], "tls": [{ "hosts": [host] }] } });
        let config = |host: &str| json!({ "data": { "URL": format!("https://{host}/v1") } });
        let mut desired = Desired::new(
            Rung::Server,
            Vec::new(),
            vec![
                pair("Deployment", deployment("2", 1, "debug", "shop-dev"), deployment("1", 3, "info", "shop-prod")),
                pair("Ingress", ingress("dev.shop.io"), ingress("shop.io")),
                pair("ConfigMap", config("dev.shop.io"), config("shop.io")),
            ],
            None,
        );
        desired.namespaces = Some(["shop-dev".into(), "shop-prod".into()]);
        let told = compare(desired);
        let mut usual: Vec<String> =
            told.usual.iter().map(|u| format!("{} {} {} {}", u.what, u.desired, u.live, u.fields.len())).collect();
        usual.sort();
        let wanted =
            ["host dev.shop.io shop.io 1", "image tag 2 1 1", "namespace shop-dev shop-prod 2", "replicas 1 3 1"];
        assert!(wanted.iter().all(|line| usual.iter().any(|told| told == line)), "{usual:?}");
        let changed: Vec<&crate::domain::Compared> =
            told.resources.iter().filter(|resource| resource.change != Change::Same).collect();
        let paths: Vec<String> = changed.iter().flat_map(|r| &r.fields).map(|field| field.path.to_string()).collect();
        assert_eq!(paths, ["spec.template.spec.containers[api].env[LEVEL].value"]);
        assert!(told.differs());
    }

    #[test]
    fn what_a_rule_takes_out_of_the_comparison_is_taken_out_of_a_manifest_too() {
        let whole = json!({ "spec": { "replicas": 5, "list": [{ "name": "a", "v": 1, "w": 2 }, { "name": "gone" }] } });
        let live = json!({ "spec": { "list": [{ "name": "a", "v": 1 }] } });
        let target = json!({ "spec": { "replicas": 2, "new": 1,
            "list": [{ "name": "a", "v": 3, "w": 4 }, { "name": "gone" }, { "name": "b" }] } });
        let wanted = json!({ "spec": { "new": 1, "list": [{ "name": "a", "v": 3 }, { "name": "b" }] } });
        assert_eq!(as_compared(&target, &whole, &live), wanted);
    }
}
