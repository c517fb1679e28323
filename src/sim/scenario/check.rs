//! What TOML alone cannot see: names that nothing has, names given twice.

use super::error::Wrong;
use super::format::{Listen, Scenario, Sso, Window};
use crate::sim::fault::parse;
use crate::sim::network::Speaks;
use crate::sim::schedule::Schedule;
use crate::sim::time::read_duration;
use jiff::tz::TimeZone;
use std::collections::HashSet;
use toml::Spanned;

pub(super) fn check(scenario: &Scenario) -> Result<(), Wrong> {
    once("source", scenario.sources.iter().map(|source| &source.name))?;
    once("environment", scenario.environments.iter().map(|environment| &environment.name))?;
    once("service", scenario.services.iter().map(|service| &service.name))?;
    for (field, given) in [("name", scenario.name.get_ref()), ("repository", &scenario.repository)] {
        if given.is_empty() {
            let (reason, hint) =
                (format!("missing field `{field}`"), "; give it, or extends = \"predator12\"".to_owned());
            return Err(Wrong { span: 0..0, reason, hint });
        }
    }
    once("commit", scenario.commits.iter().map(|commit| &commit.name))?;
    for outage in &scenario.outages {
        known("source", &outage.source, scenario.sources.iter().map(|source| source.name.get_ref().as_str()))?;
    }
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
        if service.workloads.is_empty() && scenario.gitops.is_none() {
            return Err(Wrong {
                span: service.name.span(),
                reason: format!("service `{}` has no workload", service.name.get_ref()),
                hint: "; add a [[service.workload]]".to_owned(),
            });
        }
    }
    for listen in scenario.services.iter().flat_map(|service| &service.workloads).flat_map(|work| &work.listen) {
        ports(listen, &environments().collect::<Vec<_>>())?;
    }
    for fault in &scenario.faults {
        known("source", &fault.source, scenario.sources.iter().map(|source| source.name.get_ref().as_str()))?;
        let words: Vec<&str> = fault.what.get_ref().split_whitespace().collect();
        parse(&words).map_err(|reason| Wrong {
            span: fault.what.span(),
            reason,
            hint: "; `pilothouse sim ctl --help` lists what can go wrong".to_owned(),
        })?;
    }
    scenario.windows.iter().try_for_each(window)?;
    scenario.sso.iter().try_for_each(token_life)?;
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

/// A window that Argo CD can read: one that it cannot blocks every sync it is about.
fn window(window: &Window) -> Result<(), Wrong> {
    let wrong = |at: &Spanned<String>, what: &str, hint: &str| {
        let reason = format!("`{}` is no {what}", at.get_ref());
        Err(Wrong { span: at.span(), reason, hint: hint.to_owned() })
    };
    if Schedule::read(window.schedule.get_ref()).is_none() {
        let hint = "; write minute, hour, day, month and weekday, such as \"0 22 * * 1-5\"";
        return wrong(&window.schedule, "schedule", hint);
    }
    if read_duration(window.duration.get_ref()).is_none() {
        return wrong(&window.duration, "duration", "; write 90m or 8h");
    }
    if TimeZone::get(window.time_zone.get_ref()).is_err() {
        return wrong(&window.time_zone, "time zone", "; write one such as Europe/Kyiv, or leave it out for UTC");
    }
    Ok(())
}

/// An id_token has to live for a while.
fn token_life(sso: &Sso) -> Result<(), Wrong> {
    let life = &sso.token_life;
    if read_duration(life.get_ref()).is_some_and(|life| !life.is_zero()) {
        return Ok(());
    }
    let reason = format!("`{}` is no time to live", life.get_ref());
    Err(Wrong { span: life.span(), reason, hint: "; write 90s or 24h".to_owned() })
}

/// Ports that are open once, and say what they speak or where they lead.
fn ports(listen: &[Listen], environments: &[&str]) -> Result<(), Wrong> {
    let wrong = |span, reason: String, hint: &str| Err(Wrong { span, reason, hint: hint.to_owned() });
    for (index, one) in listen.iter().enumerate() {
        let port = *one.port.get_ref();
        if port == 0 {
            return wrong(one.port.span(), "nothing listens on port 0".to_owned(), "; give it one from 1 to 65535");
        }
        if listen[..index].iter().any(|other| *other.port.get_ref() == port) {
            return wrong(one.port.span(), format!("port {port} is there twice"), "; take one of them away");
        }
        match (&one.speaks, &one.to) {
            (Some(speaks), None) => known("protocol", speaks, Speaks::WORDS.iter().copied())?,
            (None, Some(to)) if !to.get_ref().ip().is_loopback() => {
                let reason = format!("port {port} leads away from this machine, to {}", to.get_ref());
                return wrong(to.span(), reason, "; a scenario may lead to 127.0.0.1 only");
            }
            (None, Some(_)) => {}
            _ => {
                let hint = "; give it `speaks` or `to`";
                return wrong(one.port.span(), format!("port {port} needs one thing that answers"), hint);
            }
        }
        if one.fragile && one.speaks.as_ref().is_none_or(|speaks| speaks.get_ref() != "debugpy") {
            return wrong(one.port.span(), "only debugpy can be fragile".to_owned(), "; let it speak debugpy");
        }
        for environment in one.environments.iter().flatten() {
            known("environment", environment, environments.iter().copied())?;
        }
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
            return Err(Wrong { span: name.span(), reason, hint: "; give one of them another name".to_owned() });
        }
    }
    Ok(())
}
