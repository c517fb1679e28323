//! How many Applications of an environment are in which state, kept up by the deltas instead of recounted.

use std::collections::BTreeMap;

use crate::domain::{AppRow, Health, Symbol, Sync, TroubleKind};

/// Counts of one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentCount {
    health: [u32; Health::ALL.len()],
    /// Applications.
    pub apps: u32,
    /// Applications that are OutOfSync.
    pub out_of_sync: u32,
    /// Applications in trouble other than drift and closed windows.
    pub trouble: u32,
    /// Applications with an operation under way.
    pub operations: u32,
    /// Applications by source.
    sources: BTreeMap<Symbol, u32>,
}

impl EnvironmentCount {
    /// How many have this health.
    #[must_use]
    pub fn health(&self, health: Health) -> u32 {
        self.health[health as usize]
    }

    /// The sources that have Applications of this environment.
    pub fn sources(&self) -> impl Iterator<Item = &Symbol> {
        self.sources.keys()
    }
}

/// Counts by environment. Rows whose environment is not known yet (sketches) are counted under none.
#[derive(Clone, Debug, Default)]
pub struct Census {
    environments: BTreeMap<Symbol, EnvironmentCount>,
    total: EnvironmentCount,
}

impl Census {
    /// Counts over everything, sketches included.
    #[must_use]
    pub fn total(&self) -> &EnvironmentCount {
        &self.total
    }

    /// Counts of one environment.
    #[must_use]
    pub fn of(&self, environment: &str) -> Option<&EnvironmentCount> {
        self.environments.get(environment)
    }

    /// The environments that have Applications.
    pub fn names(&self) -> impl Iterator<Item = &Symbol> {
        self.environments.keys()
    }

    pub(super) fn count(&mut self, row: &AppRow, trouble: Option<TroubleKind>) {
        tally(&mut self.total, row, trouble, 1);
        if let Some(environment) = &row.environment {
            tally(self.environments.entry(environment.clone()).or_default(), row, trouble, 1);
        }
    }

    pub(super) fn forget(&mut self, row: &AppRow, trouble: Option<TroubleKind>) {
        tally(&mut self.total, row, trouble, -1);
        if let Some(environment) = &row.environment
            && let Some(count) = self.environments.get_mut(environment)
        {
            tally(count, row, trouble, -1);
            if count.apps == 0 {
                self.environments.remove(environment);
            }
        }
    }
}

fn tally(count: &mut EnvironmentCount, row: &AppRow, trouble: Option<TroubleKind>, by: i32) {
    let add = |n: &mut u32, yes: bool| {
        if yes {
            *n = n.saturating_add_signed(by);
        }
    };
    add(&mut count.apps, true);
    add(&mut count.health[row.health as usize], true);
    add(&mut count.out_of_sync, row.sync == Sync::OutOfSync);
    // drift is counted as what it is, and what a window holds is out of sync too
    add(&mut count.trouble, trouble.is_some_and(TroubleKind::is_fault));
    add(&mut count.operations, row.operation.as_ref().is_some_and(|o| o.is_active()));
    let of_source = count.sources.entry(row.key.source.clone()).or_default();
    add(of_source, true);
    if *of_source == 0 {
        count.sources.remove(&row.key.source);
    }
}
