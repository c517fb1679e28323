//! A world in which time is stepped from one moment of interest to the next.

use super::git::{Git, URL};
use super::recording::{self, Teller};
use crate::sim::agenda::Agenda;
use crate::sim::argocd::{Cluster, Controller, Pace, Sets};
use crate::sim::clock::Clock;
use crate::sim::kinds;
use crate::sim::manifest::meta::text;
use crate::sim::manifest::node;
use crate::sim::populate::Stage;
use crate::sim::store::Store;
use crate::sim::time::plus;
use crate::sim::workload::{Rule, Workloads};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Auto-sync as the recordings have it in an environment.
pub fn automated(self_heal: bool) -> Value {
    json!({
        "automated": {"prune": true, "selfHeal": self_heal},
        "retry": {"limit": 2, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "1m"}},
        "syncOptions": ["CreateNamespace=true", "PruneLast=true"],
    })
}

/// The Applications of the recordings' set, and the set.
pub const NINE: [&str; 10] = [
    "backend-dev",
    "backend-prod",
    "backend-staging",
    "dependencies-dev",
    "dependencies-prod",
    "dependencies-staging",
    "frontend-dev",
    "frontend-prod",
    "frontend-staging",
    "set/predator12",
];

/// No auto-sync, as in production.
pub fn by_hand() -> Value {
    json!({"syncOptions": ["CreateNamespace=true", "PruneLast=true"]})
}

/// A control plane with one cluster, a repository and what runs in it.
pub struct Lab {
    pub store: Store,
    pub git: Git,
    pub controller: Controller,
    sets: Sets,
    /// The world's own controllers and kubelet.
    agenda: Agenda,
    random: fastrand::Rng,
    time: Arc<Mutex<Timestamp>>,
    began: Timestamp,
    tellers: BTreeMap<String, Teller>,
    seen: u64,
}

/// A node, and what runs pods on it; no registry has an image of the tag 9.9.9.
fn workloads(store: &Store, began: Timestamp) -> Agenda {
    store.put(node::node("node-1", "192.168.49.2", "v1.36.2", true, began, began));
    let stage = Stage {
        source: "lab".to_owned(),
        argocd_namespace: "argocd".to_owned(),
        nodes: vec!["node-1".to_owned()],
        store: store.clone(),
    };
    let mut agenda = Agenda::default();
    let workloads = Workloads::begin(&mut agenda, &stage, began);
    for (image, words) in [("*", "present"), ("*:9.9.9", "missing")] {
        let (pods, image, words) = ("*".to_owned(), image.to_owned(), words.to_owned());
        workloads.teach(Rule { pods, image, words, lines: Vec::new() });
    }
    agenda
}

impl Lab {
    /// One cluster, and the world's own controllers and kubelet in it.
    pub fn new() -> Self {
        Self::with(Pace::default(), |store| vec![Cluster::local(store)])
    }

    /// The same with other clusters.
    pub fn with(pace: Pace, clusters: impl FnOnce(&Store) -> Vec<Cluster>) -> Self {
        let time = Arc::new(Mutex::new("2026-11-23T06:00:00Z".parse().unwrap()));
        let shared = Arc::clone(&time);
        let store = Store::with(Clock::new(move || *shared.lock().unwrap()), 7);
        let namespaces = ["argocd", "predator12-dev", "predator12-staging", "predator12-prod", "predator12-lab"];
        for name in namespaces {
            store.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
        }
        let began = *time.lock().unwrap();
        for definition in crate::sim::manifest::crd::all(began) {
            store.put(definition);
        }
        let git = Git::new();
        let clusters = clusters(&store);
        let sets = Sets::new(HashSet::new(), &store, "argocd", clusters.clone(), Box::new(git.clone()));
        let controller = Controller::new(&store, "argocd", clusters, Box::new(git.clone()), pace);
        let agenda = workloads(&store, began);
        let random = fastrand::Rng::with_seed(1);
        let lab = Self { store, git, controller, sets, agenda, random, time, began, tellers: BTreeMap::new(), seen: 0 };
        lab.project(|_| {});
        lab
    }

    pub fn now(&self) -> Timestamp {
        *self.time.lock().unwrap()
    }

    /// Writes the project.
    pub fn project(&self, change: impl FnOnce(&mut Value)) {
        let mut project = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
            "metadata": {"name": "predator12", "namespace": "argocd"},
            "spec": {"sourceRepos": [URL], "clusterResourceWhitelist": [{"group": "", "kind": "Namespace"}],
                "destinations": [{"server": "https://kubernetes.default.svc", "namespace": "predator12-*"}]}});
        change(&mut project);
        self.store.put(project);
    }

    /// Writes the project that allows everything.
    pub fn default_project(&self) {
        self.store.put(json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
            "metadata": {"name": "default", "namespace": "argocd"}, "spec": {"sourceRepos": ["*"],
                "destinations": [{"server": "*", "namespace": "*"}],
                "clusterResourceWhitelist": [{"group": "*", "kind": "*"}]}}));
    }

    /// The recordings' `ApplicationSet`, which generates nine Applications.
    pub fn set(&self, change: impl FnOnce(&mut Value)) {
        let mut set: Value =
            serde_json::from_str(include_str!("../../../../tests/fixtures/argocd/applicationset.json")).unwrap();
        change(&mut set);
        self.store.put(set);
    }

    /// An Application of the recordings' `ApplicationSet`, as if the set had made it.
    pub fn app(&self, service: &str, environment: &str, revision: &str, policy: &Value) {
        self.store.put(json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {"name": format!("{service}-{environment}"), "namespace": "argocd",
                "finalizers": ["resources-finalizer.argocd.argoproj.io"]},
            "spec": {"project": "predator12", "syncPolicy": policy,
                "source": {"repoURL": URL, "targetRevision": revision, "path": format!("helm/charts/{service}"),
                    "helm": {"valueFiles": [format!("../../overlays/{environment}/{service}.yaml")]}},
                "destination": {"server": "https://kubernetes.default.svc", "namespace": format!("predator12-{environment}")}}}));
    }

    /// The Application as it stands.
    pub fn get(&self, app: &str) -> Value {
        self.store.get("Application", "argocd", app).unwrap_or_default()
    }

    /// A client writes to an Application.
    pub fn write(&self, app: &str, change: impl FnOnce(&mut Value)) {
        self.store.update("Application", "argocd", app, change).expect("the Application is there");
    }

    /// A client asks for a refresh.
    pub fn refresh(&self, app: &str) {
        self.write(app, |app| app["metadata"]["annotations"]["argocd.argoproj.io/refresh"] = json!("normal"));
    }

    /// A client asks for a sync, as argocd-server writes it.
    pub fn sync(&self, app: &str, change: impl FnOnce(&mut Value)) {
        let policy = self.get(app)["spec"]["syncPolicy"].clone();
        let source = self.get(app)["spec"]["source"].clone();
        let revision = self.git.head(text(&source, "/targetRevision"));
        let mut operation = json!({"initiatedBy": {"username": "admin"}, "retry": {},
            "sync": {"revision": revision, "source": source, "syncOptions": policy["syncOptions"]}});
        if policy["retry"].is_object() {
            operation["retry"] = policy["retry"].clone();
        }
        change(&mut operation);
        self.write(app, |app| {
            app["operation"] = operation;
            app["status"].as_object_mut().unwrap().remove("operationState");
        });
    }

    /// A client asks for a rollback to a row of the history, as argocd-server writes it.
    pub fn roll_back(&self, app: &str, id: usize) {
        let row = self.get(app)["status"]["history"][id].clone();
        self.sync(app, |operation| {
            operation["retry"] = json!({});
            operation["sync"]["revision"] = row["revision"].clone();
            operation["sync"]["source"] = row["source"].clone();
            operation["sync"]["syncStrategy"] = json!({"apply": {}});
        });
    }

    /// Lets time pass until a condition holds, at most ten minutes.
    pub fn until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let end = plus(self.now(), Duration::from_mins(10));
        while !holds(self) {
            assert!(
                self.step(end),
                "not reached: {what}\n{:#?}",
                self.tellers.values().map(|t| &t.facts).collect::<Vec<_>>()
            );
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, seconds: f64) {
        let end = plus(self.now(), Duration::from_secs_f64(seconds));
        while self.step(end) {}
        *self.time.lock().unwrap() = end;
    }

    /// One moment on; false when nothing happens until `end`.
    fn step(&mut self, end: Timestamp) -> bool {
        let now = self.now();
        // what one writes, another looks at in the same moment
        for _ in 0..2 {
            self.sets.step(now);
            self.controller.step(now);
            self.run_pods(now);
        }
        let next = [self.sets.step(now), self.controller.step(now), self.run_pods(now)];
        self.listen();
        match next.into_iter().flatten().min().filter(|at| *at <= end) {
            Some(at) => {
                *self.time.lock().unwrap() = at.max(now);
                self.sets.step(self.now());
                self.controller.step(self.now());
                self.run_pods(self.now());
                self.listen();
                true
            }
            None => false,
        }
    }

    fn run_pods(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.agenda.run(now, &mut self.random, usize::MAX);
        self.agenda.next()
    }

    /// The controller compared an Application without a reason, and found nothing.
    pub fn resynced(&self, app: &str) {
        let now = crate::sim::time::stamp(self.now());
        self.write(app, |app| app["status"]["reconciledAt"] = json!(now));
    }

    /// From now on a change is looked at after so many milliseconds.
    pub fn notice_in(&mut self, millis: u64) {
        self.controller.set_pace(Pace { notice: Duration::from_millis(millis), ..Pace::default() });
    }

    /// From now on it takes so many milliseconds to apply the objects of one kind.
    pub fn apply_in(&mut self, millis: u64) {
        self.controller.set_pace(Pace { apply: Duration::from_millis(millis), ..Pace::default() });
    }

    /// From now on objects are applied so fast that no comparison comes between them, or slowly again.
    pub fn hurry(&mut self, fast: bool) {
        self.apply_in(if fast { 5 } else { 80 });
    }

    /// Lets everything come to rest.
    pub fn settle(&mut self) {
        self.pass(90.0);
    }

    /// Begins to write down what happens to these Applications; sets are written `set/<name>`.
    pub fn record(&mut self, apps: &[&str]) {
        self.began = self.now();
        self.seen = self.store.resource_version();
        self.tellers = apps.iter().map(|app| ((*app).to_owned(), Teller::default())).collect();
    }

    fn listen(&mut self) {
        let at = self.now().duration_since(self.began).as_secs_f64();
        let mut heard = Vec::new();
        for kind in ["Application", "ApplicationSet", "Event"] {
            let changes = self.store.changes(kind, self.seen, usize::MAX).unwrap().0;
            heard.extend(changes.into_iter().map(|change| (kind, change)));
        }
        self.seen = self.store.resource_version();
        heard.sort_by_key(|(_, change)| change.resource_version);
        for (kind, change) in heard {
            let object = change.object.to_value(kinds::by_kind(kind).unwrap());
            let (of, name) = match kind {
                "Event" => (text(&object, "/involvedObject/kind"), text(&object, "/involvedObject/name")),
                _ => (kind, text(&object, "/metadata/name")),
            };
            let is_set = of == "ApplicationSet";
            let name = if is_set { format!("set/{name}") } else { name.to_owned() };
            let Some(teller) = self.tellers.get_mut(&name) else { continue };
            match (kind, is_set, change.deleted) {
                ("Event", true, false) => teller.set_event(at, &object),
                ("Event", false, false) if of == "Application" => teller.event(at, &object),
                ("Event", ..) => {}
                (_, _, true) => teller.gone(at),
                (_, true, false) => teller.set_written(at, &object),
                (_, false, false) => teller.written(at, &object),
            }
        }
    }

    /// Compares what happened with a recording.
    pub fn conforms(&self, recorded: &str) {
        let recorded = recording::read(recorded);
        let mut said = String::new();
        for (app, teller) in &self.tellers {
            if let Err(difference) = recording::compare(app, &recorded.facts[app], &teller.facts, recorded.race) {
                said += &difference;
            }
        }
        assert!(!self.tellers.is_empty() && said.is_empty(), "\n{said}");
    }
}
