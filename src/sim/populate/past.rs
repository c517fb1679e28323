//! Puts the Applications of a source into its cluster as if Argo CD had deployed one release after the other.

use super::deployed::{Deployed, Git};
use super::stage::Stage;
use crate::sim::agenda::Agenda;
use crate::sim::argocd::{Part, Repository as _, Source as Asked, leave};
use crate::sim::manifest::app::App;
use crate::sim::manifest::meta::text;
use crate::sim::manifest::{application, argocd, settings};
use crate::sim::network::{Listener, Rule, Speaks};
use crate::sim::scenario::{Listen, Scenario, Window};
use crate::sim::time::minus;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// A `PreSync` hook began so long before its sync ended.
const BEFORE: Duration = Duration::from_secs(18);
/// And a `PostSync` hook.
const AFTER: Duration = Duration::from_secs(7);

/// The open ports of a workload in one environment.
fn listeners(listen: &[Listen], environment: &str) -> Vec<Listener> {
    let here = listen.iter().filter(|one| {
        one.environments.as_ref().is_none_or(|names| names.iter().any(|name| name.get_ref() == environment))
    });
    here.map(|one| {
        let word = one.speaks.as_ref().map(|speaks| speaks.get_ref().as_str());
        let speaks = match (&one.to, word.and_then(Speaks::from_word)) {
            (Some(to), _) => Speaks::To(*to.get_ref()),
            (None, Some(Speaks::Debugpy { .. })) => Speaks::Debugpy { fragile: one.fragile },
            (None, speaks) => speaks.unwrap_or(Speaks::Silent),
        };
        Listener { address: one.address, ..Listener::everywhere(*one.port.get_ref(), speaks) }
    })
    .collect()
}

/// A sync window as the project has it.
fn window(window: &Window) -> Value {
    json!({
        "kind": window.kind.word(), "schedule": window.schedule.get_ref(), "duration": window.duration.get_ref(),
        "applications": window.applications, "manualSync": window.manual_sync, "timeZone": window.time_zone.get_ref(),
        "description": window.description,
    })
}

/// Puts the apps of a source into its cluster, all of them at rest; what they consist of lives through their releases.
pub fn apps(
    agenda: &mut Agenda,
    stage: &Stage,
    (scenario, git): (&Scenario, &Git),
    apps: &[Deployed],
    now: Timestamp,
    random: &mut fastrand::Rng,
) {
    let Some(oldest) = apps.iter().map(|one| one.app.created).min() else { return };
    let store = &stage.store;
    for one in apps {
        if store.get("Namespace", "", &one.app.namespace).is_none() {
            store.put(settings::namespace(&one.app.namespace, oldest));
            for object in settings::furniture(&one.app.namespace, oldest) {
                store.put(object);
            }
        }
    }
    let names: Vec<App> = apps.iter().map(|one| one.app.clone()).collect();
    bootstrap(agenda, stage, scenario, git, names, oldest);
    for one in apps {
        // reconciles are spread over two minutes, as the controller's jitter does
        let reconciled = minus(now, Duration::from_secs(random.u64(2..120)));
        open_ports(stage, scenario, &one.app);
        generate(agenda, stage, &one.app, reconciled);
        live(agenda, stage, one);
    }
}

/// What somebody applied before there were Applications: project, ApplicationSet and settings, as Git has them.
fn bootstrap(agenda: &mut Agenda, stage: &Stage, scenario: &Scenario, git: &Git, apps: Vec<App>, at: Timestamp) {
    let head = git.repo.resolve("HEAD").unwrap_or_default();
    let windows: Vec<Value> = scenario.windows.iter().map(window).collect();
    let mut objects = Vec::new();
    for path in ["argo".to_owned(), format!("argo/clusters/{}", stage.source)] {
        let source = json!({"repoURL": scenario.repository, "path": path});
        let asked = Asked { source: &source, app: "", namespace: &stage.argocd_namespace };
        match git.server.manifests(asked, &head) {
            Ok(manifests) => objects.extend(manifests.objects),
            Err(error) => tracing::debug!(%error, path, "the repository has none of Argo CD's own objects"),
        }
    }
    for object in &mut objects {
        object["metadata"]["namespace"] = json!(stage.argocd_namespace);
        match text(object, "/kind") {
            "AppProject" if !windows.is_empty() => object["spec"]["syncWindows"] = json!(windows),
            "ApplicationSet" if !scenario.unmanaged.is_empty() => {
                object["spec"]["ignoreApplicationDifferences"] = json!([{"jsonPointers": scenario.unmanaged}]);
            }
            _ => {}
        }
    }
    let stage = stage.clone();
    agenda.at(at, move |_| {
        for object in objects {
            let (kind, name) = (text(&object, "/kind").to_owned(), text(&object, "/metadata/name").to_owned());
            put(&stage, &object);
            if kind == "ApplicationSet" {
                let status = argocd::generated(&stage.argocd_namespace, &apps, at);
                stage.store.update(&kind, &stage.argocd_namespace, &name, |set| set["status"] = status);
            }
        }
    });
}

/// The Application's own object, made by its ApplicationSet.
fn generate(agenda: &mut Agenda, stage: &Stage, app: &App, reconciled: Timestamp) {
    let (stage, app) = (stage.clone(), app.clone());
    agenda.at(app.created, move |_| {
        let set = stage.store.get("ApplicationSet", &stage.argocd_namespace, &app.project);
        stage.store.put(application::application(&app, &set.unwrap_or_default(), reconciled));
    });
}

/// Tells the network what answers in the pods of an app, where the scenario says it port by port.
fn open_ports(stage: &Stage, scenario: &Scenario, app: &App) {
    let services = scenario.services.iter().filter(|service| *service.name.get_ref() == app.service);
    for work in services.flat_map(|service| &service.workloads) {
        if let Some(listen) = &work.listen {
            stage.store.network().rule(Rule {
                namespace: app.namespace.clone(),
                workload: work.name.clone().unwrap_or_else(|| app.service.clone()),
                container: work.container.clone(),
                listeners: listeners(listen, &app.environment),
            });
        }
    }
}

/// Has what an app consists of live through its releases, each at its time; whoever runs the pods does the rest.
fn live(agenda: &mut Agenda, stage: &Stage, one: &Deployed) {
    let mut at = one.app.created;
    for (index, release) in one.app.releases.iter().enumerate() {
        if index > 0 {
            at = release.at;
        }
        let Some(parts) = one.releases.get(index).and_then(Option::as_ref) else { continue };
        let objects: Vec<Value> =
            parts.iter().filter(|part| part.hook.is_none()).map(|part| part.object.clone()).collect();
        let stage = stage.clone();
        agenda.at(at, move |_| objects.iter().for_each(|object| put(&stage, object)));
    }
    let (Some(release), Some(Some(parts))) = (one.app.releases.last(), one.releases.last()) else { return };
    for part in parts.iter().filter(|part| part.stays) {
        let ahead = match part.hook {
            Some("PreSync") => BEFORE,
            Some("PostSync") => AFTER,
            _ => continue,
        };
        hook(agenda, stage, part, minus(release.at, ahead));
    }
}

fn hook(agenda: &mut Agenda, stage: &Stage, part: &Part, at: Timestamp) {
    let (stage, object) = (stage.clone(), part.object.clone());
    agenda.at(at, move |_| put(&stage, &object));
}

fn put(stage: &Stage, object: &Value) {
    if let Err(failure) = leave(&stage.store, object) {
        let name = text(object, "/metadata/name");
        tracing::warn!(kind = text(object, "/kind"), name, %failure, "not deployed");
    }
}
