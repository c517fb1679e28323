//! The Applications a scenario tells of.

use crate::sim::git::told;
use crate::sim::manifest::app::{App, Automated, Release};
use crate::sim::scenario::{Environment, Scenario, Service, Source};
use crate::sim::time::minus;
use jiff::Timestamp;
use std::time::Duration;

/// The Applications a scenario has in a source, before anybody looked into their repository.
#[must_use]
pub fn apps_of(scenario: &Scenario, source: &Source, now: Timestamp) -> Vec<App> {
    let here = scenario.environments.iter().filter(|one| one.source.get_ref() == source.name.get_ref());
    here.flat_map(|environment| {
        scenario.services.iter().filter_map(move |service| app(scenario, source, (environment, service), now))
    })
    .collect()
}

fn app(
    scenario: &Scenario,
    source: &Source,
    (environment, service): (&Environment, &Service),
    now: Timestamp,
) -> Option<App> {
    let (name, env) = (service.name.get_ref(), environment.name.get_ref());
    let releases: Vec<Release> = service
        .releases
        .iter()
        .filter(|release| release.environment.get_ref() == env)
        .map(|release| Release {
            version: release.version.clone(),
            message: told::message(service, release),
            revision: String::new(),
            at: minus(now, release.age),
            by: release.by.clone(),
        })
        .collect();
    let first = releases.first()?.at;
    let chart = format!("helm/charts/{}", service.chart.as_ref().unwrap_or(name));
    let values = format!("helm/overlays/{env}/{name}.yaml");
    let has_charts = scenario.gitops.is_some();
    Some(App {
        name: format!("{name}-{env}"),
        argocd_namespace: source.argocd_namespace.clone(),
        namespace: format!("{}-{env}", scenario.name.get_ref()),
        service: name.clone(),
        environment: env.clone(),
        team: service.team.clone(),
        project: scenario.name.get_ref().clone(),
        repository: scenario.repository.clone(),
        path: if has_charts { chart } else { told::folder(env, name) },
        values: has_charts.then_some(values),
        target_revision: environment.branch.clone(),
        automated: environment.auto_sync.map(|auto| Automated { prune: auto.prune, self_heal: auto.self_heal }),
        image: service.image.clone().unwrap_or_else(|| name.clone()),
        releases,
        head: String::new(),
        resources: Vec::new(),
        hooks: Vec::new(),
        created: minus(first, Duration::from_mins(1)),
    })
}
