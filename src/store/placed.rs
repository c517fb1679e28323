//! Which Applications the pods of a namespace belong to.

use std::collections::{BTreeSet, HashMap};

use super::apps::RowId;
use crate::domain::{AppRow, Pod, Symbol, Workload};

/// The Applications that have objects in one place, found by what their pods tell.
#[derive(Debug, Default)]
pub(super) struct Placed {
    /// All of them.
    pub ids: BTreeSet<RowId>,
    by_workload: HashMap<Symbol, HashMap<Symbol, Vec<RowId>>>,
    by_name: HashMap<Symbol, Vec<RowId>>,
}

impl Placed {
    /// An Application has objects in this namespace.
    pub fn add(&mut self, id: RowId, row: &AppRow, namespace: &Symbol) {
        self.ids.insert(id);
        for Workload { kind, name, .. } in within(row, namespace) {
            let named = self.by_workload.entry(kind.clone()).or_default();
            named.entry(name.clone()).or_default().push(id);
        }
        self.by_name.entry(row.key.name.clone()).or_default().push(id);
    }

    /// An Application is gone from here; `row` is as it was added.
    pub fn remove(&mut self, id: RowId, row: &AppRow, namespace: &Symbol) {
        self.ids.remove(&id);
        for Workload { kind, name, .. } in within(row, namespace) {
            if let Some(named) = self.by_workload.get_mut(kind) {
                take(named, name, id);
            }
        }
        take(&mut self.by_name, &row.key.name, id);
    }

    /// Whose pod this is: of whoever lists what made it, else of whoever the instance label names.
    pub fn owners(&self, pod: &Pod) -> &[RowId] {
        let listed = pod.workloads().find_map(|(kind, name)| self.by_workload.get(kind)?.get(name));
        let named = || pod.instance.as_ref().and_then(|instance| self.by_name.get(instance));
        listed.or_else(named).map_or(&[], Vec::as_slice)
    }
}

fn within<'a>(row: &'a AppRow, namespace: &'a Symbol) -> impl Iterator<Item = &'a Workload> {
    row.workloads.iter().filter(move |workload| workload.namespace == *namespace)
}

fn take(named: &mut HashMap<Symbol, Vec<RowId>>, name: &Symbol, id: RowId) {
    if let Some(ids) = named.get_mut(name) {
        if let Some(at) = ids.iter().position(|i| *i == id) {
            ids.remove(at);
        }
        if ids.is_empty() {
            named.remove(name);
        }
    }
}
