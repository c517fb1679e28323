//! A client that writes down everything a cluster tells of one namespace.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use http::Method;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, ListParams, WatchEvent, WatchParams};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::told::{self, Told};
use crate::sim_process::{Process, SMALL, send};
use crate::wait::found;

pub const NAMESPACE: &str = "shop";
const KINDS: [(&str, &str); 5] =
    [("apps", "Deployment"), ("apps", "ReplicaSet"), ("batch", "Job"), ("", "Pod"), ("", "Event")];
const MERGE: &str = "application/merge-patch+json";

/// What was heard of one kind: object and whether it is gone, by version.
type Heard = Arc<Mutex<BTreeMap<u64, (Value, bool)>>>;

/// A world in which time stands still, and a client of it.
pub struct Lab {
    world: Process,
    client: Client,
}

/// Watches that are open.
pub struct Recorder {
    /// Group, kind, and the version it began at.
    heard: Vec<(&'static str, &'static str, u64, Heard)>,
    _watches: JoinSet<()>,
}

impl Lab {
    /// Images are on the node already, as they were on the recorded one, unless nobody reaches their registry.
    pub async fn new() -> Self {
        let images = "[[image]]\nimage = \"*\"\nbehaviour = \"present\"\n\
                      [[image]]\nimage = \"*:9.9.9\"\nbehaviour = \"unreachable\"\n";
        let world = Process::still(&format!("{SMALL}{images}")).await;
        let client = world.client("here").await;
        let lab = Self { world, client };
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        lab.send(Method::POST, "/api/v1/namespaces", "application/json", &namespace).await;
        lab
    }

    async fn send(&self, method: Method, path: &str, content: &str, body: &Value) -> Value {
        send(&self.client, method, path, content, body).await
    }

    /// Creates an object; as it is then.
    pub async fn create(&self, object: &Value) -> Value {
        let kind = object["kind"].as_str().unwrap();
        self.send(Method::POST, &collection(kind), "application/json", object).await
    }

    /// Changes an object by a merge patch.
    pub async fn patch(&self, kind: &str, name: &str, patch: &Value) {
        self.send(Method::PATCH, &format!("{}/{name}", collection(kind)), MERGE, patch).await;
    }

    pub async fn scale(&self, name: &str, replicas: i64) {
        self.patch("Deployment", name, &json!({"spec": {"replicas": replicas}})).await;
    }

    pub async fn delete(&self, kind: &str, name: &str, propagation: &str) {
        let options = json!({"propagationPolicy": propagation});
        self.send(Method::DELETE, &format!("{}/{name}", collection(kind)), "application/json", &options).await;
    }

    pub async fn get(&self, kind: &str, name: &str) -> Value {
        let path = if name.is_empty() { collection(kind) } else { format!("{}/{name}", collection(kind)) };
        self.send(Method::GET, &path, "application/json", &Value::Null).await
    }

    /// Lets so many milliseconds pass, and everything happen that they bring.
    pub async fn pass(&self, millis: u64) {
        self.world.pass(millis).await;
    }

    /// Writes down everything from now on.
    pub async fn record(&self) -> Recorder {
        let mut watches = JoinSet::new();
        let mut heard = Vec::new();
        for (group, kind) in KINDS {
            let api = self.api(group, kind);
            let from = api.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
            let all = Heard::default();
            heard.push((group, kind, from.parse().unwrap(), Arc::clone(&all)));
            watches.spawn(listen(api, from, all));
        }
        Recorder { heard, _watches: watches }
    }

    fn api(&self, group: &str, kind: &str) -> Api<DynamicObject> {
        let resource = ApiResource {
            group: group.to_owned(),
            version: "v1".to_owned(),
            api_version: if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") },
            kind: kind.to_owned(),
            plural: format!("{}s", kind.to_lowercase()),
        };
        Api::namespaced_with(self.client.clone(), NAMESPACE, &resource)
    }

    /// What was recorded by now, once everything has been heard.
    pub async fn told(&self, recorder: &Recorder) -> Told {
        let mut writes = BTreeMap::new();
        for (group, kind, from, heard) in &recorder.heard {
            let listed = self.api(group, kind).list(&ListParams::default()).await.unwrap();
            let version = |object: &DynamicObject| object.metadata.resource_version.as_ref().unwrap().parse().unwrap();
            let there: BTreeSet<u64> = listed.items.iter().map(version).filter(|version| version > from).collect();
            let all = found(&format!("every {kind} is heard"), async || {
                let all = heard.lock().unwrap().clone();
                // the last word about each object is either in the list or that it is gone
                let last: BTreeMap<&str, (u64, bool)> =
                    all.iter().map(|(version, (object, gone))| (uid(object), (*version, *gone))).collect();
                let alive: BTreeSet<u64> = last.values().filter(|(_, gone)| !gone).map(|(at, _)| *at).collect();
                if alive == there { Ok(all) } else { Err(format!("heard {alive:?} of {there:?}")) }
            })
            .await;
            writes.extend(all);
        }
        told::tell(NAMESPACE, writes.into_values().map(|(a, b)| (a, b, None)))
    }
}

fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap()
}

fn collection(kind: &str) -> String {
    let group = KINDS.iter().find(|(_, known)| *known == kind).map_or("", |(group, _)| group);
    let root = if group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{group}/v1") };
    format!("{root}/namespaces/{NAMESPACE}/{}s", kind.to_lowercase())
}

async fn listen(api: Api<DynamicObject>, from: String, heard: Heard) {
    let watch = api.watch(&WatchParams::default(), &from).await.unwrap();
    let mut watch = std::pin::pin!(watch);
    while let Some(event) = watch.next().await {
        let (object, gone) = match event.unwrap() {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => (object, false),
            WatchEvent::Deleted(object) => (object, true),
            WatchEvent::Bookmark(_) => continue,
            WatchEvent::Error(error) => panic!("{error}"),
        };
        let version = object.metadata.resource_version.clone().unwrap().parse().unwrap();
        heard.lock().unwrap().insert(version, (serde_json::to_value(object).unwrap(), gone));
    }
}
