//! A source that runs, and what it has told so far.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pilothouse::domain::{AppKey, AppRow, Clock, Link, SourceFacts};
use pilothouse::source::Surroundings;
use pilothouse::source::argocd::{Server, ServerSpec, run};
use pilothouse::store::delta::{Delta, Sink};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::WallClock;

/// Longer than anything here takes, on a busy machine.
pub const DEADLINE: Duration = Duration::from_mins(1);

#[derive(Clone, Debug, Default)]
pub struct Told {
    pub link: Link,
    pub facts: SourceFacts,
    pub rows: BTreeMap<String, AppRow>,
    pub log: Vec<String>,
}

impl Told {
    pub fn is_live(&self) -> bool {
        self.link == Link::Live
    }

    pub fn why(&self) -> &str {
        match &self.link {
            Link::Down { why, .. } | Link::Auth { why } => why,
            Link::Denied { what } => what,
            other => panic!("{other:?}"),
        }
    }

    fn take(&mut self, delta: Delta) {
        let name = |key: &AppKey| key.name.to_string();
        match delta {
            Delta::Link(_, link) => {
                self.log.push(link.word().to_owned());
                self.link = link;
            }
            Delta::Facts(_, facts) => self.facts = *facts,
            Delta::Begin(_) => self.log.push("begin".into()),
            Delta::Settle(_) => self.log.push("settle".into()),
            Delta::Remove(key) => drop(self.rows.remove(&name(&key))),
            Delta::Replace(_, rows) => self.rows = rows.into_iter().map(|row| (name(&row.key), row)).collect(),
            Delta::Upsert(row) => drop(self.rows.insert(name(&row.key), *row)),
            Delta::Live(_) => {}
        }
    }
}

struct Recorder(watch::Sender<Told>);

impl Sink for Recorder {
    fn push(&self, delta: Delta) {
        self.0.send_modify(|told| told.take(delta));
    }
}

/// A source that runs until it is dropped.
pub struct Running {
    told: watch::Receiver<Told>,
    _task: JoinSet<()>,
}

impl Running {
    pub fn start(spec: ServerSpec) -> Self {
        Self::at(spec, Arc::new(WallClock))
    }

    pub fn at(spec: ServerSpec, clock: Arc<dyn Clock>) -> Self {
        let (sender, told) = watch::channel(Told::default());
        let server = Server::new(spec, Arc::clone(&clock));
        let world = Surroundings { sink: Arc::new(Recorder(sender)), clock, classifier: Arc::default() };
        let mut task = JoinSet::new();
        task.spawn(run(server, world));
        Self { told, _task: task }
    }

    /// What was told, once it is as `condition` wants it.
    pub async fn until(&mut self, what: &str, condition: impl Fn(&Told) -> bool) -> Told {
        let waiting = self.told.wait_for(|told| condition(told));
        if tokio::time::timeout(DEADLINE, waiting).await.is_err() {
            let told = self.now();
            panic!("never {what}: {:?}, {:?}, {} rows, {:?}", told.link, told.facts, told.rows.len(), told.log)
        }
        self.now()
    }

    pub async fn until_live(&mut self) -> Told {
        self.until("live", Told::is_live).await
    }

    pub fn now(&self) -> Told {
        self.told.borrow().clone()
    }
}
