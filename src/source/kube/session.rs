//! One source's life: connect, list, watch, and begin again whenever something ends.

use std::sync::Arc;
use std::time::Duration;

use super::connect::{Connection, SourceSpec, connect};
use super::credential::Credential;
use super::decode::Decoder;
use super::fault::{Fault, Kind};
use super::kubeconfig::argocd_namespace;
use super::list::Road;
use super::pace::pause;
use super::report::Reporter;
use super::request::Scope;
use crate::domain::text::clean;
use crate::domain::{Link, SourceFacts, Symbol, Timestamp, time};
use crate::source::Surroundings;

/// Reads a source until it is dropped, and pushes what it learns into the sink. Spawns nothing and never ends; what
/// goes wrong becomes the source's [`Link`] with a hint in its [`SourceFacts`], and is tried again.
pub async fn run(spec: SourceSpec, world: Surroundings) {
    Session::new(spec, world).run().await;
}

pub(super) struct Session {
    pub spec: SourceSpec,
    pub world: Surroundings,
    pub report: Reporter,
    pub decoder: Decoder,
    pub connection: Option<Connection>,
    /// What a plugin made; outlives the connection, so that a reconnect runs no plugin.
    pub credential: Option<Credential>,
    pub scope: Scope,
    pub road: Road,
    /// The first list has been read once: from then on a list replaces.
    pub settled: bool,
    /// Where to take up the watch; none means list.
    pub version: Option<String>,
    pub last_byte: Timestamp,
    pub failures: u32,
    /// Refused credentials have been got anew once since the link was live.
    pub renewed: bool,
    /// A line came broken and was asked for again: the next broken one is passed over.
    pub asked_again: bool,
}

impl Session {
    fn new(spec: SourceSpec, world: Surroundings) -> Self {
        let source = Symbol::from(&*clean(&spec.name));
        let report = Reporter::new(Arc::clone(&world.sink), source.clone());
        let decoder = Decoder::new(source, Arc::clone(&world.classifier));
        let last_byte = world.clock.now();
        Self {
            spec,
            world,
            report,
            decoder,
            connection: None,
            credential: None,
            scope: Scope::Cluster,
            road: Road::Streaming,
            settled: false,
            version: None,
            last_byte,
            failures: 0,
            renewed: false,
            asked_again: false,
        }
    }

    async fn run(mut self) {
        self.report.link(Link::Connecting { loaded: 0 });
        loop {
            let wait = match self.round().await {
                Ok(()) => None,
                Err(fault) => self.recover(fault).await,
            };
            if let Some(wait) = wait {
                self.world.clock.sleep(wait).await;
            }
        }
    }

    /// From connecting to the end of a watch. `Ok` means: take it up again at once.
    async fn round(&mut self) -> Result<(), Fault> {
        self.ensure_connected().await?;
        match (self.version.clone(), self.road) {
            (Some(version), _) => self.watch(&version).await,
            (None, Road::Streaming) => self.streaming_list().await,
            (None, Road::Paged) => self.paged_list().await,
        }
    }

    /// What a fault changes, and how long to wait before the next round; none for not at all.
    async fn recover(&mut self, fault: Fault) -> Option<Duration> {
        match fault.kind {
            Kind::Expired => {
                self.version = None;
                self.failures += 1;
                // the first time a new list is all it takes
                return (self.failures > 1).then(|| pause(self.failures - 1, fault.retry_after));
            }
            Kind::NoStreaming => {
                self.road = Road::Paged;
                return None;
            }
            Kind::AskAgain => return None,
            Kind::Auth if fault.is_unauthorized() && !self.renewed => {
                self.renewed = true;
                self.credential = None;
                self.connection = None;
                return None;
            }
            Kind::Denied if self.scope == Scope::Cluster => match self.narrow(fault).await {
                Ok(scope) => {
                    self.look_at(scope);
                    return None;
                }
                Err(fault) => return Some(self.give_up(fault)),
            },
            // rights change: the next attempt asks for the whole cluster again
            Kind::Denied => self.look_at(Scope::Cluster),
            // a plugin may have better ones by then
            Kind::Auth => self.credential = None,
            Kind::Down => {}
        }
        Some(self.give_up(fault))
    }

    /// Other Applications than before: they have to be listed.
    fn look_at(&mut self, scope: Scope) {
        if let Scope::Namespace(namespace) = &scope {
            let namespace = self.decoder.symbol(namespace);
            self.tell_facts(|facts| facts.argocd_namespace = namespace);
        }
        self.scope = scope;
        self.version = None;
    }

    /// Tells what is wrong and how long it will be left alone.
    fn give_up(&mut self, fault: Fault) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.connection = None;
        let wait = pause(self.failures, fault.retry_after);
        self.tell_facts(|facts| facts.hint = fault.hint);
        let link = match fault.kind {
            Kind::Auth => Link::Auth { why: fault.why },
            Kind::Denied => Link::Denied { what: fault.why },
            _ => Link::Down {
                why: fault.why,
                retry_at: time::after(self.world.clock.now(), wait),
                since: self.last_byte,
            },
        };
        self.report.link(link);
        wait
    }

    async fn ensure_connected(&mut self) -> Result<(), Fault> {
        let now = self.world.clock.now();
        if self.connection.as_ref().is_some_and(|c| c.is_fresh(now)) {
            return Ok(());
        }
        let clock = Arc::clone(&self.world.clock);
        let connection = connect(&self.spec, self.credential.clone(), &*clock).await?;
        self.credential.clone_from(&connection.credential);
        let namespace = self.argocd_namespace(connection.namespace.as_deref());
        let namespace = self.decoder.symbol(&namespace);
        let context = self.spec.context.as_deref().map(|c| Symbol::from(&*clean(c))).unwrap_or_default();
        let (server, user) = (connection.server.clone(), connection.user.clone());
        self.connection = Some(connection);
        let beside = self.spec.beside.clone();
        self.tell_facts(|facts| {
            facts.beside = beside;
            facts.context = context;
            facts.server = server;
            facts.user = user;
            if facts.argocd_namespace.is_empty() {
                facts.argocd_namespace = namespace;
            }
        });
        Ok(())
    }

    fn argocd_namespace(&self, context_namespace: Option<&str>) -> String {
        self.spec.argocd_namespace.clone().unwrap_or_else(|| argocd_namespace(context_namespace))
    }

    pub(super) fn connected(&self) -> Result<&Connection, Fault> {
        self.connection.as_ref().ok_or_else(|| Fault::new(Kind::Down, "not connected"))
    }

    /// The namespace to read where the whole cluster may not be read: the one that was asked for, else the first of
    /// `argocd` and the context's own that may be read and holds Applications, else the first that may be read.
    async fn narrow(&mut self, denied: Fault) -> Result<Scope, Fault> {
        let own = self.connected()?.namespace.clone();
        let candidates = match &self.spec.argocd_namespace {
            Some(asked_for) => vec![asked_for.clone()],
            None => std::iter::once("argocd".to_owned()).chain(own.filter(|n| n != "argocd")).collect(),
        };
        let (mut readable, mut refusal) = (None, None);
        for candidate in candidates {
            let scope = Scope::Namespace(candidate);
            match self.page(&scope, 1, "").await {
                Ok(page) => {
                    if !page.rows.is_empty() {
                        return Ok(scope);
                    }
                    readable.get_or_insert(scope);
                }
                Err(fault) if fault.kind == Kind::Denied => drop(refusal.get_or_insert(fault)),
                Err(fault) => return Err(fault),
            }
        }
        readable.ok_or_else(|| refusal.unwrap_or(denied))
    }

    /// Tells the facts as `change` makes them, with what the decoder has learnt.
    pub(super) fn tell_facts(&mut self, change: impl FnOnce(&mut SourceFacts)) {
        self.report.tell_facts(&self.decoder, change);
    }
}
