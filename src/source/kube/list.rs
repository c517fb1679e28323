//! How a list is read: as a stream of events, or in pages; the first one with a quick look beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::decode::Page;
use super::fault::{Fault, Kind};
use super::first_list::FirstList;
use super::follow::{Stage, quick_look};
use super::request::{self, Scope};
use super::session::Session;

/// Objects on a page of a list: a page is held whole.
const PAGE: usize = 200;
/// The largest table that is read, in bytes: names and states of some 150,000 Applications.
const TABLE: usize = 32 << 20;

/// How a list is read. What a server refused once is not asked for again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Road {
    /// As events, which then go on as a watch.
    Streaming,
    /// In pages, with a watch after them.
    Paged,
}

impl Session {
    pub(super) async fn page(&mut self, scope: &Scope, limit: usize, more: &str) -> Result<Page, Fault> {
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

    /// Everything as events, which then go on as a watch.
    pub(super) async fn streaming_list(&mut self) -> Result<(), Fault> {
        let mut stage = self.begin()?;
        let opening = self.open(self.scope.streaming_list());
        let opened = self.beside_quick_look(opening, &mut stage).await;
        let body = opened.map_err(Fault::or_no_streaming)?;
        self.tell_road();
        self.follow(body, stage).await
    }

    /// The list in pages, and then a watch.
    pub(super) async fn paged_list(&mut self) -> Result<(), Fault> {
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

    pub(super) fn tell_road(&mut self) {
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
}
