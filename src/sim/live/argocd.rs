//! The Argo CD of each cluster, on the world's clock.

use crate::sim::argocd::{Cluster, Controller, Pace};
use crate::sim::git::RepoServer;
use crate::sim::kinds::KINDS;
use crate::sim::live::Agenda;
use crate::sim::populate::Stage;
use jiff::Timestamp;

/// Starts the application controller of a cluster; it looks at nothing before `from`, and never at `left_alone`.
pub fn begin(agenda: &mut Agenda, stage: &Stage, server: &RepoServer, left_alone: Vec<String>, from: Timestamp) {
    let (stage, repository) = (stage.clone(), Box::new(server.clone()));
    agenda.at(from, move |play| {
        let clusters = vec![Cluster::local(&stage.store)];
        let (store, namespace) = (&stage.store, &stage.argocd_namespace);
        let mut controller = Controller::except(
            left_alone.into_iter().collect(),
            store,
            namespace,
            clusters,
            repository,
            Pace::default(),
        );
        let watched = KINDS.iter().filter(|kind| kind.is_stored() && !kind.is_alias() && kind.kind != "Event");
        let wakes = watched.map(|kind| stage.store.subscribe(kind.kind)).collect();
        let mut due: Option<Timestamp> = None;
        play.agenda.observe(wakes, move |at, agenda| {
            let Some(next) = controller.step(at) else { return };
            if due.is_none_or(|due| due <= at || next < due) {
                // everybody looks again after an act, and this one does nothing else
                agenda.at(next, |_| {});
                due = Some(next);
            }
        });
    });
}
