//! The Argo CD of each cluster, on the world's clock.

use super::releases::Releases;
use crate::sim::argocd::{Cluster, Controller, Pace, Sets};
use crate::sim::kinds::KINDS;
use crate::sim::live::Agenda;
use crate::sim::populate::Stage;
use jiff::Timestamp;
use std::collections::HashSet;

/// Starts the application and the ApplicationSet controller of a cluster; they look at nothing before `from`, and never at `left_alone`.
pub fn begin(agenda: &mut Agenda, stage: &Stage, releases: &Releases, left_alone: Vec<String>, from: Timestamp) {
    let (stage, repository) = (stage.clone(), Box::new(releases.clone()));
    agenda.at(from, move |play| {
        let clusters = vec![Cluster::local(&stage.store)];
        let (store, namespace) = (&stage.store, &stage.argocd_namespace);
        let left_alone: HashSet<String> = left_alone.into_iter().collect();
        let mut sets = Sets::new(left_alone.clone(), store, namespace, clusters.clone(), repository.clone());
        let mut controller = Controller::except(left_alone, store, namespace, clusters, repository, Pace::default());
        let watched = KINDS.iter().filter(|kind| kind.is_stored() && !kind.is_alias() && kind.kind != "Event");
        let wakes = watched.map(|kind| stage.store.subscribe(kind.kind)).collect();
        let mut due: Option<Timestamp> = None;
        play.agenda.observe(wakes, move |at, agenda| {
            let next = [sets.step(at), controller.step(at)].into_iter().flatten().min();
            let Some(next) = next else { return };
            if due.is_none_or(|due| due <= at || next < due) {
                // everybody looks again after an act, and this one does nothing else
                agenda.at(next, |_| {});
                due = Some(next);
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::argocd::{Manifests, Repository, Source, SourceError};
    use crate::sim::clock::Clock;
    use crate::sim::manifest::meta::text;
    use crate::sim::populate;
    use crate::sim::scenario;
    use crate::sim::store::Store;
    use crate::sim::time::plus;
    use serde_json::Value;
    use std::time::Duration;

    /// Lists need no repository.
    struct Unasked;

    impl Repository for Unasked {
        fn resolve(&self, _: &Value, _: &str) -> Result<String, SourceError> {
            Err(SourceError::NoRepository)
        }
        fn manifests(&self, _: Source<'_>, _: &str) -> Result<Manifests, SourceError> {
            Err(SourceError::NoRepository)
        }
    }

    #[test]
    fn the_set_of_a_scenario_generates_what_the_scenario_has() {
        let scenario = scenario::load("predator12").unwrap();
        let now: Timestamp = "2026-11-23T06:00:00Z".parse().unwrap();
        for source in &scenario.sources {
            let store = Store::with(Clock::new(move || now), 1);
            let stage = Stage::new(source, store.clone());
            let mut agenda = Agenda::default();
            populate::cluster(&mut agenda, &stage, source, now);
            let apps = populate::apps_of(&scenario, source, now);
            let mut random = fastrand::Rng::with_seed(1);
            populate::apps(&mut agenda, &stage, &scenario, &apps, now, &mut random);
            let clusters = vec![Cluster::local(&store)];
            let mut sets = Sets::new(HashSet::new(), &store, "argocd", clusters, Box::new(Unasked));
            let before = store.list("Application", None);
            assert_eq!(before.len(), apps.len());
            let step = |sets: &mut Sets, seconds| sets.step(plus(now, Duration::from_secs(seconds)));
            step(&mut sets, 10);
            assert_eq!(store.list("Application", None), before);
            let name = text(&before[0], "/metadata/name");
            store.update("Application", "argocd", name, |app| app["spec"]["project"] = "other".into());
            step(&mut sets, 20);
            step(&mut sets, 30);
            assert_eq!(store.get("Application", "argocd", name).unwrap()["spec"], before[0]["spec"]);
        }
    }
}
