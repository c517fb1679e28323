//! What runs in the clusters for the Applications somebody looks at, and the verdicts that follow from it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::apps::{Apps, RowId};
use super::delta::{EventsDelta, NamespaceDelta, PodsDelta};
use super::events::Events;
use super::placed::Placed;
use super::pods::{Place, Pods, Touched};
use super::slot::worst;
use crate::domain::{
    AppDetail, AppKey, AppRow, ClusterNames, Comparison, Event, LastWords, LiveObject, ObjectName, Pod, Route, Routes,
    Run, Symbol, Timestamp, Trouble, Versus, trouble,
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
    pub(super) comparisons: BTreeMap<(AppKey, Versus), Arc<Comparison>>,
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

    /// A row is gone, or about to be another: the places it leaves, of those that anybody looks at.
    pub fn displace(&mut self, id: RowId, row: &AppRow) -> Vec<Place> {
        if self.placed.is_empty() {
            return Vec::new();
        }
        let mut left = self.routes.places(row);
        left.retain(|place| {
            let placed = self.placed.get_mut(place);
            placed.map(|placed| placed.remove(id, row, &place.1)).is_some()
        });
        left
    }

    /// The pods of a row that live in one of its places.
    fn pods_at<'a>(&'a self, place: &Place, id: RowId) -> impl Iterator<Item = &'a Pod> + use<'a> {
        let placed = self.placed.get(place);
        self.pods.at(place).filter(move |pod| placed.is_some_and(|placed| placed.owners(pod).contains(&id)))
    }

    /// Nobody asks for an Application any more.
    pub fn forget(&mut self, key: &AppKey) {
        self.details.remove(key);
        self.comparisons.retain(|(app, _), _| app != key);
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

    /// What the Argo CD of a source calls its clusters was read.
    pub(super) fn take_names(&mut self, source: Symbol, names: ClusterNames, now: Timestamp) {
        let routes = Routes::clone(&self.live.routes).naming(source, names);
        self.set_routes(Arc::new(routes), now);
    }

    /// How the objects of the row at `id` are reached.
    #[must_use]
    pub fn route(&self, id: RowId) -> Option<Route> {
        self.get(id).map(|row| self.live.routes.of(row))
    }

    /// Contexts and namespaces the objects of the row at `id` live in, the destination's first.
    #[must_use]
    pub fn places_of(&self, id: RowId) -> Vec<Place> {
        self.get(id).map_or_else(Vec::new, |row| self.live.routes.places(row))
    }

    /// All pods that are known.
    #[must_use]
    pub fn pods(&self) -> &Pods {
        &self.live.pods
    }

    /// The pods of the row at `id`, by namespace and name; none while nobody reads its namespaces.
    #[must_use]
    pub fn pods_of(&self, id: RowId) -> Vec<&Pod> {
        self.places_of(id).iter().flat_map(|place| self.live.pods_at(place, id)).collect()
    }

    /// The pods of the row at `id` that its hooks have made; none while nobody reads its resources.
    #[must_use]
    pub fn hook_pods_of(&self, id: RowId) -> Vec<&Pod> {
        let detail = self.get(id).and_then(|row| self.detail(&row.key));
        let hooks: Vec<_> = detail.iter().flat_map(|d| &d.resources).filter(|resource| resource.hook).collect();
        let mut pods = self.pods_of(id);
        pods.retain(|pod| {
            hooks.iter().any(|hook| pod.workloads().any(|(kind, name)| *hook.kind == *kind && *hook.name == *name))
        });
        pods
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

    /// Two states of an Application compared, where somebody looks.
    #[must_use]
    pub fn comparison(&self, app: &AppKey, versus: &Versus) -> Option<&Arc<Comparison>> {
        self.live.comparisons.get(&(app.clone(), versus.clone()))
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
    pub(super) fn place(&mut self, id: RowId, left: Vec<Place>, now: Timestamp) {
        if self.live.placed.is_empty() {
            return;
        }
        let Some(row) = self.slots[id as usize].as_ref().map(|slot| &slot.row) else { return };
        let mut places: BTreeSet<Place> = left.into_iter().collect();
        let mut is_watched = false;
        for place in self.live.routes.places(row) {
            if let Some(placed) = self.live.placed.get_mut(&place) {
                placed.add(id, row, &place.1);
                places.insert(place);
                is_watched = true;
            }
        }
        if !is_watched {
            self.set_pods_verdict(id, None);
        }
        // who lists a pod takes it from who is only named by its label, so the others are judged too
        for place in places {
            self.judge(&place, None, now);
        }
    }

    /// Pods of a place come in for the first time.
    fn look_at(&mut self, place: &Place) {
        let mut placed = Placed::default();
        for (id, slot) in self.slots.iter().enumerate() {
            if let Some(slot) = slot
                && (slot.row.destination.namespace == place.1
                    || slot.row.workloads.iter().any(|workload| workload.namespace == place.1))
                && self.live.routes.places(&slot.row).contains(place)
            {
                placed.add(id as RowId, &slot.row, &place.1);
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
        // a few have pods elsewhere too: the worst of all places counts
        for (id, worst) in &mut verdicts {
            for other in self.places_of(*id).iter().filter(|other| *other != place) {
                for pod in self.live.pods_at(other, *id) {
                    let (verdict, _) = trouble::of_pod(pod, self.live.unhealthy(other, pod), now);
                    *worst = trouble::worse(worst.take(), verdict);
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
