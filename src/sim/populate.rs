//! Sets the scene: what stands in each cluster when the world starts, made from a scenario.

use crate::sim::manifest::app::{App, Automated, Release, Workload, WorkloadKind};
use crate::sim::manifest::event::{Reporter, Said, event};
use crate::sim::manifest::meta::{commit, hex, owned_by, suffix, text};
use crate::sim::manifest::pod::{self, Container, NewPod, Place};
use crate::sim::manifest::workload::{self, Counts};
use crate::sim::manifest::{application, argocd, crd, hook, node, settings};
use crate::sim::network::{Listener, Rule, Speaks};
use crate::sim::scenario::{Environment, Listen, Scenario, Service, Source};
use crate::sim::store::Store;
use crate::sim::time::{minus, plus};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// A cluster of the world: its objects, and where its pods go.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The source's name, which is the context's.
    pub source: String,
    /// Where its Argo CD lives.
    pub argocd_namespace: String,
    /// Names of its nodes; never empty.
    pub nodes: Vec<String>,
    /// Its objects.
    pub store: Store,
}

impl Stage {
    /// The cluster of a source, empty.
    #[must_use]
    pub fn new(source: &Source, store: Store) -> Self {
        let name = source.name.get_ref().clone();
        let nodes = if source.nodes.is_empty() { vec![name.clone()] } else { source.nodes.clone() };
        Self { source: name, argocd_namespace: source.argocd_namespace.clone(), nodes, store }
    }

    /// Where a pod of this name goes: always the same node, an address of its own.
    #[must_use]
    pub fn place(&self, pod: &str, created: Timestamp) -> Place {
        let bits = u32::from_str_radix(&hex(&format!("{pod} {created}"), 6), 16).unwrap_or_default();
        let index = bits as usize % self.nodes.len().max(1);
        Place {
            node: self.nodes.get(index).cloned().unwrap_or_default(),
            host: host(index),
            address: format!("10.244.{index}.{}", 2 + (bits >> 8) % 250),
        }
    }
}

fn host(index: usize) -> String {
    format!("192.168.49.{}", 2 + index)
}

/// What every cluster has, whether or not an app runs in it: namespaces, nodes, CRDs, Argo CD itself.
pub fn cluster(stage: &Stage, source: &Source, now: Timestamp, random: &mut fastrand::Rng) {
    let born = minus(now, 120 * DAY);
    let store = &stage.store;
    for name in ["default", "kube-system", "kube-public", "kube-node-lease", stage.argocd_namespace.as_str()] {
        store.put(settings::namespace(name, born));
    }
    for (index, name) in stage.nodes.iter().enumerate() {
        store.put(node::node(name, &host(index), &source.kubernetes, index == 0, born, now));
    }
    for definition in crd::all(born) {
        store.put(definition);
    }
    let version = json!({"admin.enabled": "true", "application.resourceTrackingMethod": "annotation"});
    store.put(settings::config_map(&stage.argocd_namespace, "argocd-cm", &version, born));
    for (name, kind, container, image, ports) in argocd::COMPONENTS {
        let kind = if *kind == "StatefulSet" { WorkloadKind::StatefulSet } else { WorkloadKind::Deployment };
        let work = Workload {
            kind,
            name: (*name).to_owned(),
            container: (*container).to_owned(),
            component: (*name).trim_start_matches("argocd-").to_owned(),
            command: (*name).to_owned(),
            ports: ports.iter().map(|(name, _, port)| ((*name).to_owned(), *port)).collect(),
            wave: 0,
            listeners: None,
        };
        let app = own_app(stage, name, &work, born);
        store.put(settings::service(&stage.argocd_namespace, name, &app.pod_labels(&work), ports, born));
        run(stage, &app, &work, image, born, born, random);
    }
}

/// Argo CD's own parts are no Applications; the builders of workloads want one all the same.
fn own_app(stage: &Stage, name: &str, work: &Workload, created: Timestamp) -> App {
    App {
        name: name.to_owned(),
        argocd_namespace: stage.argocd_namespace.clone(),
        namespace: stage.argocd_namespace.clone(),
        service: name.to_owned(),
        environment: "argocd".to_owned(),
        team: String::new(),
        project: String::new(),
        repository: String::new(),
        target_revision: String::new(),
        automated: None,
        image: String::new(),
        releases: Vec::new(),
        head: String::new(),
        workloads: vec![work.clone()],
        config: Vec::new(),
        pre_sync: None,
        post_sync: None,
        replicas: 1,
        created,
    }
}

/// The Applications a scenario has in a source.
#[must_use]
pub fn apps_of(scenario: &Scenario, source: &Source, now: Timestamp) -> Vec<App> {
    let mut apps = Vec::new();
    for environment in scenario.environments.iter().filter(|e| e.source.get_ref() == source.name.get_ref()) {
        let from = apps.len();
        apps.extend(scenario.services.iter().filter_map(|service| app(scenario, source, environment, service, now)));
        // Git's head on a branch is its newest commit, and every app that follows the branch has seen it
        let newest = apps[from..].iter().max_by_key(|app| app.release().at);
        let head = newest.map(|app| app.revision_of(app.release())).unwrap_or_default();
        for app in &mut apps[from..] {
            app.head.clone_from(&head);
        }
    }
    apps
}

fn app(
    scenario: &Scenario,
    source: &Source,
    environment: &Environment,
    service: &Service,
    now: Timestamp,
) -> Option<App> {
    let (name, env) = (service.name.get_ref(), environment.name.get_ref());
    let releases: Vec<Release> = service
        .releases
        .iter()
        .filter(|release| release.environment.get_ref() == env)
        .map(|release| Release {
            version: release.version.clone(),
            message: release.commit.clone().unwrap_or_else(|| format!("{name} {}", release.version)),
            at: minus(now, release.age),
            by: release.by.clone(),
        })
        .collect();
    let first = releases.first()?.at;
    let workloads = service
        .workloads
        .iter()
        .map(|work| Workload {
            kind: work.kind,
            name: work.name.clone().unwrap_or_else(|| name.clone()),
            container: work.container.clone(),
            component: work.component.clone().unwrap_or_else(|| work.container.clone()),
            command: work.command.clone(),
            ports: work.ports.iter().map(|(name, port)| (name.clone(), *port)).collect(),
            wave: work.wave,
            listeners: work.listen.as_ref().map(|listen| listeners(listen, env)),
        })
        .collect();
    Some(App {
        name: format!("{name}-{env}"),
        argocd_namespace: source.argocd_namespace.clone(),
        namespace: format!("{}-{env}", scenario.name.get_ref()),
        service: name.clone(),
        environment: env.clone(),
        team: service.team.clone(),
        project: scenario.name.get_ref().clone(),
        repository: scenario.repository.clone(),
        target_revision: environment.branch.clone(),
        automated: environment.auto_sync.map(|auto| Automated { prune: auto.prune, self_heal: auto.self_heal }),
        image: service.image.clone().unwrap_or_else(|| name.clone()),
        releases,
        head: commit(&environment.branch, env),
        workloads,
        config: service.config.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        pre_sync: service.pre_sync.clone(),
        post_sync: service.post_sync.clone(),
        replicas: environment.replicas,
        created: minus(first, Duration::from_mins(1)),
    })
}

/// The open ports of a workload in one environment.
fn listeners(listen: &[Listen], environment: &str) -> Vec<Listener> {
    let here = listen.iter().filter(|one| {
        one.environments.as_ref().is_none_or(|names| names.iter().any(|name| name.get_ref() == environment))
    });
    here.map(|one| {
        let word = one.speaks.as_ref().map(|speaks| speaks.get_ref().as_str());
        let speaks = match (&one.to, word.and_then(Speaks::from_word)) {
            (Some(to), _) => Speaks::To(*to.get_ref()),
            (None, Some(Speaks::Debugpy { .. })) => Speaks::Debugpy { fragile: one.fragile },
            (None, speaks) => speaks.unwrap_or(Speaks::Silent),
        };
        Listener { address: one.address, ..Listener::everywhere(*one.port.get_ref(), speaks) }
    })
    .collect()
}

/// Puts the apps of a source into its cluster, all of them at rest.
pub fn apps(stage: &Stage, scenario: &Scenario, apps: &[App], now: Timestamp, random: &mut fastrand::Rng) {
    let Some(oldest) = apps.iter().map(|app| app.created).min() else { return };
    let store = &stage.store;
    let project = scenario.name.get_ref();
    store.put(argocd::app_project(&stage.argocd_namespace, project, &scenario.repository, oldest));
    let set = argocd::application_set(&stage.argocd_namespace, project, apps, oldest);
    store.put(set.clone());
    for app in apps {
        if store.get("Namespace", "", &app.namespace).is_none() {
            store.put(settings::namespace(&app.namespace, oldest));
        }
        // reconciles are spread over two minutes, as the controller's jitter does
        let reconciled = minus(now, Duration::from_secs(random.u64(2..120)));
        store.put(application::application(app, &set, reconciled));
        store.put(settings::app_config(app, app.created));
        if app.listens() {
            store.put(settings::app_service(app, app.created));
        }
        let image = app.running_image();
        for work in &app.workloads {
            if let Some(listeners) = &work.listeners {
                let (namespace, workload) = (app.namespace.clone(), work.name.clone());
                let rule =
                    Rule { namespace, workload, container: work.container.clone(), listeners: listeners.clone() };
                store.network().rule(rule);
            }
            run(stage, app, work, &image, app.created, app.release().at, random);
        }
        if let Some(name) = &app.pre_sync {
            finished_hook(stage, app, name, &image, minus(app.release().at, Duration::from_secs(18)), random);
        }
    }
}

/// A workload of an app with all its pods, running `image` since `at`; what its older releases left behind too.
fn run(
    stage: &Stage,
    app: &App,
    work: &Workload,
    image: &str,
    created: Timestamp,
    at: Timestamp,
    random: &mut fastrand::Rng,
) {
    let store = &stage.store;
    let replicas = i64::from(app.replicas);
    let mut object = workload::workload(app, work, image, created, at);
    object["metadata"]["generation"] = json!(app.releases.len().max(1));
    if work.kind == WorkloadKind::Deployment {
        object["metadata"]["annotations"]["deployment.kubernetes.io/revision"] =
            json!(app.releases.len().max(1).to_string());
    }
    let hash = workload::hash_of(&object);
    workload::count(&mut object, Counts::whole(replicas), &hash, plus(at, Duration::from_secs(3)));
    let owner = if work.kind == WorkloadKind::Deployment {
        for (index, release) in app.releases.iter().enumerate().rev().skip(1).take(2) {
            let mut old = workload::workload(app, work, &app.image_of(release), created, release.at);
            old["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = json!((index + 1).to_string());
            store.put(workload::replica_set(&old, 0, 0, release.at));
        }
        workload::replica_set(&object, replicas, replicas, at)
    } else {
        object.clone()
    };
    for ordinal in 0..app.replicas as usize {
        let name = match work.kind {
            WorkloadKind::Deployment => format!("{}-{}", text(&owner, "/metadata/name"), suffix(random)),
            WorkloadKind::StatefulSet => format!("{}-{ordinal}", work.name),
        };
        let template = &object["spec"]["template"]["spec"];
        let labels = workload::labels_of_pods(&object, ordinal);
        let mut one = pod::pending(&NewPod { owner: &owner, name: name.clone(), labels, template, created: at });
        let started = plus(at, Duration::from_secs(2));
        let place = stage.place(&name, at);
        pod::schedule(&mut one, &place, at);
        pod::set_address(&mut one, &place.address);
        pod::contain(&mut one, &Container::Running { since: started }, 0, started);
        store.put(one);
    }
    if work.kind == WorkloadKind::Deployment {
        store.put(owner);
    }
    store.put(object);
}

fn finished_hook(stage: &Stage, app: &App, name: &str, image: &str, at: Timestamp, random: &mut fastrand::Rng) {
    let mut job = hook::job(app, name, hook::Phase::Before, image, at);
    let pod = hook_pod(stage, &job, at, random);
    let ended = plus(at, Duration::from_secs(3));
    hook::complete(&mut job, plus(ended, Duration::from_secs(2)));
    let mut pod = pod;
    let place = stage.place(text(&pod, "/metadata/name"), at);
    pod::set_address(&mut pod, &place.address);
    pod::contain(
        &mut pod,
        &Container::Ended { code: 0, started: plus(at, Duration::from_secs(1)), finished: ended },
        0,
        ended,
    );
    stage.store.put(job);
    stage.store.put(pod);
}

/// The pod of a hook's Job, scheduled.
#[must_use]
pub fn hook_pod(stage: &Stage, job: &Value, at: Timestamp, random: &mut fastrand::Rng) -> Value {
    let name = format!("{}-{}", text(job, "/metadata/name"), suffix(random));
    let labels = job["spec"]["template"]["metadata"]["labels"].clone();
    let template = &job["spec"]["template"]["spec"];
    let mut pod = pod::pending(&NewPod { owner: job, name: name.clone(), labels, template, created: at });
    pod["metadata"]["ownerReferences"] = owned_by(job);
    pod["status"]["qosClass"] = json!("BestEffort");
    pod::schedule(&mut pod, &stage.place(&name, at), at);
    pod
}

/// A new pod of a workload's present template, scheduled, its container being created.
#[must_use]
pub fn new_pod(workload: &Value, owner: &Value, ordinal: usize, at: Timestamp, random: &mut fastrand::Rng) -> Value {
    let name = if workload["kind"] == "StatefulSet" {
        format!("{}-{ordinal}", text(workload, "/metadata/name"))
    } else {
        format!("{}-{}", text(owner, "/metadata/name"), suffix(random))
    };
    let labels = workload::labels_of_pods(workload, ordinal);
    let template = &workload["spec"]["template"]["spec"];
    pod::pending(&NewPod { owner, name, labels, template, created: at })
}

/// Says something about an object, counting it into an earlier event that said the same.
pub fn say(stage: &Stage, object: &Value, said: Said<'_>, component: &str, at: Timestamp) {
    let host = if component == "kubelet" { text(object, "/spec/nodeName") } else { "" };
    let by = Reporter { component, host };
    // Argo CD's events are never counted together
    if component == "kubelet" {
        let namespace = text(object, "/metadata/namespace");
        let uid = text(object, "/metadata/uid").as_bytes();
        let now = stage.store.snapshot("Event", Some(namespace), None).map(|now| now.objects).unwrap_or_default();
        // read as values only when they are about this object: there are hundreds, and this is said often
        let about = now.iter().filter(|event| memchr::memmem::find(event.body(), uid).is_some());
        let mut about = about.filter_map(|event| stage.store.get("Event", namespace, event.name()));
        let same = about.find(|event| {
            event["involvedObject"]["uid"] == object["metadata"]["uid"]
                && event["reason"] == said.reason
                && event["message"] == said.message
        });
        if let Some(same) = same {
            let last = crate::sim::time::stamp(at);
            stage.store.update("Event", namespace, text(&same, "/metadata/name"), |event| {
                event["count"] = json!(event["count"].as_i64().unwrap_or(1) + 1);
                event["lastTimestamp"] = json!(last);
            });
            return;
        }
    }
    stage.store.put(event(object, said, by, 1, at, at));
}
