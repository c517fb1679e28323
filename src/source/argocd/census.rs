//! Which Applications there are and how they are doing, in as few bytes as the server can say it: to see whether the
//! stream kept something back.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hasher as _};
use std::num::NonZeroU32;

use serde::Deserialize;

use super::super::kube::project::moment;
use crate::domain::text::clean;
use crate::domain::{AppRow, Health, Phase, Sync, Timestamp};

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

    /// Whether they are the same, as far as both tell.
    pub fn agrees(self, other: Self) -> bool {
        let differs = |a: Option<NonZeroU32>, b: Option<NonZeroU32>| a.zip(b).is_some_and(|(a, b)| a != b);
        self.sync == other.sync
            && self.health == other.health
            && !differs(self.revision, other.revision)
            && !differs(self.operation, other.operation)
    }
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

/// Reads an item of the answer: an Application's namespace and name as they came, and how it is doing. Nothing when it
/// is not JSON.
pub(super) fn read(item: &[u8]) -> Option<(Cow<'_, str>, Cow<'_, str>, Doing)> {
    let Item { metadata, status } = serde_json::from_slice(item).ok()?;
    let at = |text: &Option<Cow<'_, str>>| text.as_deref().and_then(moment);
    let operation = status.operation_state.as_ref();
    let moments = operation.map(|o| (Phase::parse(&o.phase), at(&o.started_at), at(&o.finished_at)));
    let (sync, health) = (Sync::parse(&status.sync.status), Health::parse(&status.health.status));
    let doing = Doing::new(sync, health, &clean(&status.sync.revision), Some(moments.unwrap_or_default()));
    Some((metadata.namespace, metadata.name, doing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain;

    #[test]
    fn an_operation_that_moved_on_is_seen_and_one_that_is_only_asked_for_is_not_compared() {
        let with = |operation| AppRow { operation, ..AppRow::default() };
        let at = |phase| with(Some(Box::new(domain::Operation { phase, ..domain::Operation::default() })));
        let (running, over) = (Doing::of(&at(Some(Phase::Running))), Doing::of(&at(Some(Phase::Succeeded))));
        let (asked, none) = (Doing::of(&at(None)), Doing::of(&with(None)));
        assert!(!running.agrees(over) && !over.agrees(none));
        assert!(asked.agrees(over) && none.agrees(asked));
    }
}
