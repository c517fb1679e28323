//! Sets the scene: what stands in each cluster when the world starts, made from a scenario.

use crate::sim::agenda::Agenda;
use crate::sim::manifest::app::{App, Automated, Release, Workload, WorkloadKind};
use crate::sim::manifest::meta::{commit, hex};
use crate::sim::manifest::workload;
use crate::sim::manifest::{application, argocd, crd, desired, hook, node, settings};
use crate::sim::network::{Listener, Rule, Speaks};
use crate::sim::scenario::{Environment, Listen, Scenario, Service, Source, Window};
use crate::sim::store::Store;
use crate::sim::time::minus;
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

/// Where a pod runs.
#[derive(Debug, Clone)]
pub struct Place {
    /// The node's address.
    pub host: String,
    /// The pod's address, which it gets with its sandbox.
    pub address: String,
}

impl Stage {
    /// The cluster of a source, empty.
    #[must_use]
    pub fn new(source: &Source, store: Store) -> Self {
        let name = source.name.get_ref().clone();
        let nodes = if source.nodes.is_empty() { vec![name.clone()] } else { source.nodes.clone() };
        Self { source: name, argocd_namespace: source.argocd_namespace.clone(), nodes, store }
    }

    /// The addresses of a node and of a pod on it.
    #[must_use]
    pub fn addresses(&self, node: &str, uid: &str) -> Place {
        let bits = usize::from_str_radix(&hex(uid, 4), 16).unwrap_or_default();
        let index = self.nodes.iter().position(|name| name == node).unwrap_or(self.nodes.len());
        Place { host: host(index), address: format!("10.244.{index}.{}", 2 + bits % 250) }
    }
}

fn host(index: usize) -> String {
    format!("192.168.49.{}", 2 + index)
}

/// What every cluster has, whether or not an app runs in it: namespaces, nodes, CRDs, Argo CD itself.
pub fn cluster(agenda: &mut Agenda, stage: &Stage, source: &Source, now: Timestamp) {
    let born = minus(now, 120 * DAY);
    let store = &stage.store;
    for name in ["default", "kube-system", "kube-public", "kube-node-lease", stage.argocd_namespace.as_str()] {
        store.put(settings::namespace(name, born));
    }
    for (index, name) in stage.nodes.iter().enumerate() {
        store.put(node::node(name, &host(index), &source.kubernetes, index == 0, born, now));
    }
    for definition in crd::all(born).into_iter().chain(crd::of_operators(born)) {
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
            progress_deadline: 600,
            wave: 0,
            listeners: None,
        };
        let app = own_app(stage, name, &work, born);
        store.put(settings::service(&stage.argocd_namespace, name, &app.pod_labels(&work), ports, born));
        run(agenda, stage, &app, &work, image);
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
        chart: String::new(),
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
        apps.extend(scenario.services.iter().filter_map(|service| app(scenario, source, (environment, service), now)));
        // Git's head on a branch is its newest commit, and every app that follows the branch has seen it
        let newest = apps[from..].iter().max_by_key(|app| app.release().at);
        let head = newest.map(|app| app.release().revision.clone()).unwrap_or_default();
        for app in &mut apps[from..] {
            app.head.clone_from(&head);
        }
    }
    apps
}

fn app(
    scenario: &Scenario,
    source: &Source,
    (environment, service): (&Environment, &Service),
    now: Timestamp,
) -> Option<App> {
    let (name, env) = (service.name.get_ref(), environment.name.get_ref());
    let releases: Vec<Release> = service
        .releases
        .iter()
        .filter(|release| release.environment.get_ref() == env)
        .map(|release| {
            let message = release.commit.clone().unwrap_or_else(|| format!("{name} {}", release.version));
            let at = minus(now, release.age);
            let revision = commit(&environment.branch, &message);
            Release { version: release.version.clone(), message, revision, at, by: release.by.clone() }
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
            progress_deadline: work.progress_deadline.as_secs(),
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
        chart: service.chart.clone().unwrap_or_else(|| name.clone()),
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

/// A sync window as the project has it.
fn window(window: &Window) -> Value {
    json!({
        "kind": window.kind.word(), "schedule": window.schedule, "duration": window.duration,
        "applications": window.applications, "manualSync": window.manual_sync, "timeZone": window.time_zone,
        "description": window.description,
    })
}

/// Puts the apps of a source into its cluster, all of them at rest; their workloads live through their releases.
pub fn apps(
    agenda: &mut Agenda,
    stage: &Stage,
    scenario: &Scenario,
    apps: &[App],
    now: Timestamp,
    random: &mut fastrand::Rng,
) {
    let Some(oldest) = apps.iter().map(|app| app.created).min() else { return };
    let store = &stage.store;
    let project = scenario.name.get_ref();
    let windows: Vec<Value> = scenario.windows.iter().map(window).collect();
    store.put(argocd::app_project(&stage.argocd_namespace, project, &scenario.repository, &windows, oldest));
    let set = argocd::application_set(&stage.argocd_namespace, project, apps, &scenario.unmanaged, oldest);
    store.put(set.clone());
    for app in apps {
        if store.get("Namespace", "", &app.namespace).is_none() {
            store.put(settings::namespace(&app.namespace, oldest));
        }
        // reconciles are spread over two minutes, as the controller's jitter does
        let reconciled = minus(now, Duration::from_secs(random.u64(2..120)));
        store.put(application::application(app, &set, reconciled));
        store.put(desired::applied(settings::app_config(app, app.created)));
        if app.listens() {
            store.put(desired::applied(settings::app_service(app, app.created)));
        }
        let image = app.running_image();
        for work in &app.workloads {
            if let Some(listeners) = &work.listeners {
                let (namespace, workload) = (app.namespace.clone(), work.name.clone());
                let rule =
                    Rule { namespace, workload, container: work.container.clone(), listeners: listeners.clone() };
                store.network().rule(rule);
            }
            run(agenda, stage, app, work, &image);
        }
        if let Some(name) = &app.pre_sync {
            let at = minus(app.release().at, Duration::from_secs(18));
            let job = desired::applied(hook::job(app, name, hook::Phase::Before, &image, at));
            let store = store.clone();
            agenda.at(at, move |_| {
                store.put(job);
            });
        }
    }
}

/// Has a workload of an app live through the app's releases, each at its time; whoever runs the pods does the rest.
fn run(agenda: &mut Agenda, stage: &Stage, app: &App, work: &Workload, image: &str) {
    let mut images: Vec<(Timestamp, String)> =
        app.releases.iter().map(|release| (release.at, app.image_of(release))).collect();
    if let Some((at, _)) = images.first_mut() {
        *at = app.created;
    } else {
        images.push((app.created, image.to_owned()));
    }
    for (at, image) in images {
        let (stage, app, work) = (stage.clone(), app.clone(), work.clone());
        agenda.at(at, move |play| apply(&stage, &app, &work, &image, play.at));
    }
}

/// Applies a workload as Argo CD does: created, or given the template and the replicas that Git has.
fn apply(stage: &Stage, app: &App, work: &Workload, image: &str, at: Timestamp) {
    let fresh = desired::applied(workload::workload(app, work, image, app.created, at));
    let there = stage.store.update(work.kind.word(), &app.namespace, &work.name, |object| {
        object["spec"]["template"] = fresh["spec"]["template"].clone();
        object["spec"]["replicas"] = fresh["spec"]["replicas"].clone();
        let last = &fresh["metadata"]["annotations"][desired::LAST_APPLIED];
        object["metadata"]["annotations"][desired::LAST_APPLIED] = last.clone();
    });
    if there.is_none() {
        stage.store.put(fresh);
    }
}
