//! A whole world: a cluster per source, what happens in them, and the handle to act on it.

use crate::sim::access::{Access, User};
use crate::sim::argocd::{Cluster as Destination, SourceError};
use crate::sim::clock::Clock;
use crate::sim::control::{self, ControlError, Director, GitPlace, Place};
use crate::sim::generate::{self, Generator};
use crate::sim::git::{self, Commits, GitError, Helm, Repo, RepoServer, told};
use crate::sim::kubeconfig::{self, Context};
use crate::sim::live::deploy::Road;
use crate::sim::live::releases::Releases;
use crate::sim::live::{self, Agenda};
use crate::sim::manifest::app::App;
use crate::sim::manifest::{application, argocd};
use crate::sim::network::{Listener, Rule, Speaks};
use crate::sim::operator;
use crate::sim::orders;
use crate::sim::populate::{self, Deployed, Git, Stage};
use crate::sim::prometheus::{self, Recorder, Shelf};
use crate::sim::rbac::{self, Person};
use crate::sim::redis;
use crate::sim::scenario::{self, Scenario, ScenarioError, Source};
use crate::sim::serve::{Cluster, Server};
use crate::sim::server::{self, Credentials, Member, SingleSignOn};
use crate::sim::store::Store;
use crate::sim::time::{SimClock, minus, plus};
use crate::sim::tls::{Ca, TlsError};
use crate::sim::workload::{self, Workloads};
use crate::sim::write::Writer;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Argo CD looks at a cluster so long before the first thing it is to act on.
const SETTLED: Duration = Duration::from_secs(5);

/// What to simulate.
#[derive(Debug, Clone)]
pub struct SimOptions {
    /// A bundled scenario's name or a file; the default scenario when none.
    pub scenario: Option<String>,
    /// So many generated Applications in the first source. The scenario's own are there too only if it was named.
    pub apps: Option<usize>,
    /// Changes of generated Applications per second of the wall's time, spread evenly.
    pub changes_per_second: f64,
    /// What all randomness follows from.
    pub seed: u64,
    /// The first source's port on loopback, the next ones follow; free ports when none or 0.
    pub port: Option<u16>,
    /// Where the kubeconfig goes; into a folder that is removed with the world when none.
    pub kubeconfig: Option<PathBuf>,
    /// How fast the world's clock goes.
    pub speed: f64,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self { scenario: None, apps: None, changes_per_second: 0.0, seed: 12, port: None, kubeconfig: None, speed: 1.0 }
    }
}

/// A world did not start.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// No certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A listener could not be opened.
    #[error("cannot listen for source {source_name} on 127.0.0.1:{port}: {error}; try another --port")]
    Listen {
        /// The source.
        source_name: String,
        /// The port asked for, 0 for any.
        port: u16,
        /// Why.
        error: std::io::Error,
    },
    /// The kubeconfig could not be written.
    #[error("cannot write the kubeconfig {}: {error}", path.display())]
    Kubeconfig {
        /// Where.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The repository could not be made.
    #[error(transparent)]
    Git(#[from] GitError),
    /// What runs cannot be rendered.
    #[error("cannot render what {app} runs: {error}")]
    Render {
        /// The Application.
        app: String,
        /// Why.
        error: SourceError,
    },
    /// The control endpoint could not be opened.
    #[error(transparent)]
    Control(#[from] ControlError),
}

/// A running world. Dropping it ends everything in it.
#[derive(Debug)]
pub struct World {
    director: Arc<Director>,
    users: Vec<User>,
    kubeconfig: PathBuf,
    control: String,
    /// Removed with the world.
    _folder: Option<TempDir>,
    /// What keeps happening, and the control endpoint.
    _tasks: JoinSet<()>,
}

/// A cluster whose scene is set, before it listens.
struct Set {
    stage: Stage,
    workloads: Workloads,
    shelf: Shelf,
    credentials: Credentials,
}

impl World {
    /// Makes the clusters, sets the scene and opens the listeners; to be called within a Tokio runtime.
    ///
    /// # Errors
    /// When the scenario is wrong, a port is taken, or a file cannot be written.
    pub fn start(options: SimOptions) -> Result<Self, WorldError> {
        let named = options.scenario.is_some();
        let default = scenario::BUNDLED.first().map(|(name, _)| *name).unwrap_or_default();
        let scenario = scenario::load(options.scenario.as_deref().unwrap_or(default))?;
        let with_apps = named || options.apps.is_none();
        // it stands still while the scene is set, however long that takes
        let clock = SimClock::still(options.speed);
        let now = clock.origin();
        let mut random = fastrand::Rng::with_seed(options.seed);
        let mut agenda = Agenda::default();
        let mut stages = Vec::new();
        let place = repository(&scenario, now)?;
        let server =
            RepoServer::new(vec![(place.url.clone(), place.repo.clone())], Helm::find(), &kubernetes(&scenario));
        let git = Git { repo: place.repo.clone(), server };
        let releases = Releases::new(git.repo.clone());
        for source in &scenario.sources {
            let time = clock.clone();
            let store = Store::with(Clock::new(move || time.now()), random.u64(..));
            let stage = Stage::new(source, store);
            // Events older than that would be forgotten again before anybody could read them
            let workloads = Workloads::begin(&mut agenda, &stage, minus(now, Duration::from_hours(1)));
            populate::cluster(&mut agenda, &stage, source, now);
            operator::begin(&mut agenda, &stage);
            live::expiry::begin(&mut agenda, &stage, now);
            live::heartbeat::begin(&mut agenda, &stage, now);
            let mut from = now;
            if with_apps {
                let apps = deployed(&scenario, source, &git, now)?;
                populate::apps(&mut agenda, &stage, (&scenario, &git), &apps, now, &mut random);
                let road = Road { stage: stage.clone(), workloads: workloads.clone(), releases: releases.clone() };
                from = script(&scenario, &road, &apps, now, &mut agenda);
            }
            rbac::seed(&stage.store, &people(&scenario));
            let mut known = Credentials::generate(scenario.users.iter().map(|user| user.name.as_str()));
            server::seed(&stage.store, &stage.argocd_namespace, &people(&scenario), &known, now);
            if let Some(sso) = &scenario.sso {
                let (name, token_life) = (sso.name.as_str(), sso.token_life.get_ref().as_str());
                let offer = SingleSignOn { name, token_life, policies: &sso.policies };
                server::offer_sso(&stage.store, &stage.argocd_namespace, &offer);
                known.members = sso.people.iter().map(member).collect();
            }
            let mut generated = Vec::new();
            let total = options.apps.or(scenario.generate.map(|generate| generate.apps));
            if let (Some(total), true) = (total, stages.is_empty()) {
                generated = generate(&stage, total, &options, now);
            }
            live::argocd::begin(&mut agenda, &stage, &git.server, generated.clone(), from);
            let told = scenario.generate.map_or(0.0, |generate| generate.changes_per_second);
            let rate = if options.changes_per_second > 0.0 { options.changes_per_second } else { told };
            if rate > 0.0 {
                // the rate is per second of the wall, the agenda goes by the world's clock
                let pause = Duration::from_secs_f64((clock.speed() / rate).min(1e6));
                live::changes::begin(&mut agenda, &stage, generated, pause, now);
            }
            let shelf = Recorder::begin(&mut agenda, &stage, &source.kubernetes, &scenario.repository, now);
            stages.push(Set { stage, workloads, shelf, credentials: known });
        }
        let all: Vec<Stage> = stages.iter().map(|set| set.stage.clone()).collect();
        for commit in &scenario.commits {
            if let Some(wait) = commit.push {
                push_later(&mut agenda, place.commits.clone(), all.clone(), commit.clone(), plus(now, wait));
            }
        }
        // what happened already
        agenda.replay(now, &mut random, |at| clock.show(at));
        let users = users(&scenario);
        Self::open(options, users, (scenario, place, git), stages, clock, agenda, random)
    }

    fn open(
        options: SimOptions,
        users: Vec<User>,
        (scenario, place, git): (Scenario, GitPlace, Git),
        stages: Vec<Set>,
        clock: SimClock,
        agenda: Agenda,
        random: fastrand::Rng,
    ) -> Result<Self, WorldError> {
        let ca = Ca::generate()?;
        let mut places = Vec::new();
        let mut tasks = JoinSet::new();
        for (index, Set { stage, workloads, shelf, credentials }) in stages.into_iter().enumerate() {
            let offset = u16::try_from(index).unwrap_or(u16::MAX);
            let port = options.port.filter(|port| *port != 0).map(|port| port.saturating_add(offset));
            let mut cluster = Cluster::new(&stage.source, stage.store.clone(), users.clone());
            cluster.port = port;
            let failed = |port| {
                let source_name = stage.source.clone();
                move |error| WorldError::Listen { source_name, port, error }
            };
            let server = Server::start(&ca, cluster).map_err(failed(port.unwrap_or_default()))?;
            let (argocd, redis) = argocd_servers(&ca, &stage, &git, credentials).map_err(failed(0))?;
            let prometheus = prometheus::serve(shelf, clock.clone(), &mut tasks).map_err(failed(0))?;
            stage.store.network().rule(lead(prometheus.address()));
            places.push(Place { server, stage, workloads, argocd, redis, prometheus: prometheus.url() });
        }
        let (kubeconfig, folder) = write_kubeconfig(options.kubeconfig, &ca, &places, &users)?;
        let (sender, sent) = mpsc::channel(64);
        let director = Arc::new(Director::new(places, place, kubeconfig.clone(), clock.clone(), sender));
        clock.run();
        tasks.spawn(live::perform(agenda, random, clock, sent));
        for outage in scenario.outages {
            tasks.spawn(orders::die(Arc::clone(&director), outage));
        }
        for fault in scenario.faults {
            tasks.spawn(orders::suffer(Arc::clone(&director), fault));
        }
        let control = control::serve(&director, &mut tasks)?;
        Ok(Self { director, users, kubeconfig, control, _folder: folder, _tasks: tasks })
    }

    /// The one line that tells a caller where everything is.
    ///
    /// Of an argocd-server it has, besides what every world has told (`url`, `user`, `password`): `plainUrl` (the same
    /// without TLS), by account `passwords` and `tokens`, which do not run out, and under `sso` the passwords of the
    /// people who can log in through Dex, where there is one.
    #[must_use]
    pub fn ready_line(&self) -> Value {
        let places = self.director.places();
        let sources: Map<String, Value> = places
            .iter()
            .map(|place| {
                let facts = json!({"server": place.server.url(), "argocdNamespace": place.stage.argocd_namespace,
                    "argocd": place.argocd.ready_line(), "redis": place.redis.url(),
                    "prometheus": place.prometheus});
                (place.stage.source.clone(), facts)
            })
            .collect();
        let users: Map<String, Value> = self.users.iter().map(|user| (user.name.clone(), json!(user.token))).collect();
        json!({
            "ready": true,
            "kubeconfig": self.kubeconfig,
            "contexts": self.contexts(),
            "sources": sources,
            "users": users,
            "control": self.control,
            "git": self.director.git(),
        })
    }

    /// Where the kubeconfig is; its contexts are the first user's.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Names of the sources, in order.
    #[must_use]
    pub fn contexts(&self) -> Vec<String> {
        self.director.places().iter().map(|place| place.stage.source.clone()).collect()
    }

    /// The objects of a source's cluster.
    #[must_use]
    pub fn store(&self, source: &str) -> Option<&Store> {
        self.director.place(source).map(|place| &place.stage.store)
    }

    /// The address of a source's API server.
    #[must_use]
    pub fn url(&self, source: &str) -> Option<String> {
        self.director.place(source).map(|place| place.server.url())
    }

    /// A user's bearer token; unless the scenario says otherwise there are admin, developer and viewer.
    #[must_use]
    pub fn token(&self, user: &str) -> Option<&str> {
        self.users.iter().find(|known| known.name == user).map(|known| known.token.as_str())
    }

    /// What [`control::send`] wants to reach this world.
    #[must_use]
    pub fn control(&self) -> &str {
        &self.control
    }

    /// The world's clock.
    #[must_use]
    pub fn clock(&self) -> &SimClock {
        self.director.clock()
    }

    /// Makes this world the one that [`control::remembered`] finds, as long as it lives.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn remember(&self) -> Result<(), ControlError> {
        control::remember(&self.control)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        control::forget(&self.control);
    }
}

/// Somebody the directory of single sign-on knows.
fn member(person: &scenario::Person) -> Member {
    let scenario::Person { name, email, groups, password } = person.clone();
    let password = password.unwrap_or_else(|| format!("{:032x}", fastrand::u128(..)));
    Member { name, email, groups, password }
}

/// Starts the argocd-server of a cluster and its Redis; the ports of their pods lead to them.
fn argocd_servers(
    ca: &Ca,
    stage: &Stage,
    git: &Git,
    known: Credentials,
) -> std::io::Result<(server::Server, redis::Server)> {
    let namespace = &stage.argocd_namespace;
    let clusters = vec![Destination::local(&stage.store)];
    let (repository, commits) = (Box::new(git.server.clone()), Box::new(git.repo.clone()));
    let password = known.redis.clone();
    let desk = server::Desk::new(&stage.store, namespace, clusters, repository, commits, known);
    let server = server::Server::start(ca, desk)?;
    let redis = redis::Server::start(server.desk(), &password)?;
    let doors =
        [("argocd-server", "argocd-server", 8080, server.address()), ("argocd-redis", "redis", 6379, redis.address())];
    for (workload, container, port, address) in doors {
        stage.store.network().rule(Rule {
            namespace: namespace.clone(),
            workload: workload.to_owned(),
            container: container.to_owned(),
            listeners: vec![Listener::everywhere(port, Speaks::To(address))],
        });
    }
    Ok((server, redis))
}

/// Fills a cluster with generated Applications and their projects; returns the Applications' names.
fn generate(stage: &Stage, total: usize, options: &SimOptions, now: Timestamp) -> Vec<String> {
    let writer = Writer::new(&stage.store, "argocd-server");
    for project in generate::PROJECTS {
        let mut made = argocd::app_project(project, &format!("https://git.example.com/{project}/deployments.git"));
        made["metadata"]["namespace"] = json!(stage.argocd_namespace);
        if let Err(failure) = writer.create(made) {
            tracing::warn!(%failure, project, "the project is not made");
        }
    }
    let mut names = Vec::with_capacity(total);
    for app in Generator::new(&stage.argocd_namespace, total, options.seed, now) {
        stage.store.put_text(app.head, app.rest.into_bytes());
        names.push(app.name);
    }
    names
}

/// Who may come in; what they may do, the roles in the clusters say.
fn users(scenario: &Scenario) -> Vec<User> {
    let user = |user: &scenario::User| {
        let token = user.token.clone().unwrap_or_else(control::token);
        User::new(&user.name, &token, Access::nothing())
    };
    scenario.users.iter().map(user).collect()
}

/// The scenario's repository; its services as plain manifests when it does not say what lies there.
fn repository(scenario: &Scenario, now: Timestamp) -> Result<GitPlace, WorldError> {
    let (files, history) = match &scenario.gitops {
        Some(name) => {
            let asset = git::find(name.get_ref())?;
            (asset.files, scenario::History::parse(&asset.history_file, &asset.history)?)
        }
        None => told::repository(scenario),
    };
    let repo = Repo::create(&files, &history, now)?;
    let commits = Arc::new(Commits::new(repo.clone(), &scenario.commits, &history)?);
    Ok(GitPlace { url: scenario.repository.clone(), repo, commits })
}

/// The Applications of a source, with what their releases are in Git.
fn deployed(scenario: &Scenario, source: &Source, git: &Git, now: Timestamp) -> Result<Vec<Deployed>, WorldError> {
    let find = |mut app: App| {
        let name = app.name.clone();
        for crash in scenario.crashes.iter().filter(|crash| *crash.app.get_ref() == name) {
            live::crash::date(&mut app, crash.restarts, crash.next, now);
        }
        Deployed::find(app, git).map_err(|error| WorldError::Render { app: name, error })
    };
    populate::apps_of(scenario, source, now).into_iter().map(find).collect()
}

/// Has the port of a cluster's Prometheus lead to the one that the world serves.
fn lead(address: SocketAddr) -> Rule {
    let (name, _, container, _, ports) = argocd::PROMETHEUS;
    let listeners = ports.iter().map(|(_, _, port)| Listener::everywhere(*port, Speaks::To(address))).collect();
    Rule {
        namespace: argocd::MONITORING.to_owned(),
        workload: name.to_owned(),
        container: container.to_owned(),
        listeners,
    }
}

/// The version of the clusters that manifests are rendered for.
fn kubernetes(scenario: &Scenario) -> String {
    scenario.sources.first().map(|source| source.kubernetes.clone()).unwrap_or_default()
}

/// Has a commit pushed when its time comes.
fn push_later(
    agenda: &mut Agenda,
    commits: Arc<Commits>,
    stages: Vec<Stage>,
    commit: scenario::Waiting,
    at: Timestamp,
) {
    agenda.at(at, move |play| {
        match commits.push(commit.name.get_ref(), play.at) {
            Ok((branch, _)) => stages.iter().for_each(|stage| live::deploy::webhook(stage, &branch)),
            Err(error) => tracing::warn!(error, "a commit of the scenario was not pushed"),
        }
        if let Some(every) = commit.every {
            let next = plus(play.at, every.max(Duration::from_secs(1)));
            push_later(play.agenda, commits, stages, commit, next);
        }
    });
}

fn people(scenario: &Scenario) -> Vec<Person> {
    let person = |user: &scenario::User| Person {
        name: user.name.clone(),
        reads: user.reads.clone(),
        writes: user.writes.clone(),
    };
    scenario.users.iter().map(person).collect()
}

fn write_kubeconfig(
    wanted: Option<PathBuf>,
    ca: &Ca,
    places: &[Place],
    users: &[User],
) -> Result<(PathBuf, Option<TempDir>), WorldError> {
    let failed = |path: &Path, error| WorldError::Kubeconfig { path: path.to_owned(), error };
    let (path, folder) = if let Some(path) = wanted {
        (path, None)
    } else {
        let folder = tempfile::Builder::new().prefix("pilothouse-sim-").tempdir();
        let folder = folder.map_err(|error| failed(&std::env::temp_dir(), error))?;
        (folder.path().join("kubeconfig"), Some(folder))
    };
    let contexts: Vec<Context> = places
        .iter()
        .map(|place| Context {
            name: place.stage.source.clone(),
            server: place.server.url(),
            token: users.first().map(|user| user.token.clone()).unwrap_or_default(),
            namespace: place.stage.argocd_namespace.clone(),
        })
        .collect();
    kubeconfig::write(&path, ca, &contexts).map_err(|error| failed(&path, error))?;
    Ok((path, folder))
}

/// Puts everything the scenario says about the apps of one source on the agenda; from when on Argo CD looks at them.
fn script(scenario: &Scenario, road: &Road, apps: &[Deployed], now: Timestamp, agenda: &mut Agenda) -> Timestamp {
    let Road { stage, workloads, .. } = road;
    let apps = || apps.iter().map(|one| &one.app);
    let find = |name: &str| apps().find(|app| app.name == name);
    for image in &scenario.images {
        workloads.teach(workload::Rule {
            pods: image.pods.clone(),
            image: image.image.clone(),
            words: image.behaviour.clone(),
            lines: image.lines.clone(),
        });
    }
    for notice in &scenario.notices {
        if let Some(app) = find(notice.app.get_ref()) {
            let at = app.release().at;
            let (store, app, notice) = (stage.store.clone(), app.clone(), notice.clone());
            agenda.at(at, move |_| {
                store.update("Application", &app.argocd_namespace, &app.name, |object| {
                    application::set_condition(object, &notice.kind, &notice.message, at);
                });
            });
        }
    }
    for crash in &scenario.crashes {
        if let Some(app) = find(crash.app.get_ref()) {
            live::crash::begin(workloads, stage, app);
        }
    }
    let mut first = now;
    for drift in &scenario.drifts {
        if let Some(app) = find(drift.app.get_ref()) {
            first = first.min(live::drift::begin(agenda, stage, app, drift, now));
        }
    }
    for syncing in &scenario.syncing {
        if let Some(app) = find(syncing.app.get_ref()) {
            live::deploy::begin_under_way(agenda, road, app, &syncing.version, syncing.ready_after, now);
            first = first.min(live::deploy::began(now));
        }
    }
    for deploy in &scenario.deploys {
        if let Some(app) = find(deploy.app.get_ref()) {
            let plan = live::deploy::Plan {
                version: None,
                ready: deploy.rollout,
                every: deploy.every,
                hooks_fail_for: deploy.hooks_fail_for,
                turn: 0,
            };
            live::deploy::begin(agenda, road, app, plan, plus(now, deploy.after));
        }
    }
    // what was released before is in place as it is told, and Argo CD must not do it again
    let last = apps().map(|app| app.release().at).filter(|at| *at <= now).max();
    minus(first, SETTLED).max(last.map_or(Timestamp::MIN, |last| plus(last, SETTLED))).min(now)
}
