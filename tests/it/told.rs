//! A source that runs, and what it has told so far.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pilothouse::domain::{AppKey, AppRow, Clock, Fullness, Link, SourceFacts};
use pilothouse::source::Surroundings;
use pilothouse::store::delta::{Delta, Sink};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What a source has told so far.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub link: Link,
    pub facts: SourceFacts,
    pub rows: BTreeMap<AppKey, AppRow>,
    /// Every link state, begin, settle and replace, in order.
    pub log: Vec<String>,
    /// Sketches that were pushed.
    pub sketches: usize,
    /// Full rows that were pushed one by one.
    pub upserts: usize,
    /// Those rows, in order.
    pub history: Vec<AppRow>,
}

impl Told {
    pub fn row(&self, name: &str) -> Option<&AppRow> {
        self.rows.values().find(|r| &*r.key.name == name)
    }

    /// Why it is not live.
    pub fn why(&self) -> &str {
        match &self.link {
            Link::Down { why, .. } | Link::Auth { why } => why,
            Link::Denied { what } => what,
            other => panic!("{other:?}"),
        }
    }

    pub fn is_live(&self) -> bool {
        self.link == Link::Live
    }

    pub fn names(&self) -> Vec<String> {
        self.rows.keys().map(|k| k.name.to_string()).collect()
    }

    fn take(&mut self, delta: Delta) {
        match delta {
            Delta::Link(_, link) => {
                self.log.push(link.word().to_owned());
                self.link = link;
            }
            Delta::Facts(_, facts) => self.facts = *facts,
            Delta::Begin(_) => self.log.push("begin".into()),
            Delta::Settle(_) => self.log.push("settle".into()),
            Delta::Remove(key) => drop(self.rows.remove(&key)),
            Delta::Replace(_, rows) => {
                self.log.push("replace".into());
                self.rows = rows.into_iter().map(|r| (r.key.clone(), r)).collect();
            }
            Delta::Upsert(row) => match row.fullness {
                Fullness::Sketch => {
                    self.sketches += 1;
                    self.rows.entry(row.key.clone()).or_insert(*row);
                }
                Fullness::Full => {
                    self.upserts += 1;
                    self.history.push((*row).clone());
                    self.rows.insert(row.key.clone(), *row);
                }
            },
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
    patience: Duration,
    _task: JoinSet<()>,
}

impl Running {
    /// Runs what `source` makes of its surroundings; what is waited for may take `patience`.
    pub fn run<F>(patience: Duration, clock: Arc<dyn Clock>, source: impl FnOnce(Surroundings) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, told) = watch::channel(Told::default());
        let world = Surroundings { sink: Arc::new(Recorder(sender)), clock, classifier: Arc::default() };
        let mut task = JoinSet::new();
        task.spawn(source(world));
        Self { told, patience, _task: task }
    }

    /// What was told, once it is as `condition` wants it.
    pub async fn until(&mut self, condition: impl Fn(&Told) -> bool) -> Told {
        self.until_so("as it should be", condition).await
    }

    /// The same; `what` says what is waited for.
    pub async fn until_so(&mut self, what: &str, condition: impl Fn(&Told) -> bool) -> Told {
        let waiting = self.told.wait_for(|told| condition(told));
        if tokio::time::timeout(self.patience, waiting).await.is_err() {
            let told = self.now();
            panic!("never {what}: {:?}, {:?}, {} rows, {:?}", told.link, told.facts, told.rows.len(), told.log)
        }
        self.now()
    }

    pub async fn until_live(&mut self) -> Told {
        self.until(Told::is_live).await
    }

    pub fn now(&self) -> Told {
        self.told.borrow().clone()
    }
}
