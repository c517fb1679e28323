//! Events of controllers, scheduler and kubelets: what is said again is counted into the first Event that said it.

use super::cache::key_of;
use super::hand::MANAGER;
use crate::sim::manifest::event::{self, Reporter, Said};
use crate::sim::manifest::meta::{hex, text};
use crate::sim::store::Store;
use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Remembers which Event said what.
#[derive(Debug)]
pub(super) struct Recorder {
    /// Events before this moment are long forgotten: nobody needs to write them.
    not_before: Timestamp,
    /// Namespace and name of an Event by what it says about whom.
    said: BTreeMap<String, (String, String)>,
    /// So much is remembered before it is looked through.
    many: usize,
}

/// The least that is remembered before it is looked through.
const FEW: usize = 512;

impl Recorder {
    /// A recorder that says nothing before a moment.
    pub fn new(not_before: Timestamp) -> Self {
        Self { not_before, said: BTreeMap::new(), many: FEW }
    }

    /// Says something about an object; `container` when it is about one of a pod's containers.
    pub fn say(
        &mut self,
        store: &Store,
        object: &Value,
        said: Said<'_>,
        component: &str,
        container: Option<&str>,
        at: Timestamp,
    ) {
        if at < self.not_before || is_closing(store, text(object, "/metadata/namespace")) {
            return;
        }
        let path = container.map(|name| {
            let mut ephemeral = object["spec"]["ephemeralContainers"].as_array().into_iter().flatten();
            let list = if init_names(object).any(|init| init == name) {
                "initContainers"
            } else if ephemeral.any(|one| one["name"] == name) {
                "ephemeralContainers"
            } else {
                "containers"
            };
            format!("spec.{list}{{{name}}}")
        });
        let same = format!("{component} {} {}", path.as_deref().unwrap_or_default(), event::key(object, said));
        if let Some((namespace, name)) = self.said.get(&same) {
            let again = store.update("Event", namespace, name, |event| {
                event["count"] = json!(event["count"].as_i64().unwrap_or(1) + 1);
                event["lastTimestamp"] = json!(stamp(at));
                event::sign(event, manager(component), "v1", at);
            });
            if again.is_some() {
                return;
            }
        }
        let host = if component == "kubelet" { text(object, "/spec/nodeName") } else { "" };
        let mut made = event::event(object, said, Reporter { component, host }, 1, at, at);
        if let Some(involved) = made["involvedObject"].as_object_mut() {
            match path {
                Some(path) => drop(involved.insert("fieldPath".to_owned(), json!(path))),
                None => drop(involved.remove("fieldPath")),
            }
        }
        let place = (text(&made, "/metadata/namespace").to_owned(), text(&made, "/metadata/name").to_owned());
        event::sign(&mut made, manager(component), "v1", at);
        store.put(made);
        self.said.insert(same, place);
    }

    /// What the scheduler says: the newer form of Events, which has a moment and an action but no count until it is
    /// said again.
    pub fn scheduler(&mut self, store: &Store, pod: &Value, said: Said<'_>, action: &str, at: Timestamp) {
        const COMPONENT: &str = "default-scheduler";
        if at < self.not_before || is_closing(store, text(pod, "/metadata/namespace")) {
            return;
        }
        let same = format!("{COMPONENT} {}", event::key(pod, said));
        let moment = at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        if let Some((namespace, name)) = self.said.get(&same) {
            let again = store.update("Event", namespace, name, |event| {
                let count = event["series"]["count"].as_i64().unwrap_or(1) + 1;
                event["series"] = json!({"count": count, "lastObservedTime": moment});
                event::sign(event, manager(COMPONENT), "events.k8s.io/v1", at);
            });
            if again.is_some() {
                return;
            }
        }
        let mut made = event::event(pod, said, Reporter { component: COMPONENT, host: "" }, 1, at, at);
        for field in ["count", "firstTimestamp", "lastTimestamp"] {
            made[field] = Value::Null;
        }
        if let Some(made) = made.as_object_mut() {
            made.remove("count");
        }
        made["source"] = json!({});
        made["eventTime"] = json!(moment);
        made["action"] = json!(action);
        made["reportingInstance"] = json!(format!("{COMPONENT}-{}", &hex(COMPONENT, 5)));
        event::sign(&mut made, manager(COMPONENT), "events.k8s.io/v1", at);
        let place = (text(&made, "/metadata/namespace").to_owned(), text(&made, "/metadata/name").to_owned());
        store.put(made);
        self.said.insert(same, place);
    }

    /// Forgets what was said in Events that are gone, when there is much to remember.
    pub fn forget(&mut self, store: &Store) {
        if self.said.len() > self.many {
            self.said.retain(|_, (namespace, name)| store.object("Event", namespace, name).is_some());
            self.many = FEW.max(self.said.len() * 2);
        }
    }
}

/// Whether a namespace is on its way out: it takes in nothing new, and what is written past that would hold it for ever.
fn is_closing(store: &Store, namespace: &str) -> bool {
    let found = if namespace.is_empty() { None } else { store.get("Namespace", "", namespace) };
    found.is_some_and(|found| found["metadata"]["deletionTimestamp"].is_string())
}

/// The program a component runs in, which is what the server knows it by.
fn manager(component: &str) -> &str {
    match component {
        "kubelet" => "kubelet",
        "default-scheduler" => "kube-scheduler",
        _ => MANAGER,
    }
}

fn init_names(pod: &Value) -> impl Iterator<Item = &str> {
    let inits = pod["spec"]["initContainers"].as_array().into_iter().flatten();
    inits.filter_map(|container| container["name"].as_str())
}

/// `name_namespace(uid)`: how a kubelet names a pod in its sentences.
pub(super) fn pod_in_words(pod: &Value) -> String {
    let key = key_of(pod);
    let (namespace, name) = key.split_once('/').unwrap_or(("", &key));
    format!("{name}_{namespace}({})", text(pod, "/metadata/uid"))
}
