//! Follows the logs a screen asks for: one stream a container, those of new pods as they appear, and what happens to the
//! Application between the lines.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::scope::Scope;
use crate::domain::{AppKey, LogEnd, LogNews, LogRequest, LogState, LogStreamId, Operation, Pod, Symbol, Timestamp};
use crate::source::kube::{Cluster, stream};
use crate::store::logs::{LogQuery, StreamId, StreamState};
use crate::store::{Apps, LogStore};

/// Chunks of at most 64 KB on their way to the loop; when it is full the servers wait.
const LANE: usize = 32;
/// Streams at once: more would be a connection each, and nobody reads so many.
pub const MOST: usize = 64;

/// The streams of one screen.
pub struct Tail {
    query: Option<LogQuery>,
    /// When the question was put: what came before is put between the lines that were there already.
    asked: Timestamp,
    scope: Option<Scope>,
    /// Containers that are read, by pod uid and name.
    opened: BTreeMap<(Symbol, Symbol), LogStreamId>,
    streams: HashMap<LogStreamId, Open>,
    syncs: Syncs,
    lane: mpsc::Sender<LogNews>,
    news: mpsc::Receiver<LogNews>,
    io: Handle,
    next: u32,
}

/// A stream and how its last run was counted.
struct Open {
    id: StreamId,
    restart: Option<u32>,
    /// The time of its latest line: a container ends behind it, though the node tells ends in whole seconds.
    last: Timestamp,
}

/// What was said of the Application's operations.
#[derive(Default)]
struct Syncs {
    /// The operation, by its start, that `told` is about.
    of: Option<Timestamp>,
    told: BTreeSet<String>,
    /// What happened before the question, until lines from around then come in.
    early: Vec<(Timestamp, String)>,
}

impl Tail {
    /// Follows nothing. Streams will run on `io`.
    #[must_use]
    pub fn new(io: Handle) -> Self {
        let (lane, news) = mpsc::channel(LANE);
        Self {
            query: None,
            asked: Timestamp::MIN,
            scope: None,
            opened: BTreeMap::new(),
            streams: HashMap::new(),
            syncs: Syncs::default(),
            lane,
            news,
            io,
            next: 0,
        }
    }

    /// Follows what is wanted: another question empties the store and begins anew, the same one takes up the containers
    /// that have appeared since. `cluster` is the way to a context.
    pub fn want(
        &mut self,
        query: Option<LogQuery>,
        apps: &Apps,
        logs: &mut LogStore,
        now: Timestamp,
        mut cluster: impl FnMut(&Symbol) -> Option<Cluster>,
    ) {
        if self.query != query {
            self.stop();
            logs.clear();
            (self.query, self.asked) = (query, now);
        }
        let Some(query) = self.query.clone() else { return };
        let Some(id) = apps.find(&query.app) else { return };
        if let Some(operation) = apps.get(id).and_then(|row| row.operation.as_ref()).filter(|_| !query.previous) {
            self.syncs.see(operation, self.asked, now, logs);
        }
        let pods = if query.hooks { apps.hook_pods_of(id) } else { apps.pods_of(id) };
        for pod in pods {
            for container in &pod.containers {
                if self.opened.len() < MOST
                    && !self.opened.contains_key(&(pod.uid.clone(), container.name.clone()))
                    && let Some(cluster) = cluster(&pod.context)
                {
                    self.open(cluster, &query, pod, &container.name, logs, now);
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
                let first = chunk.lines.first().and_then(|line| line.at).unwrap_or(now);
                self.syncs.mark_early(first, logs, now);
                if open.restart.is_some_and(|known| known < chunk.restart) {
                    logs.mark(first, Some(open.id), &restarted(chunk.restart), now);
                    logs.set_state(open.id, StreamState::Restarted);
                }
                open.restart = Some(chunk.restart);
                open.last = chunk.lines.iter().filter_map(|line| line.at).fold(open.last, Timestamp::max);
                for line in chunk.lines {
                    logs.push(open.id, line.at.unwrap_or(now), &line.text, now);
                }
            }
            LogNews::State(stream, state) => {
                let Some(open) = self.streams.get(&stream) else { return };
                match state {
                    LogState::Following(_) => logs.set_state(open.id, StreamState::Following),
                    LogState::Ended(end) => {
                        logs.mark(end.at.unwrap_or(now).max(open.last), Some(open.id), &ended(&end), now);
                        let state = if end.is_final { StreamState::Ended } else { StreamState::Down };
                        logs.set_state(open.id, state);
                    }
                    LogState::NotStarted(why) | LogState::Denied(why) => {
                        logs.mark(now, Some(open.id), &why, now);
                        let is_over = self.query.as_ref().is_none_or(|query| query.previous);
                        logs.set_state(open.id, if is_over { StreamState::Ended } else { StreamState::Down });
                    }
                    LogState::Retrying { .. } | LogState::Connecting => {}
                }
            }
        }
    }

    fn open(
        &mut self,
        cluster: Cluster,
        query: &LogQuery,
        pod: &Pod,
        container: &Symbol,
        logs: &mut LogStore,
        now: Timestamp,
    ) {
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
        let is_known = self.opened.keys().any(|(uid, _)| *uid == pod.uid);
        if let Some(made) = pod.created.filter(|made| *made > self.asked && !is_known) {
            logs.mark(made, Some(id), "new pod", now);
        }
        self.streams.insert(name, Open { id, restart: None, last: Timestamp::MIN });
        self.opened.insert((pod.uid.clone(), container.clone()), name);
        let io = self.io.clone();
        let scope = self.scope.get_or_insert_with(|| Scope::new(io, |_| {}));
        scope.spawn(format!("log of {}/{container}", pod.name), stream(cluster, request, self.lane.clone()));
    }

    fn stop(&mut self) {
        if let Some(scope) = self.scope.take() {
            scope.cancel();
        }
        self.opened.clear();
        self.streams.clear();
        self.syncs = Syncs::default();
    }
}

impl Syncs {
    fn see(&mut self, operation: &Operation, asked: Timestamp, now: Timestamp, logs: &mut LogStore) {
        if self.of != operation.started {
            self.of = operation.started;
            self.told.clear();
        }
        for (at, words) in moments(operation) {
            if !self.told.insert(words.clone()) {
                continue;
            }
            if at < asked {
                self.early.push((at, words));
            } else {
                logs.mark(at, None, &words, now);
            }
        }
    }

    /// Says what happened early as soon as there are lines from before it: alone at the top it would read as if it had
    /// happened just now.
    fn mark_early(&mut self, first: Timestamp, logs: &mut LogStore, now: Timestamp) {
        self.early.retain(|(at, words)| {
            if *at >= first {
                logs.mark(*at, None, words, now);
            }
            *at < first
        });
    }
}

/// What an operation has done so far, in words, and when.
fn moments(operation: &Operation) -> Vec<(Timestamp, String)> {
    let revision: String = operation.revision.as_deref().unwrap_or_default().chars().take(7).collect();
    let dry = if operation.dry_run { "dry run of " } else { "" };
    let what = if revision.is_empty() { format!("{dry}sync") } else { format!("{dry}sync {revision}") };
    let by = match &operation.by {
        _ if operation.automated => " by auto-sync".to_owned(),
        Some(by) => format!(" by {by}"),
        None => String::new(),
    };
    let mut moments: Vec<_> = operation.started.map(|at| (at, format!("{what} started{by}"))).into_iter().collect();
    let Some(finished) = operation.finished else { return moments };
    let why = operation.message.as_deref().map_or_else(String::new, |why| format!(": {why}"));
    if operation.is_retrying() {
        moments.push((finished, format!("{what} failed, attempt {}{why}", operation.retries + 1)));
    } else if let Some(phase) = operation.phase.filter(|phase| phase.is_over()) {
        let why = if operation.has_failed() { why } else { String::new() };
        moments.push((finished, format!("{what} {}{why}", phase.word().to_lowercase())));
    }
    moments
}

fn restarted(restart: u32) -> String {
    if restart == 1 { "restarted".to_owned() } else { format!("restarted for the {restart}. time") }
}

fn ended(end: &LogEnd) -> String {
    match end.exit_code {
        _ if &*end.reason == "Deleted" => "pod deleted".to_owned(),
        Some(0) => "ended (exit 0)".to_owned(),
        Some(code) if matches!(&*end.reason, "Error" | "") => format!("ended (exit {code})"),
        Some(code) => format!("ended (exit {code}, {})", end.reason),
        None => format!("ended ({})", end.reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AppRow, LogChunk, LogLine, Phase};
    use crate::store::Delta;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or_default()
    }

    fn texts(logs: &mut LogStore) -> Vec<String> {
        logs.settle_all();
        logs.lines().map(|line| line.text.to_owned()).collect()
    }

    #[test]
    fn an_operation_is_told_once_at_each_of_its_moments() {
        let (mut syncs, mut logs) = (Syncs::default(), LogStore::default());
        let mut operation = Operation {
            phase: Some(Phase::Running),
            started: Some(at(100)),
            revision: Some("3f22a38c0ffee".into()),
            automated: true,
            ..Operation::default()
        };
        for _ in 0..2 {
            syncs.see(&operation, at(50), at(101), &mut logs);
        }
        operation.finished = Some(at(110));
        operation.message = Some("hook failed".into());
        syncs.see(&operation, at(50), at(111), &mut logs);
        operation.phase = Some(Phase::Succeeded);
        operation.finished = Some(at(120));
        for _ in 0..2 {
            syncs.see(&operation, at(50), at(121), &mut logs);
        }
        let wanted = [
            "sync 3f22a38 started by auto-sync",
            "sync 3f22a38 failed, attempt 1: hook failed",
            "sync 3f22a38 succeeded",
        ];
        assert_eq!(texts(&mut logs), wanted);
    }

    #[tokio::test]
    async fn a_sync_of_the_application_is_marked_while_its_logs_are_followed() {
        let (mut apps, mut logs) = (Apps::default(), LogStore::default());
        let mut tail = Tail::new(Handle::current());
        let key = AppKey { source: "c".into(), namespace: "argocd".into(), name: "api-dev".into() };
        let query = LogQuery { app: key.clone(), hooks: false, previous: false, since: None, tail: None };
        let mut see = |operation: Option<Operation>, second: i64, apps: &mut Apps| {
            let operation = operation.map(Box::new);
            apps.apply(
                Delta::Upsert(Box::new(AppRow { key: key.clone(), operation, ..AppRow::default() })),
                at(second),
            );
            tail.want(Some(query.clone()), apps, &mut logs, at(second), |_| None);
        };
        see(None, 50, &mut apps);
        let mut operation = Operation {
            phase: Some(Phase::Running),
            started: Some(at(100)),
            revision: Some("3f22a38c0ffee".into()),
            by: Some("anna".into()),
            ..Operation::default()
        };
        see(Some(operation.clone()), 101, &mut apps);
        see(Some(operation.clone()), 102, &mut apps);
        operation.phase = Some(Phase::Succeeded);
        operation.finished = Some(at(130));
        see(Some(operation), 131, &mut apps);
        assert_eq!(texts(&mut logs), ["sync 3f22a38 started by anna", "sync 3f22a38 succeeded"]);
    }

    #[tokio::test]
    async fn what_came_before_stands_between_the_lines_of_that_time_or_not_at_all() {
        let mut logs = LogStore::default();
        let mut tail = Tail::new(Handle::current());
        let id = logs.stream("api-1", "api");
        tail.streams.insert(LogStreamId(0), Open { id, restart: None, last: Timestamp::MIN });
        let operation = |second| Operation {
            phase: Some(Phase::Succeeded),
            started: Some(at(second)),
            finished: Some(at(second + 10)),
            ..Operation::default()
        };
        tail.syncs.see(&operation(100), at(500), at(500), &mut logs);
        assert_eq!(texts(&mut logs), Vec::<String>::new());
        let line = |second, text: &str| LogLine { at: Some(at(second)), text: text.into() };
        let lines = vec![line(105, "one"), line(200, "two")];
        tail.take(LogNews::Lines(LogChunk { stream: LogStreamId(0), restart: 0, lines }), &mut logs, at(501));
        let end = LogEnd { exit_code: Some(1), reason: "Error".into(), at: Some(at(199)), is_final: false };
        tail.take(LogNews::State(LogStreamId(0), LogState::Ended(end)), &mut logs, at(502));
        assert_eq!(texts(&mut logs), ["one", "sync succeeded", "two", "ended (exit 1)"]);
    }

    #[test]
    fn ends_are_told_in_few_words() {
        let end =
            |exit_code, reason: &str| ended(&LogEnd { exit_code, reason: reason.into(), at: None, is_final: false });
        assert_eq!(end(Some(1), "Error"), "ended (exit 1)");
        assert_eq!(end(Some(137), "OOMKilled"), "ended (exit 137, OOMKilled)");
        assert_eq!(end(Some(0), "Completed"), "ended (exit 0)");
        assert_eq!(end(None, "Deleted"), "pod deleted");
    }
}
