//! A filtered and sorted view of the Applications: row numbers only, rebuilt only when stale.

use super::apps::{Apps, RowId};
use super::field::{FieldId, field};
use super::query::Query;
use crate::domain::{AppKey, Timestamp};

/// How a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By which column.
    pub by: FieldId,
    /// Last first.
    pub reversed: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { by: FieldId::Name, reversed: false }
    }
}

/// The rows that pass a query, in order.
#[derive(Debug, Default)]
pub struct Index {
    ids: Vec<RowId>,
    built_for: Option<(Query, Sort, u64)>,
    /// The minute it was built in, when its query depends on the time.
    built_minute: Option<i64>,
    rebuilds: u64,
}

impl Index {
    /// Brings the index up to date; does nothing when nothing it depends on has moved.
    pub fn refresh(&mut self, apps: &Apps, query: &Query, sort: Sort, now: Timestamp) {
        let generation = apps.order_generation();
        let minute = query.depends_on_time().then(|| now.as_second() / 60);
        if self.built_minute == minute
            && self.built_for.as_ref().is_some_and(|(q, s, g)| *g == generation && *s == sort && q == query)
        {
            return;
        }
        self.built_for = Some((query.clone(), sort, generation));
        self.built_minute = minute;
        self.rebuilds += 1;
        self.ids.clear();
        self.ids.extend(apps.iter().filter(|(_, row, trouble)| query.matches(row, *trouble, now)).map(|(id, ..)| id));
        let compare = field(sort.by).compare;
        // each row is looked up, and its version found among its images, once and not in every comparison
        let version = sort.by == FieldId::Version;
        let mut rows: Vec<_> = self
            .ids
            .iter()
            .filter_map(|id| {
                let row = apps.get(*id)?;
                Some((if version { row.version() } else { "" }, row, apps.trouble_kind(*id), *id))
            })
            .collect();
        rows.sort_unstable_by(|a, b| {
            let order = a.0.cmp(b.0).then_with(|| {
                let by = if version { field(FieldId::Name).compare } else { compare };
                by((a.1, a.2), (b.1, b.2))
            });
            if sort.reversed { order.reverse() } else { order }
        });
        self.ids.clear();
        self.ids.extend(rows.into_iter().map(|(.., id)| id));
    }

    /// How many rows pass.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether none passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The row at a position.
    #[must_use]
    pub fn at(&self, position: usize) -> Option<RowId> {
        self.ids.get(position).copied()
    }

    /// Where an Application stands in this index.
    #[must_use]
    pub fn position(&self, apps: &Apps, key: &AppKey) -> Option<usize> {
        let id = apps.find(key)?;
        self.ids.iter().position(|i| *i == id)
    }

    /// How often it was rebuilt: a work counter for tests.
    #[must_use]
    pub fn rebuilds(&self) -> u64 {
        self.rebuilds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AppRow, Health};
    use crate::store::Delta;
    use proptest::prelude::*;

    fn store(healths: &[Health]) -> Apps {
        let mut apps = Apps::default();
        for (n, health) in healths.iter().enumerate() {
            let row = AppRow {
                key: AppKey { source: "s".into(), namespace: "argocd".into(), name: format!("app-{n:03}").into() },
                health: *health,
                ..AppRow::default()
            };
            apps.apply(Delta::Upsert(Box::new(row)), Timestamp::UNIX_EPOCH);
        }
        apps
    }

    #[test]
    fn nothing_is_rebuilt_when_nothing_it_depends_on_moved() {
        let mut apps = store(&[Health::Healthy; 3]);
        let mut index = Index::default();
        let refresh = |index: &mut Index, apps: &Apps| {
            index.refresh(apps, &Query::default(), Sort::default(), Timestamp::UNIX_EPOCH);
        };
        refresh(&mut index, &apps);
        refresh(&mut index, &apps);
        let beat = AppRow { reconciled: Some(Timestamp::UNIX_EPOCH), ..apps.get(0).unwrap().clone() };
        apps.apply(Delta::Upsert(Box::new(beat)), Timestamp::UNIX_EPOCH);
        refresh(&mut index, &apps);
        assert_eq!(index.rebuilds(), 1);
    }

    #[test]
    fn the_version_is_sorted_as_its_column_compares() {
        let mut apps = store(&[Health::Healthy; 5]);
        for (n, tag) in ["2.0", "1.0", "2.0", "0.9", "1.0"].iter().enumerate() {
            let images = [format!("backend:{tag}").as_str().into()].into();
            let row = AppRow { images, ..apps.get(n as u32).unwrap().clone() };
            apps.apply(Delta::Upsert(Box::new(row)), Timestamp::UNIX_EPOCH);
        }
        let mut index = Index::default();
        index.refresh(&apps, &Query::default(), Sort { by: FieldId::Version, reversed: false }, Timestamp::UNIX_EPOCH);
        let listed: Vec<RowId> = (0..5).map(|n| index.at(n).unwrap()).collect();
        let mut wanted = listed.clone();
        let compare = field(FieldId::Version).compare;
        wanted.sort_by(|a, b| compare((apps.get(*a).unwrap(), None), (apps.get(*b).unwrap(), None)));
        assert_eq!(listed, wanted);
        assert_eq!(apps.get(listed[0]).unwrap().version(), "0.9");
    }

    proptest! {
        /// The index is the naive filter and sort.
        #[test]
        fn the_index_equals_filter_and_sort(
            healths in prop::collection::vec(prop::sample::select(&Health::ALL[..]), 0..40),
            reversed: bool,
        ) {
            let apps = store(&healths);
            let (query, _) = Query::default().with_text("degraded");
            let mut index = Index::default();
            index.refresh(&apps, &query, Sort { by: FieldId::Name, reversed }, Timestamp::UNIX_EPOCH);
            let mut naive: Vec<_> = apps.all().filter(|r| r.health == Health::Degraded).map(|r| r.key.clone()).collect();
            naive.sort();
            if reversed { naive.reverse(); }
            let listed: Vec<_> = (0..index.len()).map(|n| apps.get(index.at(n).unwrap()).unwrap().key.clone()).collect();
            prop_assert_eq!(listed, naive);
        }
    }
}
