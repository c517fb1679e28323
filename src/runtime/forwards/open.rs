//! From a wish to a forward that listens: what it leads to is looked up, where it listens is taken.

use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use thiserror::Error;
use tokio::sync::Notify;

use super::super::access::Access;
use super::kubectl::Children;
use super::listen::{self, Listener};
use super::resolver::{Miss, Resolver};
use super::task::{Shared, serve};
use crate::action::Control;
use crate::domain::{AppKey, Clock, Environment, Symbol, no_cluster};
use crate::forward::{
    Event, Mapping, Opened, Remote, Served, Session, Target, Wish, declared_ports, served, service_ports,
};
use crate::source::kube::{Cluster, ReadError, escape, whole_object};
use crate::store::Apps;

/// Services and workloads of an Application that are looked at to find one with the ports.
const LOOKED_AT: usize = 8;

/// Where an Application and its pods are.
#[derive(Clone, Debug)]
pub struct Place {
    /// Where the Application is.
    pub control: Control,
    /// Where its pods are.
    pub destination: Cluster,
    /// Their namespace, unless its resources say another.
    pub namespace: String,
    /// Its environment.
    pub environment: Symbol,
    /// What the service is called.
    pub service: Symbol,
}

impl Place {
    /// Where an Application and its pods are, and its environment.
    ///
    /// # Errors
    /// A sentence: the Application is gone, or there is no way to it or to its pods.
    pub fn find(app: &AppKey, apps: &Apps, access: &mut Access) -> Result<(Self, Environment), String> {
        let gone = || format!("{} is gone", app.name);
        let id = apps.find(app).ok_or_else(gone)?;
        let row = apps.get(id).ok_or_else(gone)?;
        let environment = apps.describe(&row.environment.clone().unwrap_or_default());
        let control = access.control(&app.source).ok_or_else(|| format!("no way to source {}", app.source))?;
        let route = apps.route(id).ok_or_else(gone)?;
        let destination = match route.context() {
            Some(context) => access.cluster(context).ok_or_else(|| no_cluster(context))?,
            None => return Err(format!("{route}, where {} runs", app.name)),
        };
        let place = Self {
            control,
            destination,
            namespace: row.destination.namespace.to_string(),
            environment: environment.name.clone(),
            service: row.service.clone(),
        };
        Ok((place, environment))
    }
}

/// Why a forward was not opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// The target or its port is not there.
    #[error("{why}")]
    Missing {
        /// Which, and what there is instead.
        why: String,
    },
    /// The cluster could not be asked, or we may not.
    #[error("{0}")]
    Source(String),
    /// We cannot listen there.
    #[error("cannot listen on {place}: {why}")]
    Listen {
        /// Where.
        place: String,
        /// Why.
        why: String,
    },
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Missing(why) => Self::Missing { why },
            ReadError::Denied(why) | ReadError::Failed { why, .. } => Self::Source(why),
        }
    }
}

/// A forward that listens, and serves once it is run.
pub struct Forward {
    pub(super) shared: Arc<Shared>,
    listeners: Vec<(Listener, Remote)>,
}

/// What a port leads to at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answering {
    /// The pod.
    pub pod: String,
    /// Its container.
    pub container: String,
    /// The pod's port.
    pub port: u16,
}

/// Opens a forward: from then on its ports are taken. Nothing is dialled. `told` is called whenever it reads differently.
///
/// # Errors
/// See [`OpenError`].
pub async fn open(
    id: u64,
    wish: &Wish,
    place: &Place,
    clock: Arc<dyn Clock>,
    told: Arc<dyn Fn() + Send + Sync>,
) -> Result<Forward, OpenError> {
    let meant = meant(wish, place).await?;
    let mut session = Session::new(
        id,
        wish.app.clone(),
        place.environment.clone(),
        meant.namespace.clone(),
        meant.target.clone(),
        clock.now(),
    );
    session.debug = wish.debug;
    session.kubectl = wish.kubectl;
    session.exposed = wish.unix.is_none() && !wish.bind.is_loopback();
    let mut listeners = Vec::new();
    for (mapping, known) in &meant.ports {
        let (listener, instead_of) = listen(wish, mapping, *known).await?;
        let local = listener.local().map_err(|error| refused(wish, 0, &error))?;
        session.ports.push(Opened { local, instead_of, remote: mapping.remote.clone() });
        listeners.push((listener, mapping.remote.clone()));
    }
    let look = Notify::new();
    look.notify_one();
    let shared = Shared {
        session: Mutex::new(session),
        resolver: Resolver::new(place.destination.clone(), meant.namespace, meant.target, wish.debug),
        clock,
        told,
        client_first: wish.debug,
        by_kubectl: AtomicBool::new(wish.kubectl),
        children: Children::default(),
        look,
    };
    Ok(Forward { shared: Arc::new(shared), listeners })
}

async fn listen(wish: &Wish, mapping: &Mapping, known: Option<u16>) -> Result<(Listener, Option<u16>), OpenError> {
    if let Some(path) = &wish.unix {
        let listener = listen::socket(path).await;
        let wrong = |error: io::Error| OpenError::Listen { place: path.display().to_string(), why: error.to_string() };
        return Ok((listener.map_err(wrong)?, None));
    }
    let wanted = listen::wanted(mapping.local, &mapping.remote, known);
    listen::port(wish.bind, wanted).await.map_err(|error| refused(wish, wanted, &error))
}

fn refused(wish: &Wish, port: u16, error: &io::Error) -> OpenError {
    OpenError::Listen { place: format!("{}:{port}", wish.bind), why: error.to_string() }
}

impl Forward {
    /// How it is doing.
    #[must_use]
    pub fn session(&self) -> Session {
        self.shared.session().clone()
    }

    /// Says how it is doing, also while it runs.
    pub fn watch(&self) -> impl Fn() -> Session + Send + use<> {
        let shared = Arc::clone(&self.shared);
        move || shared.session().clone()
    }

    /// Looks which pod answers on the first port just now. Asks the API server only.
    ///
    /// # Errors
    /// Why none does, in words.
    pub async fn answering(&self) -> Result<Answering, String> {
        let Some((_, remote)) = self.listeners.first() else { return Err("it has no port".to_owned()) };
        let answers = self.shared.resolver.resolve().await;
        let found = answers.and_then(|answers| {
            let (port, container) = answers.port(remote)?;
            Ok(Answering { pod: answers.pod.name, container, port })
        });
        match found {
            Ok(found) => {
                self.shared.tell(Event::Found { pod: found.pod.clone(), container: found.container.clone() });
                Ok(found)
            }
            Err(Miss::Nobody(why)) => {
                self.shared.tell(Event::NotFound(why.clone()));
                Err(why)
            }
            Err(Miss::Denied(why)) => {
                self.shared.tell(Event::Denied(why.clone()));
                Err(why)
            }
            Err(Miss::Failed(why)) => {
                self.shared.tell(Event::Failed(why.clone()));
                Err(why)
            }
        }
    }

    /// Serves until it is dropped.
    pub async fn run(self) {
        serve(&self.shared, &self.listeners).await;
    }
}

/// What a wish means.
struct Meant {
    target: Target,
    namespace: String,
    /// Each port with its number on the other side, where that is known.
    ports: Vec<(Mapping, Option<u16>)>,
}

async fn meant(wish: &Wish, place: &Place) -> Result<Meant, OpenError> {
    if let Some(target) = &wish.target {
        let namespace = place.namespace.clone();
        let known = known_ports(place, &Served { target: target.clone(), namespace: namespace.clone() }).await?;
        return Ok(Meant { target: target.clone(), namespace, ports: known.mappings(&wish.ports, target)? });
    }
    let app = place.control.application(&wish.app).await?;
    let candidates = served(&app, &place.service);
    let mut workload = None;
    for candidate in candidates.into_iter().take(LOOKED_AT) {
        let known = match known_ports(place, &candidate).await {
            Ok(known) => known,
            // one that is not there, or may not be read, is not the one
            Err(OpenError::Missing { .. }) => continue,
            Err(error) => return Err(error),
        };
        let namespace = if candidate.namespace.is_empty() { &place.namespace } else { &candidate.namespace };
        if let Ok(ports) = known.exactly(&wish.ports) {
            return Ok(Meant { target: candidate.target, namespace: namespace.clone(), ports });
        }
        // a number nobody declares may be listened on all the same
        if workload.is_none() && !matches!(candidate.target, Target::Service(_)) {
            workload = Some((candidate.target, namespace.clone(), known));
        }
    }
    match workload {
        Some((target, namespace, known)) => {
            let ports = known.mappings(&wish.ports, &target)?;
            Ok(Meant { target, namespace, ports })
        }
        None => Err(OpenError::Missing { why: format!("{} has no service and no workload to lead to", wish.app.name) }),
    }
}

/// The ports a target has by name and number.
struct Known {
    ports: Vec<(String, u16)>,
    /// It has no others.
    closed: bool,
}

impl Known {
    /// The wanted ports, if the target has all of them; its first one when none is wanted.
    fn exactly(&self, wanted: &[Mapping]) -> Result<Vec<(Mapping, Option<u16>)>, Option<String>> {
        if wanted.is_empty() {
            let (_, number) = self.ports.first().ok_or(None)?;
            return Ok(vec![(Mapping { local: None, remote: Remote::Number(*number) }, Some(*number))]);
        }
        let number = |remote: &Remote| match remote {
            Remote::Number(number) => self.ports.iter().find(|(_, known)| known == number).map(|(_, number)| *number),
            Remote::Name(name) => self.ports.iter().find(|(known, _)| known == name).map(|(_, number)| *number),
        };
        let found = |mapping: &Mapping| {
            let known = number(&mapping.remote).ok_or_else(|| Some(mapping.remote.to_string()))?;
            Ok((mapping.clone(), Some(known)))
        };
        wanted.iter().map(found).collect()
    }

    /// The same, and numbers it does not declare where it may listen on them.
    fn mappings(&self, wanted: &[Mapping], target: &Target) -> Result<Vec<(Mapping, Option<u16>)>, OpenError> {
        match self.exactly(wanted) {
            Ok(found) => Ok(found),
            Err(_) if !self.closed && !wanted.is_empty() && wanted.iter().all(is_number) => {
                Ok(wanted.iter().map(|mapping| (mapping.clone(), None)).collect())
            }
            Err(missing) => {
                let known: Vec<String> = self.ports.iter().map(|(name, number)| format!("{number} {name}")).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                let which = missing.map_or_else(String::new, |port| format!(" {port}"));
                Err(OpenError::Missing { why: format!("{target} has no port{which}; it declares {}", known.trim()) })
            }
        }
    }
}

fn is_number(mapping: &Mapping) -> bool {
    matches!(mapping.remote, Remote::Number(_))
}

async fn known_ports(place: &Place, served: &Served) -> Result<Known, OpenError> {
    let namespace = if served.namespace.is_empty() { &place.namespace } else { &served.namespace };
    let what = served.target.to_string();
    let pod = format!("/api/v1/namespaces/{}/pods/{}", escape(namespace), escape(served.target.name()));
    let path = served.target.path(&escape(namespace)).unwrap_or(pod);
    let object = whole_object(&place.destination, &path, &what).await?;
    let declared = |workload: &Value| declared_ports(workload).into_iter().map(|(name, number, _)| (name, number));
    Ok(match &served.target {
        Target::Service(_) => {
            let ports = service_ports(&object);
            Known { ports: ports.into_iter().map(|port| (port.name, port.number)).collect(), closed: true }
        }
        Target::Workload(..) => Known { ports: declared(&object).collect(), closed: false },
        // a pod is what a template would have made
        Target::Pod(_) => {
            let template = serde_json::json!({"spec": {"template": {"spec": object["spec"]}}});
            Known { ports: declared(&template).collect(), closed: false }
        }
    })
}
