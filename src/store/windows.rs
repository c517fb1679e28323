//! The sync windows of the projects, and which Applications they hold.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::apps::{Apps, RowId};
use super::delta::{NamespaceDelta, ProjectsDelta};
use super::pods::Place;
use super::slot::worst;
use crate::domain::time::after;
use crate::domain::window::{ProjectWindows, Subject, Verdict, Windows};
use crate::domain::{AppRow, Link, Symbol, Timestamp, Trouble, trouble};

/// Verdicts are looked at again this often at the latest while anything waits: clocks are put back and forth, and a
/// window that begins every minute has its end out of sight.
const AGAIN: Duration = Duration::from_hours(1);

/// The projects of every source whose auto-sync waits somewhere.
#[derive(Debug, Default)]
pub(super) struct Projects {
    at: BTreeMap<Place, Known>,
}

#[derive(Debug, Default)]
struct Known {
    link: Link,
    windows: HashMap<Symbol, ProjectWindows>,
    /// Verdicts by the windows they come from: many Applications share them. They hold until `next`.
    judged: Vec<(Windows, Option<Arc<Trouble>>)>,
    next: Option<Timestamp>,
}

/// What auto-sync does at a row.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    /// It has something to do and does not do it.
    pub waits: bool,
    /// The verdict, where a window is why.
    pub held: Option<Arc<Trouble>>,
}

impl Known {
    fn forget_verdicts(&mut self) {
        self.judged.clear();
        self.next = None;
    }

    fn judge(&mut self, row: &AppRow, now: Timestamp) -> Option<Arc<Trouble>> {
        let project = if row.project.is_empty() { "default" } else { &row.project };
        let windows = self.windows.get(project)?.matching(Subject::of(row));
        if windows.is_empty() {
            return None;
        }
        if let Some((_, known)) = self.judged.iter().find(|(known, _)| *known == windows) {
            return known.clone();
        }
        let (held, turns) = match windows.decide(now, false) {
            Verdict::Open { until } => (None, until),
            Verdict::Closed { why, opens } => (Some(Arc::new(trouble::held_by_window(&why, opens))), opens),
        };
        let again = after(now, AGAIN);
        let turns = turns.map_or(again, |at| at.min(again));
        self.next = Some(self.next.map_or(turns, |next| next.min(turns)));
        self.judged.push((windows, held.clone()));
        held
    }
}

impl Projects {
    /// When a window may hold or let go of an Application.
    pub fn next_verdict(&self) -> Option<Timestamp> {
        self.at.values().filter_map(|known| known.next).min()
    }
}

impl Apps {
    /// What auto-sync does at a row that comes in. A row that waits as it did is not judged anew: its windows and the
    /// time are, when they change.
    pub(super) fn waiting(&mut self, row: &AppRow, now: Timestamp) -> Waiting {
        if !trouble::awaits_auto_sync(row) {
            return Waiting::default();
        }
        let old = self.find(&row.key).and_then(|id| self.slots[id as usize].as_ref());
        if let Some(old) = old
            .filter(|old| old.waiting.waits && old.row.project == row.project && old.row.destination == row.destination)
        {
            return old.waiting.clone();
        }
        let place = self.projects_place(&row.key.source);
        Waiting { waits: true, held: self.projects.at.get_mut(&place).and_then(|known| known.judge(row, now)) }
    }

    /// Where AppProjects are to be read: where auto-sync waits, or has waited since the source was turned on.
    pub fn projects_wanted(&self) -> impl Iterator<Item = Place> {
        let on = self.sources().iter().filter(|(_, state)| state.link != Link::Off);
        let known = |place: &Place| self.projects.at.contains_key(place);
        on.map(|(name, state)| (self.projects_place(name), state.waiting > 0))
            .filter(move |(place, waits)| !place.1.is_empty() && (*waits || known(place)))
            .map(|(place, _)| place)
    }

    /// How reading the AppProjects of a namespace goes; nothing while nobody reads them.
    #[must_use]
    pub fn projects_link(&self, place: &Place) -> Option<&Link> {
        self.projects.at.get(place).map(|known| &known.link)
    }

    /// Where the AppProjects of a source are.
    #[must_use]
    pub fn projects_place(&self, source: &Symbol) -> Place {
        let namespace = self.sources().get(source).map(|state| state.facts.argocd_namespace.clone());
        (source.clone(), namespace.unwrap_or_default())
    }

    pub(super) fn take_projects(&mut self, place: &Place, delta: ProjectsDelta, now: Timestamp) {
        if delta == NamespaceDelta::Link(Link::Off) {
            self.projects.at.remove(place);
            self.judge_waiting(place, now);
            return;
        }
        let known = self.projects.at.entry(place.clone()).or_default();
        match delta {
            NamespaceDelta::Link(link) => {
                known.link = link;
                return;
            }
            NamespaceDelta::Replace(projects) => {
                known.windows = projects.into_iter().map(|project| (project.name, project.windows)).collect();
            }
            NamespaceDelta::Upsert(project) => drop(known.windows.insert(project.name, project.windows)),
            NamespaceDelta::Remove(name) => drop(known.windows.remove(&name)),
        }
        self.judge_waiting(place, now);
    }

    pub(super) fn ripen_windows(&mut self, now: Timestamp) {
        let is_ripe = |known: &Known| known.next.is_some_and(|at| at <= now);
        let ripe: Vec<Place> =
            self.projects.at.iter().filter(|(_, known)| is_ripe(known)).map(|(place, _)| place.clone()).collect();
        for place in ripe {
            self.judge_waiting(&place, now);
        }
    }

    /// Judges every row of the source anew at which auto-sync waits.
    fn judge_waiting(&mut self, place: &Place, now: Timestamp) {
        if *place != self.projects_place(&place.0) {
            return;
        }
        let mut known = self.projects.at.get_mut(place);
        if let Some(known) = &mut known {
            known.forget_verdicts();
        }
        for slot in self.slots.iter_mut().flatten() {
            if !slot.waiting.waits || slot.row.key.source != place.0 {
                continue;
            }
            let held = known.as_mut().and_then(|known| known.judge(&slot.row, now));
            if slot.waiting.held == held {
                continue;
            }
            slot.waiting.held = held;
            self.generation += 1;
            slot.own = own(&slot.row, &slot.waiting, now);
            let trouble = worst(slot.own, slot.pods.as_deref());
            if slot.trouble != trouble {
                self.census.forget(&slot.row, slot.trouble);
                self.census.count(&slot.row, trouble);
                slot.trouble = trouble;
                self.order_generation += 1;
            }
        }
    }

    /// The verdict of the windows on the row at `id`.
    pub(super) fn held(&self, id: RowId) -> Option<Trouble> {
        let slot = self.slots.get(id as usize)?.as_ref()?;
        slot.waiting.held.as_deref().cloned()
    }
}

/// The kind of the worst verdict on a row without its pods.
pub(super) fn own(row: &AppRow, waiting: &Waiting, now: Timestamp) -> Option<crate::domain::TroubleKind> {
    worst(row.trouble(now).map(|t| t.kind), waiting.held.as_deref())
}

#[cfg(test)]
#[path = "windows_tests.rs"]
mod tests;
