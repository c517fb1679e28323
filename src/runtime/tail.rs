//! Follows the logs a screen asks for: one stream a container, those of new pods as they appear.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::scope::Scope;
use super::sources::Sources;
use crate::domain::{AppKey, Clock, LogNews, LogRequest, LogState, LogStreamId, Pod, Symbol, Timestamp};
use crate::source::kube::{Reach, SourceSpec, stream};
use crate::store::logs::{LogQuery, StreamId, StreamState};
use crate::store::{Apps, LogStore};

/// Chunks of at most 64 KB on their way to the loop; when it is full the servers wait.
const LANE: usize = 32;
/// Streams at once: more would be a connection each, and nobody reads so many.
pub const MOST: usize = 64;

/// The streams of one screen.
pub struct Tail {
    specs: BTreeMap<Symbol, SourceSpec>,
    reaches: BTreeMap<Symbol, Arc<Reach>>,
    query: Option<LogQuery>,
    scope: Option<Scope>,
    /// Containers that are read, by pod uid and name.
    opened: BTreeMap<(Symbol, Symbol), LogStreamId>,
    streams: HashMap<LogStreamId, Open>,
    lane: mpsc::Sender<LogNews>,
    news: mpsc::Receiver<LogNews>,
    clock: Arc<dyn Clock>,
    io: Handle,
    next: u32,
}

/// A stream and how its last run was counted.
struct Open {
    id: StreamId,
    name: String,
    restart: Option<u32>,
}

impl Tail {
    /// Follows nothing. Streams will run on `io`.
    #[must_use]
    pub fn new(sources: &Sources, clock: Arc<dyn Clock>, io: Handle) -> Self {
        let (lane, news) = mpsc::channel(LANE);
        Self {
            specs: sources.specs().map(|(name, spec)| (name.clone(), spec.clone())).collect(),
            reaches: BTreeMap::new(),
            query: None,
            scope: None,
            opened: BTreeMap::new(),
            streams: HashMap::new(),
            lane,
            news,
            clock,
            io,
            next: 0,
        }
    }

    /// Follows what is wanted: another question empties the store and begins anew, the same one takes up the containers
    /// that have appeared since.
    pub fn want(&mut self, query: Option<LogQuery>, apps: &Apps, logs: &mut LogStore) {
        if self.query != query {
            self.stop();
            logs.clear();
            self.query = query;
        }
        let Some(query) = self.query.clone() else { return };
        let Some(id) = apps.find(&query.app) else { return };
        for pod in apps.pods_of(id) {
            for container in &pod.containers {
                if self.opened.len() < MOST && !self.opened.contains_key(&(pod.uid.clone(), container.name.clone())) {
                    self.open(&query, pod, &container.name, logs);
                }
            }
        }
    }

    /// The Application whose logs are followed.
    #[must_use]
    pub fn app(&self) -> Option<&AppKey> {
        self.query.as_ref().map(|query| &query.app)
    }

    /// What a stream tells next.
    pub async fn next(&mut self) -> Option<LogNews> {
        self.news.recv().await
    }

    /// What has been told already, without waiting.
    pub fn ready(&mut self) -> Option<LogNews> {
        self.news.try_recv().ok()
    }

    /// Puts what was told into the store; what a stream tells that is no longer wanted is passed over.
    pub fn take(&mut self, news: LogNews, logs: &mut LogStore, now: Timestamp) {
        match news {
            LogNews::Lines(chunk) => {
                let Some(open) = self.streams.get_mut(&chunk.stream) else { return };
                if open.restart.is_some_and(|known| known < chunk.restart) {
                    let at = chunk.lines.first().and_then(|line| line.at).unwrap_or(now);
                    logs.mark(at, Some(open.id), &format!("{} started again", open.name), now);
                    logs.set_state(open.id, StreamState::Restarted);
                }
                open.restart = Some(chunk.restart);
                for line in chunk.lines {
                    logs.push(open.id, line.at.unwrap_or(now), &line.text, now);
                }
            }
            LogNews::State(stream, state) => {
                let Some(open) = self.streams.get(&stream) else { return };
                match state {
                    LogState::Following(_) => logs.set_state(open.id, StreamState::Following),
                    LogState::Ended(end) => {
                        let code = end.exit_code.map_or_else(String::new, |code| format!(" exit {code}"));
                        logs.mark(now, Some(open.id), &format!("{} ended:{code} {}", open.name, end.reason), now);
                        logs.set_state(open.id, StreamState::Ended);
                    }
                    LogState::NotStarted(why) | LogState::Denied(why) => {
                        logs.mark(now, Some(open.id), &format!("{}: {why}", open.name), now);
                        logs.set_state(open.id, StreamState::Ended);
                    }
                    LogState::Retrying { .. } | LogState::Connecting => {}
                }
            }
        }
    }

    fn open(&mut self, query: &LogQuery, pod: &Pod, container: &Symbol, logs: &mut LogStore) {
        let Some(reach) = self.reach(&pod.context) else { return };
        let name = LogStreamId(self.next);
        self.next = self.next.wrapping_add(1);
        let request = LogRequest {
            stream: name,
            namespace: pod.namespace.as_str().into(),
            pod: pod.name.as_str().into(),
            uid: Some(pod.uid.as_str().into()),
            container: container.as_str().into(),
            previous: query.previous,
            since: query.since,
            tail: query.tail,
            follow: !query.previous,
        };
        let id = logs.stream(&pod.name, container);
        let open = Open { id, name: format!("{} {container}", pod.name), restart: None };
        self.streams.insert(name, open);
        self.opened.insert((pod.uid.clone(), container.clone()), name);
        let io = self.io.clone();
        let scope = self.scope.get_or_insert_with(|| Scope::new(io, |_| {}));
        scope.spawn(format!("log of {}/{container}", pod.name), stream(reach, request, self.lane.clone()));
    }

    fn reach(&mut self, context: &Symbol) -> Option<Arc<Reach>> {
        if let Some(known) = self.reaches.get(context) {
            return Some(Arc::clone(known));
        }
        let reach = Arc::new(Reach::new(self.specs.get(context)?.clone(), Arc::clone(&self.clock)));
        self.reaches.insert(context.clone(), Arc::clone(&reach));
        Some(reach)
    }

    fn stop(&mut self) {
        if let Some(scope) = self.scope.take() {
            scope.cancel();
        }
        self.opened.clear();
        self.streams.clear();
    }
}
