//! Which Applications there are and how they are doing, in as few bytes as the server can say it: to see whether the
//! stream has told everything.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::num::NonZeroU32;

use serde::Deserialize;

use super::super::kube::fault::Fault;
use super::super::kube::project::{Texts, moment};
use super::super::kube::request;
use super::items::Items;
use super::refusal;
use super::selection::CHEAP;
use super::server::{Ask, Server};
use crate::domain::text::clean;
use crate::domain::{AppKey, AppRow, Health, Phase, Sync, Timestamp};

/// How an Application is doing, as far as the cheap question tells: two of them are the same or they are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doing {
    sync: Sync,
    health: Health,
    /// None for several sources: of them the cheap answer tells no revision.
    revision: Option<NonZeroU32>,
    /// The running or last operation; none where a new one is asked for and nothing is known of it.
    operation: Option<NonZeroU32>,
}

/// Short, for there are ten thousand of them.
fn digest(of: &impl std::hash::Hash) -> NonZeroU32 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    NonZeroU32::new(hasher.finish() as u32).unwrap_or(NonZeroU32::MIN)
}

type Moments = (Option<Phase>, Option<Timestamp>, Option<Timestamp>);

impl Doing {
    /// Of a row.
    pub fn of(row: &AppRow) -> Self {
        let operation = match row.operation.as_deref() {
            Some(operation) if operation.phase.is_none() => None,
            Some(operation) => Some((operation.phase, operation.started, operation.finished)),
            None => Some(Moments::default()),
        };
        let revision = if row.sources > 1 { "" } else { &*row.revision };
        Self::new(row.sync, row.health, revision, operation)
    }

    fn new(sync: Sync, health: Health, revision: &str, operation: Option<Moments>) -> Self {
        let revision = (!revision.is_empty()).then(|| digest(&revision));
        Self { sync, health, revision, operation: operation.map(|moments| digest(&moments)) }
    }

    fn agrees(self, other: Self) -> bool {
        let differs = |a: Option<NonZeroU32>, b: Option<NonZeroU32>| a.zip(b).is_some_and(|(a, b)| a != b);
        self.sync == other.sync
            && self.health == other.health
            && !differs(self.revision, other.revision)
            && !differs(self.operation, other.operation)
    }
}

/// The server's answer.
#[derive(Debug, Default)]
pub(super) struct Census {
    all: Vec<(AppKey, Doing)>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Item<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
    #[serde(borrow)]
    status: Status<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    namespace: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status<'a> {
    #[serde(borrow)]
    sync: Word<'a>,
    #[serde(borrow)]
    health: Word<'a>,
    #[serde(borrow)]
    operation_state: Option<Operation<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Word<'a> {
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    revision: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Operation<'a> {
    #[serde(borrow)]
    phase: Cow<'a, str>,
    #[serde(borrow)]
    started_at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    finished_at: Option<Cow<'a, str>>,
}

/// Asks. The answer is read as it comes, and of each item only what is compared is kept.
pub(super) async fn ask(server: Server) -> Result<Census, Fault> {
    let mut body = server.send(&Ask::get(CHEAP)).await?.into_body();
    let (mut items, mut texts, mut census) = (Items::default(), Texts::default(), Census::default());
    let mut garbled = false;
    while let Some(chunk) = request::chunk_in_time(&mut body, &**server.clock()).await {
        items.feed(&chunk?, |item| match serde_json::from_slice::<Item<'_>>(item) {
            Ok(item) => census.all.push(read(&server, &item, &mut texts)),
            Err(_) => garbled = true,
        });
    }
    if garbled || !items.is_whole() {
        return Err(refusal::no_json("the list of Applications"));
    }
    Ok(census)
}

fn read(server: &Server, item: &Item<'_>, texts: &mut Texts) -> (AppKey, Doing) {
    let (namespace, name) = (texts.symbol(&item.metadata.namespace), clean(&item.metadata.name));
    let key = AppKey { source: server.name().clone(), namespace, name: name.as_ref().into() };
    let status = &item.status;
    let at = |text: &Option<Cow<'_, str>>| text.as_deref().and_then(moment);
    let operation = status.operation_state.as_ref();
    let moments = operation.map(|o| (Phase::parse(&o.phase), at(&o.started_at), at(&o.finished_at)));
    let (sync, health) = (Sync::parse(&status.sync.status), Health::parse(&status.health.status));
    let revision = clean(&status.sync.revision);
    (key, Doing::new(sync, health, &revision, Some(moments.unwrap_or_default())))
}

impl Census {
    /// How many Applications there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }
}

/// What is known of an Application.
#[derive(Debug)]
struct Known {
    doing: Doing,
    /// Its resource version; 0 when it is not known, or no longer believed.
    version: u64,
    /// It is there; what is gone is remembered until the stream ends, for an answer may be older.
    there: bool,
    /// Told since the stream began, its removal too.
    fresh: bool,
    /// Told since the server was asked: its answer may be older.
    meanwhile: bool,
}

/// What the stream has told, beside what the server says there is.
#[derive(Debug, Default)]
pub(super) struct Told {
    known: HashMap<AppKey, Known>,
    fresh: usize,
}

/// What comparing found.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Differences {
    /// The stream has not told of these since it began.
    pub untold: Vec<AppKey>,
    /// It told otherwise of these.
    pub otherwise: Vec<AppKey>,
    /// These are gone.
    pub gone: Vec<AppKey>,
}

impl Told {
    /// A new stream begins.
    pub fn begin(&mut self) {
        self.known.retain(|_, known| known.there);
        for known in self.known.values_mut() {
            (known.fresh, known.meanwhile) = (false, false);
        }
        self.fresh = 0;
    }

    /// The server is asked.
    pub fn ask(&mut self) {
        for known in self.known.values_mut() {
            known.meanwhile = false;
        }
    }

    /// What is known may be wrong: whatever is told next is believed, however old it says it is.
    pub fn doubt(&mut self) {
        for known in self.known.values_mut() {
            known.version = 0;
        }
    }

    /// An Application is told of, as it is at a version. Whether that is news: what begins anew tells all there is again,
    /// and another replica of the server may be behind the one before.
    pub fn row(&mut self, row: &AppRow, version: &str) -> bool {
        let version = version.parse().unwrap_or_default();
        let doing = Doing::of(row);
        let Some(known) = self.known.get_mut(&row.key) else {
            let known = Known { doing, version, there: true, fresh: true, meanwhile: true };
            self.known.insert(row.key.clone(), known);
            self.fresh += 1;
            return true;
        };
        self.fresh += usize::from(!std::mem::replace(&mut known.fresh, true));
        if version != 0 && version <= known.version {
            return false;
        }
        *known = Known { doing, version, there: true, fresh: true, meanwhile: true };
        true
    }

    /// An Application is gone, as of a version where one is told: what is older does not bring it back.
    pub fn gone(&mut self, key: &AppKey, version: &str) {
        if let Some(known) = self.known.get_mut(key) {
            self.fresh += usize::from(!known.fresh);
            (known.there, known.fresh, known.meanwhile) = (false, true, true);
            known.version = known.version.max(version.parse().unwrap_or_default());
        }
    }

    /// How many Applications the stream has told of since it began.
    pub fn loaded(&self) -> usize {
        self.fresh
    }

    /// What the stream has told otherwise than the answer.
    pub fn compare(&self, census: &Census) -> Differences {
        let mut found = Differences::default();
        let mut there = std::collections::HashSet::with_capacity(census.len());
        for (key, doing) in &census.all {
            there.insert(key);
            match self.known.get(key) {
                Some(known) if known.meanwhile => {}
                Some(known) if !known.fresh => found.untold.push(key.clone()),
                Some(known) if known.there && known.doing.agrees(*doing) => {}
                Some(_) => found.otherwise.push(key.clone()),
                None => found.untold.push(key.clone()),
            }
        }
        let gone = |(key, known): &(&AppKey, &Known)| known.there && !known.meanwhile && !there.contains(key);
        found.gone = self.known.iter().filter(gone).map(|(key, _)| key.clone()).collect();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain;

    fn key(name: &str) -> AppKey {
        AppKey { source: "s".into(), namespace: "argocd".into(), name: name.into() }
    }

    fn row(name: &str, health: Health) -> AppRow {
        AppRow { key: key(name), health, ..AppRow::default() }
    }

    fn census(rows: &[AppRow]) -> Census {
        Census { all: rows.iter().map(|row| (row.key.clone(), Doing::of(row))).collect() }
    }

    #[test]
    fn a_stream_is_complete_when_it_told_of_all_there_are() {
        let (a, b) = (row("a", Health::Healthy), row("b", Health::Healthy));
        let there = census(&[a.clone(), b.clone()]);
        let mut told = Told::default();
        told.begin();
        told.ask();
        assert_eq!(told.compare(&there).untold, [a.key.clone(), b.key.clone()]);
        assert!(told.row(&a, "1") && told.row(&b, "2"));
        assert_eq!((told.compare(&there), told.loaded()), (Differences::default(), 2));
        told.gone(&b.key, "3");
        assert_eq!(told.compare(&there), Differences::default(), "it went after the server was asked");
        told.begin();
        told.ask();
        assert_eq!(told.compare(&census(&[])).gone, std::slice::from_ref(&a.key), "gone while nobody listened");
        assert_eq!(told.compare(&there).untold.len(), 2);
    }

    #[test]
    fn what_the_stream_kept_back_is_noticed_unless_it_came_meanwhile() {
        let mut told = Told::default();
        told.begin();
        told.row(&row("a", Health::Healthy), "1");
        told.ask();
        let there = census(&[row("a", Health::Degraded)]);
        assert_eq!(told.compare(&there).otherwise, [key("a")]);
        told.row(&row("a", Health::Progressing), "2");
        assert_eq!(told.compare(&there), Differences::default());
    }

    #[test]
    fn what_is_told_again_or_is_older_is_no_news_until_it_is_doubted() {
        let (mut told, a) = (Told::default(), row("a", Health::Healthy));
        assert!(told.row(&a, "9"));
        told.begin();
        assert!(!told.row(&a, "9") && !told.row(&a, "8"), "versions are numbers");
        assert_eq!(told.loaded(), 1, "it is told of all the same");
        assert!(told.row(&a, "10") && told.row(&a, "") && told.row(&a, "x"));
        told.doubt();
        assert!(told.row(&a, "3"), "another cluster behind the same address");
        told.gone(&a.key, "5");
        assert!(!told.row(&a, "4"), "an answer from before it went");
        assert!(told.row(&a, "6"), "made anew");
    }

    #[test]
    fn an_operation_that_moved_on_is_seen_and_one_that_is_only_asked_for_is_not_compared() {
        let with =
            |operation: domain::Operation| AppRow { operation: Some(Box::new(operation)), ..row("a", Health::Healthy) };
        let at = |phase| with(domain::Operation { phase, ..domain::Operation::default() });
        let (running, over) = (Doing::of(&at(Some(Phase::Running))), Doing::of(&at(Some(Phase::Succeeded))));
        let (asked, none) = (Doing::of(&at(None)), Doing::of(&row("a", Health::Healthy)));
        assert!(!running.agrees(over) && !over.agrees(none));
        assert!(asked.agrees(over) && none.agrees(asked));
    }
}
