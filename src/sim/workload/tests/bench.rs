//! A cluster whose time passes only when a test says so.

use crate::sim::agenda::Agenda;
use crate::sim::manifest::meta::number;
use crate::sim::manifest::node::node;
use crate::sim::populate::Stage;
use crate::sim::store::Store;
use crate::sim::time::{minus, plus};
use crate::sim::workload::{Rule, Workloads};
use crate::sim::write::Writer;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) const NAMESPACE: &str = "shop";

pub(super) struct Bench {
    pub store: Store,
    pub workloads: Workloads,
    agenda: Agenda,
    random: fastrand::Rng,
    pub now: Timestamp,
}

impl Bench {
    pub fn new() -> Self {
        Self::with_nodes(&["node1"])
    }

    pub fn with_nodes(nodes: &[&str]) -> Self {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let stage = Stage {
            source: "test".to_owned(),
            argocd_namespace: "argocd".to_owned(),
            nodes: nodes.iter().map(|name| (*name).to_owned()).collect(),
            store: Store::new(),
        };
        for name in nodes {
            stage.store.put(node(name, "192.0.2.2", "v1.36.2", true, now, now));
        }
        let mut agenda = Agenda::default();
        let workloads = Workloads::begin(&mut agenda, &stage, minus(now, Duration::from_hours(1)));
        // a rule for everything: images are on the nodes, as those of the recordings were
        workloads.teach(Rule {
            pods: "*".to_owned(),
            image: "*".to_owned(),
            words: "present".to_owned(),
            lines: Vec::new(),
        });
        let random = fastrand::Rng::with_seed(7);
        let mut bench = Self { store: stage.store, workloads, agenda, random, now };
        bench.pass(0);
        bench
    }

    pub fn teach(&self, pods: &str, image: &str, words: &str) {
        let rule = Rule { pods: pods.to_owned(), image: image.to_owned(), words: words.to_owned(), lines: Vec::new() };
        self.workloads.teach(rule);
    }

    /// Lets so many milliseconds pass, and everything happen that they bring.
    pub fn pass(&mut self, millis: u64) {
        // what a test wrote happened before the time that passes now
        self.agenda.run(self.now, &mut self.random, usize::MAX);
        self.now = plus(self.now, Duration::from_millis(millis));
        self.agenda.run(self.now, &mut self.random, usize::MAX);
    }

    pub fn act(&mut self, act: impl FnOnce(&Workloads, &mut crate::sim::agenda::Play<'_>) + Send + 'static) {
        let workloads = self.workloads.clone();
        self.agenda.at(self.now, move |play| act(&workloads, play));
        self.pass(0);
    }

    /// Creates an object as a client does.
    pub fn create(&self, object: Value) {
        Writer::new(&self.store, "test").as_of(self.now).create(object).unwrap();
    }

    pub fn get(&self, kind: &str, name: &str) -> Value {
        self.store.get(kind, NAMESPACE, name).unwrap_or_default()
    }

    pub fn update(&self, kind: &str, name: &str, change: impl FnOnce(&mut Value)) {
        self.store.update(kind, NAMESPACE, name, change).expect("it exists");
    }

    pub fn scale(&self, kind: &str, name: &str, replicas: i64) {
        self.update(kind, name, |object| object["spec"]["replicas"] = json!(replicas));
    }

    /// Pods in the order of their names: name, phase, and whether they are ready.
    pub fn pods(&self) -> Vec<Value> {
        self.store.list("Pod", Some(NAMESPACE))
    }

    /// Counts of a workload's status, in the order in which they are asked for.
    pub fn counts(&self, kind: &str, name: &str, fields: &[&str]) -> Vec<i64> {
        let object = self.get(kind, name);
        fields.iter().map(|field| number(&object, &format!("/status/{field}"))).collect()
    }

    /// `Reason xN: message` of all Events about objects whose kind and name begin so.
    pub fn events(&self, about: &str) -> Vec<String> {
        let events = self.store.list("Event", Some(NAMESPACE));
        let mut events: Vec<&Value> = events
            .iter()
            .filter(|event| {
                let involved = &event["involvedObject"];
                let place = format!("{}/{}", involved["kind"].as_str().unwrap(), involved["name"].as_str().unwrap());
                place.starts_with(about)
            })
            .collect();
        events.sort_by_key(|event| event["metadata"]["resourceVersion"].as_str().unwrap().parse::<u64>().unwrap());
        events
            .iter()
            .map(|event| {
                let count = event["count"].as_i64().or(event["series"]["count"].as_i64()).unwrap_or(1);
                format!("{} x{count}: {}", event["reason"].as_str().unwrap(), event["message"].as_str().unwrap())
            })
            .collect()
    }
}

/// A Deployment as a client creates it.
pub(super) fn deployment(name: &str, replicas: i64, container: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {
                "containers": [container], "terminationGracePeriodSeconds": 1}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
        },
        "status": {},
    })
}

/// A Job as a client creates it.
pub(super) fn job(name: &str, script: &str, spec: &Value) -> Value {
    let mut job = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"template": {"metadata": {"labels": {}}, "spec": {"restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "containers": [{"name": "alembic", "image": "predator-backend:1.0.0", "command": ["sh", "-c", script]}]}}},
        "status": {},
    });
    for (field, value) in spec.as_object().unwrap() {
        job["spec"][field] = value.clone();
    }
    job
}
