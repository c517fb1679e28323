//! How Applications changed while the cockpit looked on: Argo CD keeps only the last of each.

use std::collections::VecDeque;

use crate::domain::{AppKey, AppRow, Health, Phase, Symbol, Sync, Timestamp};

/// One change of an Application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose it is.
    pub app: AppKey,
    /// When it was heard of.
    pub at: Timestamp,
    /// What changed.
    pub what: What,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Its health: before, after.
    Health(Health, Health),
    /// Whether it equals Git: before, after.
    Sync(Sync, Sync),
    /// An operation came into this phase.
    Operation(Phase),
    /// What a person calls its version: before, after.
    Version(Symbol, Symbol),
    /// An attempt of an operation failed and this retry is waited for.
    Retry(u32),
}

/// The newest changes of all Applications.
#[derive(Debug, Default)]
pub struct Changes {
    kept: VecDeque<Change>,
}

impl Changes {
    /// How many are kept; the oldest go first.
    pub const KEPT: usize = 4_096;

    /// Compares what was known with what is.
    pub(super) fn note(&mut self, old: &AppRow, new: &AppRow, now: Timestamp) {
        if old.health != new.health {
            self.push(new, now, What::Health(old.health, new.health));
        }
        if old.sync != new.sync {
            self.push(new, now, What::Sync(old.sync, new.sync));
        }
        if old.version() != new.version() && !old.version().is_empty() && !new.version().is_empty() {
            self.push(new, now, What::Version(old.version().into(), new.version().into()));
        }
        let (before, after) = (old.operation.as_deref(), new.operation.as_deref());
        let phase = after.and_then(|operation| operation.phase);
        let started = |operation: Option<&crate::domain::Operation>| operation.and_then(|o| o.started);
        let is_another = started(before) != started(after);
        if let Some(phase) = phase
            && (is_another || before.and_then(|o| o.phase) != Some(phase))
        {
            self.push(new, now, What::Operation(phase));
        }
        if let Some(operation) = after.filter(|operation| operation.is_retrying())
            && (is_another || before.is_none_or(|o| o.retries != operation.retries))
        {
            self.push(new, now, What::Retry(operation.retries));
        }
    }

    fn push(&mut self, row: &AppRow, at: Timestamp, what: What) {
        if self.kept.len() >= Self::KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Change { app: row.key.clone(), at, what });
    }

    /// Those of an Application, oldest first.
    #[must_use]
    pub fn of<'a>(&'a self, app: &'a AppKey) -> impl DoubleEndedIterator<Item = &'a Change> + Clone {
        self.kept.iter().filter(move |change| change.app == *app)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Operation;

    #[test]
    fn each_change_is_noted_once_and_their_number_is_bounded() {
        let mut changes = Changes::default();
        let row = |health, phase, retries, finished| AppRow {
            health,
            operation: Some(Box::new(Operation { phase: Some(phase), retries, finished, ..Operation::default() })),
            ..AppRow::default()
        };
        let now = Timestamp::UNIX_EPOCH;
        let running = row(Health::Healthy, Phase::Running, 0, None);
        let retrying = row(Health::Degraded, Phase::Running, 1, Some(now));
        let failed = row(Health::Degraded, Phase::Failed, 1, Some(now));
        changes.note(&running, &running, now);
        changes.note(&running, &retrying, now);
        changes.note(&retrying, &failed, now);
        let told: Vec<What> = changes.of(&running.key).map(|change| change.what.clone()).collect();
        assert_eq!(
            told,
            [What::Health(Health::Healthy, Health::Degraded), What::Retry(1), What::Operation(Phase::Failed)]
        );
        for _ in 0..Changes::KEPT {
            changes.note(&running, &retrying, now);
        }
        assert_eq!(changes.of(&running.key).count(), Changes::KEPT);
    }
}
