//! Which Applications there are and how they are doing, in as few bytes as the server can say it: to see whether the
//! stream has told everything.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::super::kube::fault::Fault;
use super::selection::CHEAP;
use super::server::Server;
use crate::domain::text::clean;
use crate::domain::{AppKey, AppRow, Health, Symbol, Sync};

/// The largest answer that is read, in bytes.
const LARGEST: usize = 256 << 20;

/// How an Application is doing, as far as the cheap question tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Doing {
    sync: Sync,
    health: Health,
    revision: Symbol,
}

impl Doing {
    /// Of a row.
    pub fn of(row: &AppRow) -> Self {
        Self { sync: row.sync, health: row.health, revision: row.revision.clone() }
    }
}

/// The server's answer.
pub(super) type Census = HashMap<AppKey, Doing>;

#[derive(Deserialize)]
struct Answer {
    items: Option<Vec<Item>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Item {
    metadata: Metadata,
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    name: String,
    namespace: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    sync: SyncStatus,
    health: HealthStatus,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SyncStatus {
    status: String,
    revision: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HealthStatus {
    status: String,
}

/// Asks.
pub(super) async fn ask(server: Server) -> Result<Census, Fault> {
    let answer: Answer = server.json(CHEAP, LARGEST, "the list of Applications").await?;
    let of = |item: Item| {
        let symbol = |text: &str| Symbol::from(&*clean(text));
        let key = AppKey {
            source: server.name().clone(),
            namespace: symbol(&item.metadata.namespace),
            name: symbol(&item.metadata.name),
        };
        let doing = Doing {
            sync: Sync::parse(&item.status.sync.status),
            health: Health::parse(&item.status.health.status),
            revision: symbol(&item.status.sync.revision),
        };
        (key, doing)
    };
    Ok(answer.items.unwrap_or_default().into_iter().map(of).collect())
}

/// What the stream has told, beside what the server says there is.
#[derive(Debug, Default)]
pub(super) struct Told {
    known: HashMap<AppKey, Doing>,
    /// Told since the stream began, removals too.
    fresh: HashSet<AppKey>,
    /// Told since the server was asked: its answer may be older.
    meanwhile: HashSet<AppKey>,
}

/// What comparing found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The stream has told everything; these are gone.
    Complete(Vec<AppKey>),
    /// The stream has not come to all of them yet.
    Behind,
    /// The stream kept something back.
    Gap,
}

impl Told {
    /// A new stream begins.
    pub fn begin(&mut self) {
        self.fresh.clear();
        self.meanwhile.clear();
    }

    /// The server is asked.
    pub fn ask(&mut self) {
        self.meanwhile.clear();
    }

    /// The stream told of an Application.
    pub fn row(&mut self, row: &AppRow) {
        self.touch(&row.key);
        // several sources: the first revision is not in the cheap answer
        self.known.insert(row.key.clone(), Doing::of(row));
    }

    /// The stream told that an Application is gone.
    pub fn gone(&mut self, key: &AppKey) {
        self.touch(key);
        self.known.remove(key);
    }

    fn touch(&mut self, key: &AppKey) {
        self.fresh.insert(key.clone());
        self.meanwhile.insert(key.clone());
    }

    /// How many Applications the stream has told of since it began.
    pub fn loaded(&self) -> usize {
        self.fresh.len()
    }

    /// Whether the stream has told of every Application of the answer, and of nothing otherwise than the answer.
    pub fn compare(&self, census: &Census) -> Verdict {
        let unasked = |key: &&AppKey| !self.meanwhile.contains(*key);
        if census.keys().filter(unasked).any(|key| !self.fresh.contains(key)) {
            return Verdict::Behind;
        }
        let differs = |(key, doing): (&AppKey, &Doing)| {
            unasked(&key) && self.known.get(key).is_none_or(|known| !known.agrees(doing))
        };
        if census.iter().any(differs) {
            return Verdict::Gap;
        }
        Verdict::Complete(self.known.keys().filter(unasked).filter(|key| !census.contains_key(*key)).cloned().collect())
    }
}

impl Doing {
    /// Whether both say the same; of several sources the cheap answer tells no revision.
    fn agrees(&self, other: &Self) -> bool {
        let same_revision = self.revision == other.revision || other.revision.is_empty();
        self.sync == other.sync && self.health == other.health && same_revision
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> AppKey {
        AppKey { source: "s".into(), namespace: "argocd".into(), name: name.into() }
    }

    fn row(name: &str, health: Health) -> AppRow {
        AppRow { key: key(name), health, ..AppRow::default() }
    }

    fn census(rows: &[AppRow]) -> Census {
        rows.iter().map(|row| (row.key.clone(), Doing::of(row))).collect()
    }

    #[test]
    fn a_stream_is_complete_when_it_told_of_all_there_are() {
        let (a, b) = (row("a", Health::Healthy), row("b", Health::Healthy));
        let there = census(&[a.clone(), b.clone()]);
        let mut told = Told::default();
        told.begin();
        told.ask();
        assert_eq!(told.compare(&there), Verdict::Behind);
        told.row(&a);
        assert_eq!(told.compare(&there), Verdict::Behind);
        told.gone(&b.key);
        assert_eq!(told.compare(&there), Verdict::Complete(vec![]), "it went after the server was asked");
        told.begin();
        told.ask();
        assert_eq!(told.compare(&census(&[])), Verdict::Complete(vec![a.key.clone()]), "gone while nobody listened");
    }

    #[test]
    fn what_the_stream_kept_back_is_noticed_unless_it_came_meanwhile() {
        let mut told = Told::default();
        told.begin();
        told.row(&row("a", Health::Healthy));
        told.ask();
        let there = census(&[row("a", Health::Degraded)]);
        assert_eq!(told.compare(&there), Verdict::Gap);
        told.row(&row("a", Health::Progressing));
        assert_eq!(told.compare(&there), Verdict::Complete(vec![]));
    }
}
