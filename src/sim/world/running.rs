//! A running world, and how it is started.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::error::WorldError;
use super::options::SimOptions;
use super::scene::{deployed, generate, kubernetes, member, people, repository, users};
use super::script::{push_later, script};
use super::servers::{argocd_servers, lead};
use crate::sim::access::User;
use crate::sim::clock::Clock;
use crate::sim::control::{self, ControlError, Director, GitPlace, Place};
use crate::sim::git::{Helm, RepoServer};
use crate::sim::kubeconfig::{self, Context};
use crate::sim::live::deploy::Road;
use crate::sim::live::releases::Releases;
use crate::sim::live::{self, Agenda};
use crate::sim::operator;
use crate::sim::orders;
use crate::sim::populate::{self, Git, Stage};
use crate::sim::prometheus::{self, Recorder, Shelf};
use crate::sim::rbac;
use crate::sim::scenario::{self, Scenario};
use crate::sim::serve::{Cluster, Server};
use crate::sim::server::{self, Credentials, SingleSignOn};
use crate::sim::store::Store;
use crate::sim::time::{SimClock, minus, plus};
use crate::sim::tls::Ca;
use crate::sim::workload::Workloads;

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
