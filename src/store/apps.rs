//! The Applications of every source, and the sources themselves.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::census::Census;
use super::changes::Changes;
use super::delta::{Delta, LiveDelta};
use super::live::Live;
use super::slot::{Slot, is_placed_otherwise, moves_order, worst};
use super::source_state::{ServedBy, SourceState};
use super::windows::{Projects, own};
use crate::domain::time::after;
use crate::domain::{
    AppKey, AppRow, Classifier, Environment, Fullness, Link, Phase, SourceFacts, Symbol, Timestamp, Trouble,
    TroubleKind, operation::HELD_MESSAGE, trouble,
};

/// The place of a row. Valid until the row is removed; the place may then be taken by another.
pub type RowId = u32;

/// All Applications of all sources.
///
/// Two generations tell readers what moved: [`Apps::order_generation`] when the set of rows or anything they are
/// sorted, filtered or counted by changed; [`Apps::generation`] at any change at all.
#[derive(Debug, Default)]
pub struct Apps {
    pub(super) slots: Vec<Option<Slot>>,
    free: Vec<RowId>,
    by_key: HashMap<AppKey, RowId>,
    sources: BTreeMap<Symbol, SourceState>,
    classifier: Arc<Classifier>,
    pub(super) census: Census,
    pub(super) generation: u64,
    pub(super) order_generation: u64,
    placement: u64,
    /// Operations that say "held" but are too young to be called so yet, and when they will not be.
    ripening: Vec<(Timestamp, AppKey)>,
    /// What runs in the clusters, where somebody looks.
    pub(super) live: Live,
    /// What holds auto-sync.
    pub(super) projects: Projects,
    changes: Changes,
    left_out: usize,
}

impl Apps {
    /// An empty store that describes environments with `classifier`.
    #[must_use]
    pub fn new(classifier: Arc<Classifier>) -> Self {
        Self { classifier, ..Self::default() }
    }

    /// Describes environments with another classifier from now on; rows stay where they are until they are read anew.
    pub fn classify_by(&mut self, classifier: Arc<Classifier>) {
        self.classifier = classifier;
        self.generation += 1;
        self.order_generation += 1;
    }

    /// Names a source that exists, so that it is listed even while it is off.
    pub fn add_source(&mut self, name: Symbol, facts: SourceFacts) {
        self.sources.entry(name).or_default().facts = facts;
        self.generation += 1;
    }

    /// Names the argocd-server of a source.
    pub fn add_server(&mut self, name: Symbol, server: ServedBy) {
        self.sources.entry(name).or_default().server = Some(server);
        self.generation += 1;
    }

    /// Takes one change in. `now` decides what is trouble already.
    pub fn apply(&mut self, delta: Delta, now: Timestamp) {
        self.generation += 1;
        match delta {
            Delta::Link(source, link) => self.sources.entry(source).or_default().link = link,
            Delta::Facts(source, facts) => self.sources.entry(source).or_default().facts = *facts,
            Delta::Begin(source) => self.sources.entry(source).or_default().epoch += 1,
            Delta::Upsert(row) => self.upsert(*row, now),
            Delta::Remove(key) => self.remove(&key, now),
            Delta::Settle(source) => self.settle(&source, now),
            Delta::Replace(source, rows) => {
                self.sources.entry(source.clone()).or_default().epoch += 1;
                for row in rows {
                    self.upsert(row, now);
                }
                self.settle(&source, now);
            }
            Delta::Live(delta) => self.apply_live(delta, now),
        }
    }

    fn apply_live(&mut self, delta: LiveDelta, now: Timestamp) {
        match delta {
            LiveDelta::Pods(context, namespace, delta) => self.take_pods(&(context, namespace), delta, now),
            LiveDelta::Events(context, namespace, delta) => self.take_events(&(context, namespace), delta, now),
            LiveDelta::Projects(source, namespace, delta) => self.take_projects(&(source, namespace), delta, now),
            LiveDelta::Detail(app, detail) => self.take_detail(app, Some(detail)),
            LiveDelta::ForgetDetail(app) => self.take_detail(app, None),
            LiveDelta::Words(run, words) => drop(self.live.words.insert(run, *words)),
            LiveDelta::ForgetWords(run) => drop(self.live.words.remove(&run)),
            LiveDelta::Object(context, name, object) => drop(self.live.objects.insert((context, name), *object)),
            LiveDelta::Clusters(source, names) => self.take_names(source, *names, now),
            LiveDelta::ForgetObject(context, name) => drop(self.live.objects.remove(&(context, name))),
            LiveDelta::Comparison(app, versus, comparison) => {
                drop(self.live.comparisons.insert((app, versus), comparison));
            }
            LiveDelta::ForgetComparison(app, versus) => drop(self.live.comparisons.remove(&(app, versus))),
        }
    }

    fn upsert(&mut self, row: AppRow, now: Timestamp) {
        let waiting = self.waiting(&row, now);
        let source = self.sources.entry(row.key.source.clone()).or_default();
        let epoch = source.epoch;
        let trouble = own(&row, &waiting, now);
        if let Some(operation) = &row.operation
            && operation.message.as_deref() == Some(HELD_MESSAGE)
            && operation.phase == Some(Phase::Running)
            && let Some(started) = operation.started
            && !operation.is_held(now)
        {
            self.ripening.push((after(started, std::time::Duration::from_secs(3)), row.key.clone()));
        }
        if let Some(&id) = self.by_key.get(&row.key)
            && let Some(slot) = &mut self.slots[id as usize]
        {
            slot.epoch = epoch;
            if row.fullness == Fullness::Sketch && slot.row.fullness == Fullness::Full {
                return;
            }
            if slot.row == row && slot.trouble == worst(trouble, slot.pods.as_deref()) {
                return;
            }
            let moved = self.live.is_moved(&slot.row, &row);
            let left = if moved { self.live.displace(id, &slot.row) } else { Vec::new() };
            source.waiting = source.waiting + u32::from(waiting.waits) - u32::from(slot.waiting.waits);
            slot.waiting = waiting;
            slot.own = trouble;
            let trouble = worst(trouble, slot.pods.as_deref());
            if moves_order(&slot.row, &row) || slot.trouble != trouble {
                self.order_generation += 1;
            }
            self.placement += u64::from(is_placed_otherwise(&slot.row, &row));
            self.census.forget(&slot.row, slot.trouble);
            self.census.count(&row, trouble);
            if slot.row.fullness == Fullness::Full {
                self.changes.note(&slot.row, &row, now);
            }
            slot.row = row;
            slot.trouble = trouble;
            if moved {
                self.place(id, left, now);
            }
            return;
        }
        source.apps += 1;
        source.waiting += u32::from(waiting.waits);
        self.order_generation += 1;
        self.placement += 1;
        self.census.count(&row, trouble);
        let key = row.key.clone();
        let slot = Some(Slot { row, epoch, waiting, own: trouble, trouble, pods: None });
        let id = if let Some(id) = self.free.pop() {
            self.slots[id as usize] = slot;
            id
        } else {
            self.slots.push(slot);
            (self.slots.len() - 1) as RowId
        };
        self.by_key.insert(key, id);
        self.place(id, Vec::new(), now);
    }

    fn remove(&mut self, key: &AppKey, now: Timestamp) {
        let Some(id) = self.by_key.remove(key) else { return };
        self.order_generation += 1;
        self.placement += 1;
        let mut waited = 0;
        if let Some(slot) = self.slots[id as usize].take() {
            waited = u32::from(slot.waiting.waits);
            self.census.forget(&slot.row, slot.trouble);
            self.live.forget(key);
            for left in self.live.displace(id, &slot.row) {
                self.judge(&left, None, now);
            }
        }
        self.free.push(id);
        if let Some(source) = self.sources.get_mut(&key.source) {
            source.apps = source.apps.saturating_sub(1);
            source.waiting = source.waiting.saturating_sub(waited);
        }
    }

    fn settle(&mut self, source: &Symbol, now: Timestamp) {
        let epoch = self.sources.get(source).map_or(0, |s| s.epoch);
        let gone: Vec<AppKey> = self
            .slots
            .iter()
            .flatten()
            .filter(|slot| slot.row.key.source == *source && slot.epoch != epoch)
            .map(|slot| slot.row.key.clone())
            .collect();
        for key in gone {
            self.remove(&key, now);
        }
    }

    /// When a verdict may change by time alone.
    #[must_use]
    pub fn next_verdict(&self) -> Option<Timestamp> {
        self.ripening
            .iter()
            .map(|(at, _)| *at)
            .chain(self.live.next_verdict())
            .chain(self.projects.next_verdict())
            .min()
    }

    /// Judges again what time alone may have changed.
    pub fn ripen(&mut self, now: Timestamp) {
        let (ripe, young): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.ripening).into_iter().partition(|(at, _)| *at <= now);
        self.ripening = young;
        for (_, key) in ripe {
            if let Some(row) = self.find(&key).and_then(|id| self.get(id)).cloned() {
                self.generation += 1;
                self.upsert(row, now);
            }
        }
        self.ripen_pods(now);
        self.ripen_windows(now);
    }

    /// The row at `id`.
    #[must_use]
    pub fn get(&self, id: RowId) -> Option<&AppRow> {
        self.slots.get(id as usize)?.as_ref().map(|s| &s.row)
    }

    /// Where an Application stands.
    #[must_use]
    pub fn find(&self, key: &AppKey) -> Option<RowId> {
        self.by_key.get(key).copied()
    }

    /// The kind of trouble the row at `id` is in.
    #[must_use]
    pub fn trouble_kind(&self, id: RowId) -> Option<TroubleKind> {
        self.slots.get(id as usize)?.as_ref()?.trouble
    }

    /// The whole verdict on the row at `id`.
    #[must_use]
    pub fn trouble(&self, id: RowId, now: Timestamp) -> Option<Trouble> {
        let slot = self.slots.get(id as usize)?.as_ref()?;
        let own = trouble::worse(slot.row.trouble(now), self.held(id));
        trouble::worse(own, slot.pods.as_deref().cloned())
    }

    /// Every row, for indexes, counts and headless output; views do not iterate.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (RowId, &AppRow, Option<TroubleKind>)> {
        let numbered = self.slots.iter().enumerate();
        numbered.filter_map(|(id, slot)| slot.as_ref().map(|s| (id as RowId, &s.row, s.trouble)))
    }

    /// Every row, in no order, for output that is not a screen.
    pub fn all(&self) -> impl Iterator<Item = &AppRow> {
        self.iter().map(|(_, row, _)| row)
    }

    /// How many Applications there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// How Applications changed since the start.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// How much of what the visible screen shows is not read, because it is too much.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Says how much of what the visible screen shows is not read.
    pub fn set_left_out(&mut self, count: usize) {
        self.left_out = count;
    }

    /// The sources, by name.
    #[must_use]
    pub fn sources(&self) -> &BTreeMap<Symbol, SourceState> {
        &self.sources
    }

    /// The link of a source; off when nobody knows it.
    #[must_use]
    pub fn link(&self, source: &Symbol) -> &Link {
        const OFF: &Link = &Link::Off;
        self.sources.get(source).map_or(OFF, |s| &s.link)
    }

    /// Counts by environment, kept by the deltas.
    #[must_use]
    pub fn census(&self) -> &Census {
        &self.census
    }

    /// The environments that have Applications, in their order.
    #[must_use]
    pub fn environments(&self) -> Vec<Environment> {
        let mut found: Vec<_> = self.census.names().map(|name| self.classifier.describe(name)).collect();
        found.sort_by(|a, b| a.order.cmp(&b.order).then_with(|| a.name.cmp(&b.name)));
        found
    }

    /// Order, protection and colour of an environment.
    #[must_use]
    pub fn describe(&self, environment: &Symbol) -> Environment {
        self.classifier.describe(environment)
    }

    /// Moves at any change.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Moves when rows come, go, or change what they are sorted, filtered or counted by.
    #[must_use]
    pub fn order_generation(&self) -> u64 {
        self.order_generation
    }

    /// Moves when the set of rows changes, or the service or the environment of one of them.
    #[must_use]
    pub fn placement(&self) -> u64 {
        self.placement
    }
}

#[cfg(test)]
#[path = "apps_tests.rs"]
mod tests;
