//! Which Events are about an Application.

use super::apps::{Apps, RowId};
use crate::domain::event::fold;
use crate::domain::{AppRow, Event, ObjectRef, Symbol, Workload};

impl Apps {
    /// The Events about the row at `id`, the objects it manages, and what those made; Warnings first, then the newest.
    #[must_use]
    pub fn events_of(&self, id: RowId) -> Vec<Event> {
        let Some(row) = self.get(id) else { return Vec::new() };
        let mut places: Vec<(Symbol, Symbol)> = self.places_of(id);
        // what is told about the Application itself is told where Argo CD lives
        let own = (row.key.source.clone(), row.key.namespace.clone());
        if !places.contains(&own) {
            places.push(own);
        }
        let its = |event: &&Event| self.is_about(id, row, &event.object);
        let mut events = fold(places.iter().flat_map(|place| self.events().at(place)).filter(its));
        events.sort_by_key(|event| !event.warning);
        events
    }

    fn is_about(&self, id: RowId, row: &AppRow, object: &ObjectRef) -> bool {
        if &*object.kind == "Application" {
            return object.namespace == row.key.namespace && object.name == row.key.name;
        }
        let managed = |kind: &str, namespace: &str, name: &str| {
            *object.kind == *kind && *object.namespace == *namespace && *object.name == *name
        };
        let made = |name: &str| object.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'));
        let makes = |w: &Workload| is_made(&object.kind) && w.namespace == object.namespace && made(&w.name);
        row.workloads.iter().any(|w| managed(&w.kind, &w.namespace, &w.name) || makes(w))
            || self.pods_of(id).iter().any(|pod| managed("Pod", &pod.namespace, &pod.name))
            || self
                .detail(&row.key)
                .is_some_and(|d| d.resources.iter().any(|r| managed(&r.kind, &r.namespace, &r.name)))
    }
}

/// Kinds that workloads make and name after themselves.
fn is_made(kind: &str) -> bool {
    matches!(kind, "Pod" | "ReplicaSet" | "Job")
}
