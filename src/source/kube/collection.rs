//! Reading the objects of one kind in one namespace for ever: list, watch, and begin again whenever something ends.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use kube::client::Body;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::cluster::{Cluster, Reached};
use super::decode::read;
use super::fault::{Fault, Kind};
use super::lines::{Line, Lines};
use super::pace::pause;
use super::project::message;
use super::request::{self, Ask, QUIET, escape, lifetime};
use super::shape::{ListMeta, Object};
use crate::domain::text::clean;
use crate::domain::{Link, Symbol, Timestamp, time};
use crate::store::delta::{Delta, NamespaceDelta, Sink};

/// Objects on a page of a list: a page is held whole.
const PAGE: usize = 500;
/// A watch that ends sooner than this without having said anything counts as a failure.
const SHORT: Duration = Duration::from_secs(2);

/// A kind whose objects are read.
pub(super) trait Kept: Send {
    /// What is kept of one.
    type Item: Send;
    /// The API it belongs to.
    const API: &'static str = "/api/v1";
    /// As the API's paths have it.
    const PLURAL: &'static str;
    /// What is kept of an object; nothing when it cannot be read.
    fn item(&mut self, object: &[u8]) -> Option<Self::Item>;
    /// A change, as the store takes it.
    fn delta(place: (Symbol, Symbol), change: NamespaceDelta<Self::Item>) -> Delta;
}

/// One kind in one namespace.
pub(super) struct Collection<K> {
    cluster: Cluster,
    namespace: Symbol,
    sink: Arc<dyn Sink>,
    kind: K,
    link: Option<Link>,
    /// Where to take up the watch; none means list.
    version: Option<String>,
    failures: u32,
    renewed: bool,
    last_byte: Timestamp,
}

#[derive(Deserialize)]
struct RawEvent<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
struct RawPage<'a> {
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

impl<K: Kept> Collection<K> {
    pub fn new(cluster: Cluster, namespace: Symbol, sink: Arc<dyn Sink>, kind: K) -> Self {
        let last_byte = cluster.clock().now();
        Self { cluster, namespace, sink, kind, link: None, version: None, failures: 0, renewed: false, last_byte }
    }

    /// Reads until it is dropped.
    pub async fn run(mut self) {
        self.tell_link(Link::Connecting { loaded: 0 });
        loop {
            let reached = match self.cluster.reach().await {
                Ok(reached) => reached,
                Err(fault) => {
                    self.wait_after(fault).await;
                    continue;
                }
            };
            let Err(fault) = self.round(&reached).await else { continue };
            let fault = fault.about(&format!("{} in namespace {}", K::PLURAL, self.namespace));
            self.cluster.give_up(&reached, &fault).await;
            match fault.kind {
                Kind::Expired | Kind::AskAgain => {
                    self.version = None;
                    self.failures += 1;
                    // the first time a new list is all it takes
                    if self.failures > 1 {
                        self.cluster.clock().sleep(pause(self.failures - 1, fault.retry_after)).await;
                    }
                }
                Kind::Auth if fault.is_unauthorized() && !self.renewed => self.renewed = true,
                Kind::Auth | Kind::Denied | Kind::Down | Kind::NoStreaming => self.wait_after(fault).await,
            }
        }
    }

    async fn wait_after(&mut self, fault: Fault) {
        self.failures = self.failures.saturating_add(1);
        let wait = pause(self.failures, fault.retry_after);
        let clock = Arc::clone(self.cluster.clock());
        self.tell_link(match fault.kind {
            Kind::Auth => Link::Auth { why: fault.why },
            Kind::Denied => Link::Denied { what: fault.why },
            _ => Link::Down { why: fault.why, retry_at: time::after(clock.now(), wait), since: self.last_byte },
        });
        clock.sleep(wait).await;
    }

    async fn round(&mut self, reached: &Reached) -> Result<(), Fault> {
        let version = match self.version.clone() {
            Some(version) => version,
            None => self.list(reached).await?,
        };
        let clock = Arc::clone(self.cluster.clock());
        let query = format!(
            "watch=1&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}",
            lifetime(),
            escape(&version)
        );
        let body = request::get(&reached.client, self.ask(&query), &*clock).await.map_err(Fault::or_expired)?;
        self.last_byte = clock.now();
        self.renewed = false;
        self.tell_link(Link::Live);
        self.follow(body).await
    }

    fn ask(&self, query: &str) -> Ask {
        Ask::of(format!("{}/namespaces/{}/{}?{query}", K::API, escape(&self.namespace), K::PLURAL))
    }

    /// Everything there is, swapped in as one; the version it was true at.
    async fn list(&mut self, reached: &Reached) -> Result<String, Fault> {
        let clock = Arc::clone(self.cluster.clock());
        let garbled = |_| Fault::new(Kind::Down, "a page of the list came garbled");
        let (mut items, mut more) = (Vec::new(), String::new());
        let version = loop {
            let token = if more.is_empty() { String::new() } else { format!("&continue={}", escape(&more)) };
            let body = request::get(&reached.client, self.ask(&format!("limit={PAGE}{token}")), &*clock).await?;
            let bytes = request::collect(body, usize::MAX, &*clock).await?;
            self.last_byte = clock.now();
            let text = String::from_utf8_lossy(&bytes);
            let page: RawPage<'_> = serde_json::from_str(&text).map_err(garbled)?;
            let meta = match page.metadata {
                Some(meta) => read::<ListMeta<'_>>(meta.get().as_bytes()).map_err(garbled)?.0,
                None => ListMeta::default(),
            };
            let kind = &mut self.kind;
            items.extend(page.items.unwrap_or_default().iter().filter_map(|item| kind.item(item.get().as_bytes())));
            if meta.more.is_empty() {
                break meta.resource_version.into_owned();
            }
            more = meta.more.into_owned();
        };
        self.tell(NamespaceDelta::Replace(items));
        self.version = Some(version.clone());
        Ok(version)
    }

    async fn follow(&mut self, mut body: Body) -> Result<(), Fault> {
        let clock = Arc::clone(self.cluster.clock());
        let (began, mut lines, mut said_something) = (clock.now(), Lines::default(), false);
        let mut quiet = clock.sleep(QUIET);
        let cut = loop {
            let chunk = tokio::select! {
                chunk = request::next_chunk(&mut body) => chunk,
                () = &mut quiet => {
                    let due = time::after(self.last_byte, QUIET);
                    if due > clock.now() {
                        quiet = clock.sleep_until(due);
                        continue;
                    }
                    // what is shown may be old; a new connection is tried at once
                    self.tell_link(Link::Stale { since: self.last_byte });
                    return Err(request::no_answer(QUIET));
                }
            };
            match chunk {
                Some(Ok(chunk)) => {
                    self.last_byte = clock.now();
                    said_something = true;
                    let mut result = Ok(());
                    lines.feed(&chunk, |line| {
                        if result.is_ok() {
                            result = self.take(line);
                        }
                    });
                    result?;
                }
                Some(Err(fault)) => break fault,
                None => break Fault::new(Kind::Down, "the connection was closed"),
            }
        };
        if time::elapsed(began, clock.now()) < SHORT && !said_something {
            return Err(cut.amid("as soon as the watch began"));
        }
        self.failures = 0;
        Ok(())
    }

    fn take(&mut self, line: Line<'_>) -> Result<(), Fault> {
        let garbled = || Fault::new(Kind::AskAgain, "a line came garbled");
        let Line::Whole(line) = line else { return Err(garbled()) };
        let text = String::from_utf8_lossy(line);
        let event: RawEvent<'_> = serde_json::from_str(&text).map_err(|_| garbled())?;
        let json = event.object.get().as_bytes();
        let (object, _) = read::<Object<'_>>(json).map_err(|_| garbled())?;
        match &*event.kind {
            "ADDED" | "MODIFIED" => {
                if let Some(item) = self.kind.item(json) {
                    self.tell(NamespaceDelta::Upsert(Box::new(item)));
                }
            }
            "DELETED" => {
                self.tell(NamespaceDelta::Remove(clean(&object.metadata.name).as_ref().into()));
            }
            "ERROR" => {
                return Err(Fault::of_event(object.code, &message(&object.message).unwrap_or_default()));
            }
            _ => {}
        }
        if !object.metadata.resource_version.is_empty() {
            self.version = Some(object.metadata.resource_version.into_owned());
            self.failures = 0;
        }
        Ok(())
    }

    fn tell(&self, change: NamespaceDelta<K::Item>) {
        self.sink.push(K::delta((self.cluster.context().clone(), self.namespace.clone()), change));
    }

    fn tell_link(&mut self, link: Link) {
        if self.link.as_ref() != Some(&link) {
            self.link = Some(link.clone());
            self.tell(NamespaceDelta::Link(link));
        }
    }
}
