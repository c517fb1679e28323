//! One source's life: connect, list, watch, and begin again whenever something ends.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kube::client::Body;

use super::connect::{Connection, SourceSpec, connect};
use super::credential::Credential;
use super::decode::{Decoder, Event, Page};
use super::fault::{Fault, Kind};
use super::first_list::FirstList;
use super::kubeconfig::argocd_namespace;
use super::lines::{Line, Lines};
use super::pace::pause;
use super::report::Reporter;
use super::request::{self, QUIET, Scope};
use crate::domain::text::clean;
use crate::domain::{AppKey, AppRow, Link, SourceFacts, Symbol, Timestamp, time};
use crate::source::Surroundings;
use crate::store::delta::Delta;

/// Objects on a page of a list: a page is held whole.
const PAGE: usize = 200;
/// Full rows between two reports of how many there are.
const REPORT: usize = 250;
/// The largest table that is read: names and states of some 150,000 Applications.
const TABLE: usize = 32 << 20;
/// A watch that ends sooner than this without having said anything counts as a failure.
const SHORT: Duration = Duration::from_secs(2);

/// Reads a source until it is dropped, and pushes what it learns into the sink. Spawns nothing and never ends; what
/// goes wrong becomes the source's [`Link`] with a hint in its [`SourceFacts`], and is tried again.
pub async fn run(spec: SourceSpec, world: Surroundings) {
    Session::new(spec, world).run().await;
}

struct Session {
    spec: SourceSpec,
    world: Surroundings,
    report: Reporter,
    decoder: Decoder,
    connection: Option<Connection>,
    /// What a plugin made; outlives the connection, so that a reconnect runs no plugin.
    credential: Option<Credential>,
    scope: Scope,
    road: Road,
    /// The first list has been read once: from then on a list replaces.
    settled: bool,
    /// Where to take up the watch; none means list.
    version: Option<String>,
    last_byte: Timestamp,
    failures: u32,
    /// A refused credential has been made anew once since the link was live.
    renewed: bool,
    /// A line came broken and was asked for again: the next broken one is passed over.
    asked_again: bool,
}

/// How a list is read. What a server refused once is not asked for again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Road {
    /// As events, which then go on as a watch.
    Streaming,
    /// In pages, with a watch after them.
    Paged,
}

/// What the events of a stream are for.
enum Stage {
    /// Rows go out as they come.
    First(Box<FirstList>),
    /// Rows are kept until all are there, and then replace the old ones.
    Again(BTreeMap<AppKey, AppRow>),
    /// Rows are changes.
    Live,
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
            Kind::Auth if self.credential.is_some() && !self.renewed => {
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
        let (server, user) = (connection.server.clone(), connection.user.clone());
        self.connection = Some(connection);
        self.tell_facts(|facts| {
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

    fn connected(&self) -> Result<&Connection, Fault> {
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

    async fn page(&mut self, scope: &Scope, limit: usize, more: &str) -> Result<Page, Fault> {
        let clock = Arc::clone(&self.world.clock);
        let client = self.connected()?.client.clone();
        let body = request::get(&client, scope.page(limit, more), &*clock).await?;
        let bytes = request::collect(body, usize::MAX, &*clock).await?;
        self.last_byte = clock.now();
        self.decode_page(&bytes)
    }

    fn decode_page(&mut self, bytes: &[u8]) -> Result<Page, Fault> {
        self.decoder.page(bytes).map_err(|_| Fault::new(Kind::Down, "a page of the list came garbled"))
    }

    /// Takes up the watch where it ended.
    async fn watch(&mut self, version: &str) -> Result<(), Fault> {
        let body = self.open(self.scope.watch(version)).await?;
        self.is_live();
        self.follow(body, Stage::Live).await
    }

    /// Everything as events, which then go on as a watch.
    async fn streaming_list(&mut self) -> Result<(), Fault> {
        let mut stage = self.begin()?;
        let opening = self.open(self.scope.streaming_list());
        let opened = self.beside_quick_look(opening, &mut stage).await;
        let body = opened.map_err(Fault::or_no_streaming)?;
        self.tell_road();
        self.follow(body, stage).await
    }

    /// The list in pages, and then a watch.
    async fn paged_list(&mut self) -> Result<(), Fault> {
        let mut stage = self.begin()?;
        let (scope, mut more) = (self.scope.clone(), String::new());
        let version = loop {
            let clock = Arc::clone(&self.world.clock);
            let client = self.connected()?.client.clone();
            let ask = scope.page(PAGE, &more);
            let fetching = async move {
                let body = request::get(&client, ask, &*clock).await?;
                request::collect(body, usize::MAX, &*clock).await
            };
            let bytes = self.beside_quick_look(fetching, &mut stage).await?;
            self.last_byte = self.world.clock.now();
            self.tell_road();
            let page = self.decode_page(&bytes)?;
            for row in page.rows {
                self.take_row(row, &mut stage);
            }
            if page.more.is_empty() {
                break page.version;
            }
            more = page.more;
        };
        self.settle(stage, version.clone());
        self.watch(&version).await
    }

    /// A list begins: what its rows are for.
    fn begin(&mut self) -> Result<Stage, Fault> {
        if self.settled {
            return Ok(Stage::Again(BTreeMap::new()));
        }
        let client = self.connected()?.client.clone();
        let clock = Arc::clone(&self.world.clock);
        let namespace = match &self.scope {
            Scope::Namespace(namespace) => namespace.clone(),
            Scope::Cluster => self.report.facts().argocd_namespace.to_string(),
        };
        let symbol = self.decoder.symbol(&namespace);
        let quick_look = async move {
            let body = request::get(&client, Scope::Namespace(namespace).table(), &*clock).await.ok()?;
            request::collect(body, TABLE, &*clock).await.ok()
        };
        Ok(Stage::First(Box::new(FirstList::new(symbol, Box::pin(quick_look)))))
    }

    /// Waits for `work` while the quick look's table may come in.
    async fn beside_quick_look<T>(
        &mut self,
        work: impl Future<Output = Result<T, Fault>>,
        stage: &mut Stage,
    ) -> Result<T, Fault> {
        let mut work = std::pin::pin!(work);
        loop {
            let table = tokio::select! {
                biased;
                done = &mut work => return done,
                table = quick_look(stage) => table,
            };
            self.take_table(table, stage);
        }
    }

    fn open(&self, ask: request::Ask) -> impl Future<Output = Result<Body, Fault>> + 'static {
        let client = self.connected().map(|c| c.client.clone());
        let clock = Arc::clone(&self.world.clock);
        async move { request::get(&client?, ask, &*clock).await }
    }

    /// Reads a stream of events to its end. Only a list that is cut short is a fault: a watch is taken up again.
    async fn follow(&mut self, mut body: Body, mut stage: Stage) -> Result<(), Fault> {
        let clock = Arc::clone(&self.world.clock);
        let (began, mut lines, mut said_something) = (clock.now(), Lines::default(), false);
        self.last_byte = began;
        let mut quiet = clock.sleep(QUIET);
        let cut = loop {
            let chunk = tokio::select! {
                chunk = request::next_chunk(&mut body) => chunk,
                table = quick_look(&mut stage) => {
                    self.take_table(table, &mut stage);
                    continue;
                }
                () = &mut quiet => {
                    let due = time::after(self.last_byte, QUIET);
                    if due > clock.now() {
                        quiet = clock.sleep_until(due);
                        continue;
                    }
                    return self.is_stale(&stage);
                }
            };
            match chunk {
                Some(Ok(chunk)) => {
                    self.last_byte = clock.now();
                    said_something = true;
                    self.take_chunk(&chunk, &mut lines, &mut stage)?;
                }
                Some(Err(fault)) => break fault,
                None => break Fault::new(Kind::Down, "the connection was closed"),
            }
        };
        if !matches!(stage, Stage::Live) {
            return Err(cut.amid("in the middle of the list"));
        }
        if time::elapsed(began, clock.now()) >= SHORT {
            self.failures = 0;
        } else if !said_something {
            return Err(cut.amid("as soon as the watch began"));
        }
        Ok(())
    }

    fn take_chunk(&mut self, chunk: &[u8], lines: &mut Lines, stage: &mut Stage) -> Result<(), Fault> {
        let mut result = Ok(());
        lines.feed(chunk, |line| {
            if result.is_ok() {
                result = self.take_line(line, stage);
            }
        });
        if matches!(stage, Stage::Live) {
            self.tell_facts(|_| {});
        }
        result
    }

    fn take_line(&mut self, line: Line<'_>, stage: &mut Stage) -> Result<(), Fault> {
        let Line::Whole(line) = line else {
            self.decoder.count_odd("a line longer than any object can be");
            return Ok(());
        };
        match self.decoder.event(line) {
            Event::Changed { row, version } => {
                self.take_row(*row, stage);
                self.has_reached(version, stage);
            }
            Event::Removed { key, version } => {
                match stage {
                    Stage::First(first) => first.lost(&key),
                    Stage::Again(rows) => drop(rows.remove(&key)),
                    Stage::Live => {}
                }
                if !matches!(stage, Stage::Again(_)) {
                    self.report.push(Delta::Remove(key));
                }
                self.has_reached(version, stage);
            }
            Event::Bookmark { version, complete: true } => {
                let done = std::mem::replace(stage, Stage::Live);
                if matches!(done, Stage::Live) {
                    self.has_reached(version, stage);
                } else {
                    self.settle(done, version);
                    self.is_live();
                }
            }
            Event::Bookmark { version, complete: false } => match stage {
                Stage::Live => self.has_reached(version, stage),
                // an ordinary bookmark in the middle of a list: the server took it for a plain watch
                _ => return Err(Fault::new(Kind::NoStreaming, "the server does not do streaming lists")),
            },
            Event::Failed { code, message } => {
                let fault = Fault::of_event(code, &message);
                return Err(if matches!(stage, Stage::Live) { fault } else { fault.or_no_streaming() });
            }
            Event::Odd { version } => self.has_reached(version, stage),
            Event::Broken if self.asked_again => {}
            Event::Broken => {
                self.asked_again = true;
                return Err(Fault::new(Kind::AskAgain, "a line came garbled"));
            }
        }
        Ok(())
    }

    /// A first list begins with what it brings first, not with the attempt to get it.
    fn announce(&self, first: &mut FirstList) {
        if !std::mem::replace(&mut first.announced, true) {
            self.report.push_for(Delta::Begin);
        }
    }

    fn take_row(&mut self, row: AppRow, stage: &mut Stage) {
        match stage {
            Stage::First(first) => {
                self.announce(first);
                first.has(&row.key);
                let loaded = first.loaded;
                self.report.push(Delta::Upsert(Box::new(row)));
                if loaded % REPORT == 1 {
                    self.report.link(Link::Connecting { loaded });
                    self.tell_facts(|_| {});
                }
            }
            Stage::Again(rows) => drop(rows.insert(row.key.clone(), row)),
            Stage::Live => self.report.push(Delta::Upsert(Box::new(row))),
        }
    }

    /// Sketches for what is not known yet. A table that cannot be read is no loss: the list comes anyway.
    fn take_table(&mut self, table: Option<Vec<u8>>, stage: &mut Stage) {
        let (Some(table), Stage::First(first)) = (table, stage) else { return };
        let namespace = first.namespace().clone();
        let sketches = self.decoder.table(&table, &namespace).unwrap_or_default();
        self.announce(first);
        for sketch in sketches {
            if first.takes(&sketch) {
                self.report.push(Delta::Upsert(Box::new(sketch)));
            }
        }
    }

    /// The list is complete.
    fn settle(&mut self, stage: Stage, version: String) {
        match stage {
            Stage::First(mut first) => {
                self.announce(&mut first);
                for gone in first.leftovers() {
                    self.report.push(Delta::Remove(gone));
                }
                self.report.push_for(Delta::Settle);
            }
            Stage::Again(rows) => self.report.push_for(|source| Delta::Replace(source, rows.into_values().collect())),
            Stage::Live => {}
        }
        self.settled = true;
        self.asked_again = false;
        self.version = Some(version).filter(|v| !v.is_empty());
    }

    /// The watch can be taken up here. While a list is read, versions come in no order and mean nothing yet.
    fn has_reached(&mut self, version: String, stage: &Stage) {
        if matches!(stage, Stage::Live) && !version.is_empty() {
            self.version = Some(version);
            self.asked_again = false;
            self.failures = 0;
        }
    }

    fn is_live(&mut self) {
        self.last_byte = self.world.clock.now();
        self.renewed = false;
        self.tell_facts(|facts| facts.hint = None);
        self.report.link(Link::Live);
    }

    /// Nothing came for too long: what is shown may be old. A new connection is tried at once.
    fn is_stale(&mut self, stage: &Stage) -> Result<(), Fault> {
        if !matches!(stage, Stage::Live) {
            return Err(request::no_answer(QUIET));
        }
        self.connection = None;
        self.report.link(Link::Stale { since: self.last_byte });
        Ok(())
    }

    fn tell_road(&mut self) {
        let road = match self.road {
            Road::Streaming => "streaming list",
            Road::Paged => "paged list",
        };
        let road = match &self.scope {
            Scope::Cluster => road.to_owned(),
            Scope::Namespace(namespace) => format!("{road}, namespace {namespace} only"),
        };
        self.tell_facts(|facts| facts.road = road);
    }

    /// Tells the facts as `change` makes them, with what the decoder has learnt.
    fn tell_facts(&mut self, change: impl FnOnce(&mut SourceFacts)) {
        let mut facts = self.report.facts().clone();
        change(&mut facts);
        facts.odd = self.decoder.odd();
        facts.odd_example = self.decoder.odd_example().map(str::to_owned);
        if let Some(namespace) = self.decoder.controller_namespace() {
            facts.argocd_namespace = namespace.clone();
        }
        self.report.update(facts);
    }
}

/// The quick look's table, while a first list is read; never otherwise.
async fn quick_look(stage: &mut Stage) -> Option<Vec<u8>> {
    match stage {
        Stage::First(first) => first.quick_look().await,
        _ => std::future::pending().await,
    }
}
