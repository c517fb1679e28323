//! What TOML alone cannot see: names that nothing has, names given twice.

use super::error::Wrong;
use super::format::Scenario;
use std::collections::HashSet;
use toml::Spanned;

pub(super) fn check(scenario: &Scenario) -> Result<(), Wrong> {
    once("source", scenario.sources.iter().map(|source| &source.name))?;
    once("environment", scenario.environments.iter().map(|environment| &environment.name))?;
    once("service", scenario.services.iter().map(|service| &service.name))?;
    if scenario.sources.is_empty() {
        return Err(Wrong {
            span: scenario.name.span(),
            reason: "the scenario has no source".to_owned(),
            hint: "; add a [[source]] with a name".to_owned(),
        });
    }
    for environment in &scenario.environments {
        known("source", &environment.source, scenario.sources.iter().map(|source| source.name.get_ref().as_str()))?;
    }
    let environments = || scenario.environments.iter().map(|environment| environment.name.get_ref().as_str());
    for service in &scenario.services {
        for release in &service.releases {
            known("environment", &release.environment, environments())?;
        }
        if service.workloads.is_empty() {
            return Err(Wrong {
                span: service.name.span(),
                reason: format!("service `{}` has no workload", service.name.get_ref()),
                hint: "; add a [[service.workload]]".to_owned(),
            });
        }
    }
    let apps: Vec<String> = scenario
        .services
        .iter()
        .flat_map(|service| {
            service
                .releases
                .iter()
                .map(move |release| format!("{}-{}", service.name.get_ref(), release.environment.get_ref()))
        })
        .collect();
    let named = scenario.crashes.iter().map(|crash| &crash.app);
    let named = named.chain(scenario.drifts.iter().map(|drift| &drift.app));
    let named = named.chain(scenario.syncing.iter().map(|syncing| &syncing.app));
    let named = named.chain(scenario.notices.iter().map(|notice| &notice.app));
    let named = named.chain(scenario.deploys.iter().map(|deploy| &deploy.app));
    for app in named {
        known("app", app, apps.iter().map(String::as_str))?;
    }
    Ok(())
}

fn known<'a>(what: &str, name: &Spanned<String>, there: impl Iterator<Item = &'a str> + Clone) -> Result<(), Wrong> {
    if there.clone().any(|candidate| candidate == name.get_ref()) {
        return Ok(());
    }
    Err(Wrong::unknown(name.span(), what, name.get_ref(), there))
}

fn once<'a>(what: &str, names: impl Iterator<Item = &'a Spanned<String>>) -> Result<(), Wrong> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name.get_ref().as_str()) {
            let reason = format!("{what} `{}` is there twice", name.get_ref());
            return Err(Wrong { span: name.span(), reason, hint: String::new() });
        }
    }
    Ok(())
}
