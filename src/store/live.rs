//! What runs in the clusters for the Applications somebody looks at, and the verdicts that follow from it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::apps::{Apps, RowId, worst};
use super::delta::{EventsDelta, NamespaceDelta, PodsDelta};
use super::events::Events;
use super::placed::Placed;
use super::pods::{Place, Pods, Touched};
use crate::domain::{
    AppDetail, AppKey, AppRow, Event, LastWords, LiveObject, ObjectName, Pod, Route, Routes, Run, Symbol, Timestamp,
    Trouble, trouble,
};

/// Pods, Events and details, and which Applications they belong to.
#[derive(Debug, Default)]
pub(super) struct Live {
    pods: Pods,
    events: Events,
    details: BTreeMap<AppKey, AppDetail>,
    pub(super) words: BTreeMap<Run, LastWords>,
    /// By the context they were read through.
    pub(super) objects: BTreeMap<(Symbol, ObjectName), LiveObject>,
    routes: Arc<Routes>,
    /// Kept for places whose pods are read only: nobody else asks.
    placed: HashMap<Place, Placed>,
    /// When time alone may change the verdict on a place.
    ripening: BTreeMap<Place, Timestamp>,
}

impl Live {
    /// When a verdict on pods may change by time alone.
    pub fn next_verdict(&self) -> Option<Timestamp> {
        self.ripening.values().min().copied()
    }

    /// Whether other pods belong to a row than before.
    pub fn is_moved(&self, old: &AppRow, new: &AppRow) -> bool {
        !self.placed.is_empty() && (old.workloads != new.workloads || old.destination != new.destination)
    }

    /// A row is gone, or about to be another: the place it leaves, if anybody looks at that.
    pub fn displace(&mut self, id: RowId, row: &AppRow) -> Option<Place> {
        if self.placed.is_empty() {
            return None;
        }
        let place = self.routes.place(row)?;
        self.placed.get_mut(&place)?.remove(id, row);
        Some(place)
    }

    /// Nobody asks for an Application any more.
    pub fn forget(&mut self, key: &AppKey) {
        self.details.remove(key);
    }

    /// The latest failed probe of a pod.
    pub fn unhealthy(&self, place: &Place, pod: &Pod) -> Option<&Event> {
        let may_matter = pod.containers.iter().any(|c| !c.ready && !c.init);
        if !may_matter {
            return None;
        }
        self.events
            .at(place)
            .find(|e| e.warning && &*e.reason == "Unhealthy" && &*e.object.kind == "Pod" && e.object.name == pod.name)
    }
}

impl Apps {
    /// Says which cluster is where; every row is judged anew.
    pub fn set_routes(&mut self, routes: Arc<Routes>, now: Timestamp) {
        self.live.routes = routes;
        let places: Vec<Place> = self.live.placed.keys().cloned().collect();
        self.live.placed.clear();
        for id in 0..self.slots.len() {
            self.set_pods_verdict(id as RowId, None);
        }
        for place in places {
            self.look_at(&place);
            self.judge(&place, None, now);
        }
    }

    /// Which cluster is where.
    #[must_use]
    pub fn routes(&self) -> &Arc<Routes> {
        &self.live.routes
    }

    /// How the objects of the row at `id` are reached.
    #[must_use]
    pub fn route(&self, id: RowId) -> Option<Route> {
        self.get(id).map(|row| self.live.routes.of(row))
    }

    /// Context and namespace the objects of the row at `id` live in.
    #[must_use]
    pub fn place_of(&self, id: RowId) -> Option<Place> {
        self.get(id).and_then(|row| self.live.routes.place(row))
    }

    /// All pods that are known.
    #[must_use]
    pub fn pods(&self) -> &Pods {
        &self.live.pods
    }

    /// The pods of the row at `id`, by name; none while nobody reads its namespace.
    #[must_use]
    pub fn pods_of(&self, id: RowId) -> Vec<&Pod> {
        let Some(place) = self.place_of(id) else { return Vec::new() };
        let Some(placed) = self.live.placed.get(&place) else { return Vec::new() };
        self.live.pods.at(&place).filter(|pod| placed.owners(pod).contains(&id)).collect()
    }

    /// All Events that are known.
    #[must_use]
    pub fn events(&self) -> &Events {
        &self.live.events
    }

    /// The resources of an Application, where somebody looks.
    #[must_use]
    pub fn detail(&self, app: &AppKey) -> Option<&AppDetail> {
        self.live.details.get(app)
    }

    /// What a run wrote last, where somebody looks.
    #[must_use]
    pub fn last_words(&self, run: &Run) -> Option<&LastWords> {
        self.live.words.get(run)
    }

    /// A live object of the row at `id`, where somebody looks.
    #[must_use]
    pub fn object(&self, id: RowId, name: &ObjectName) -> Option<&LiveObject> {
        let route = self.route(id)?;
        self.live.objects.get(&(route.context()?.clone(), name.clone()))
    }

    /// Whether an object was read through a context, or is known to be out of reach.
    #[must_use]
    pub fn has_object(&self, context: &Symbol, name: &ObjectName) -> bool {
        self.live.objects.contains_key(&(context.clone(), name.clone()))
    }

    pub(super) fn take_pods(&mut self, place: &Place, delta: PodsDelta, now: Timestamp) {
        if !self.live.placed.contains_key(place) {
            self.look_at(place);
        }
        match self.live.pods.apply(place, delta) {
            Touched::Nothing => {}
            Touched::All => self.judge(place, None, now),
            Touched::Pod(states) => {
                let placed = self.live.placed.get(place);
                let owners: BTreeSet<RowId> = states
                    .iter()
                    .flatten()
                    .flat_map(|pod| placed.map_or(&[][..], |placed| placed.owners(pod)))
                    .copied()
                    .collect();
                self.judge(place, Some(owners), now);
            }
        }
        if self.live.pods.link(place).is_none() {
            self.live.placed.remove(place);
            self.live.ripening.remove(place);
        }
    }

    pub(super) fn take_events(&mut self, place: &Place, delta: EventsDelta, now: Timestamp) {
        let about_probes = match &delta {
            NamespaceDelta::Upsert(event) => &*event.reason == "Unhealthy",
            NamespaceDelta::Replace(_) => true,
            NamespaceDelta::Remove(_) | NamespaceDelta::Link(_) => false,
        };
        self.live.events.apply(place, delta);
        if about_probes && self.live.placed.contains_key(place) {
            self.judge(place, None, now);
        }
    }

    pub(super) fn take_detail(&mut self, app: AppKey, detail: Option<Box<AppDetail>>) {
        match detail {
            Some(detail) if self.find(&app).is_some() => drop(self.live.details.insert(app, *detail)),
            _ => drop(self.live.details.remove(&app)),
        }
    }

    /// A new row, or one that deploys elsewhere or other things than before, finds its pods; `left` is where it was.
    pub(super) fn place(&mut self, id: RowId, left: Option<Place>, now: Timestamp) {
        if self.live.placed.is_empty() {
            return;
        }
        let Some(row) = self.slots[id as usize].as_ref().map(|slot| &slot.row) else { return };
        let place = self.live.routes.place(row);
        match place.as_ref().and_then(|place| self.live.placed.get_mut(place)) {
            Some(placed) => placed.add(id, row),
            None => self.set_pods_verdict(id, None),
        }
        // who lists a pod takes it from who is only named by its label, so the others are judged too
        let places: BTreeSet<Place> = left.into_iter().chain(place).collect();
        for place in places {
            self.judge(&place, None, now);
        }
    }

    /// Pods of a place come in for the first time.
    fn look_at(&mut self, place: &Place) {
        let mut placed = Placed::default();
        for (id, slot) in self.slots.iter().enumerate() {
            if let Some(slot) = slot
                && slot.row.destination.namespace == place.1
                && self.live.routes.place(&slot.row).as_ref() == Some(place)
            {
                placed.add(id as RowId, &slot.row);
            }
        }
        self.live.placed.insert(place.clone(), placed);
    }

    /// Judges Applications by their pods: these, or all of the place.
    pub(super) fn judge(&mut self, place: &Place, only: Option<BTreeSet<RowId>>, now: Timestamp) {
        let Some(placed) = self.live.placed.get(place) else { return };
        let judged = only.unwrap_or_else(|| placed.ids.clone());
        let mut verdicts: BTreeMap<RowId, Option<Trouble>> = judged.into_iter().map(|id| (id, None)).collect();
        let mut next = self.live.ripening.remove(place).filter(|at| *at > now);
        for pod in self.live.pods.at(place) {
            let owners = placed.owners(pod);
            if !owners.iter().any(|id| verdicts.contains_key(id)) {
                continue;
            }
            let (verdict, until) = trouble::of_pod(pod, self.live.unhealthy(place, pod), now);
            next = [next, until].into_iter().flatten().min();
            for id in owners {
                if let Some(worst) = verdicts.get_mut(id) {
                    *worst = trouble::worse(worst.take(), verdict.clone());
                }
            }
        }
        if let Some(next) = next {
            self.live.ripening.insert(place.clone(), next);
        }
        for (id, verdict) in verdicts {
            self.set_pods_verdict(id, verdict);
        }
    }

    fn set_pods_verdict(&mut self, id: RowId, verdict: Option<Trouble>) {
        let Some(slot) = self.slots.get_mut(id as usize).and_then(Option::as_mut) else { return };
        if slot.pods.as_deref() == verdict.as_ref() {
            return;
        }
        slot.pods = verdict.map(Box::new);
        let trouble = worst(slot.own, slot.pods.as_deref());
        if slot.trouble != trouble {
            self.census.forget(&slot.row, slot.trouble);
            self.census.count(&slot.row, trouble);
            slot.trouble = trouble;
            self.order_generation += 1;
        }
    }

    pub(super) fn ripen_pods(&mut self, now: Timestamp) {
        let ripe: Vec<Place> =
            self.live.ripening.iter().filter(|(_, at)| **at <= now).map(|(p, _)| p.clone()).collect();
        for place in ripe {
            self.judge(&place, None, now);
        }
    }
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
