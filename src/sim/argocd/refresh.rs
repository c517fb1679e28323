//! One comparison of an Application, and what is written about it.

use super::annotation::{self, PATHS, REFRESH, SKIP};
use super::auto_sync::{self, Decision};
use super::cluster::{self, Link};
use super::compare::{self, Comparison};
use super::condition;
use super::controller::{Controller, Level};
use super::health::Health;
use super::orphan;
use super::project;
use super::record;
use super::revisions;
use super::target::{self, Wanted};
use super::window;
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::text;
use crate::sim::store::Store;
use crate::sim::time::{plus, stamp};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// So long nobody is told of a source that cannot be loaded, unless they ask.
const GRACE: Duration = Duration::from_mins(3);
/// Revisions of an Application that are remembered as rendered.
const RENDERED: usize = 64;
const EVENTS: Duration = Duration::from_millis(8);
const STATUS: Duration = Duration::from_millis(28);
/// From the last write of a comparison to the next step of a deletion.
const CONCLUDED: Duration = Duration::from_millis(4);
const TAKEN: Duration = Duration::from_millis(46);

impl Controller {
    /// Compares an Application if there is a reason to.
    pub(super) fn refresh(&mut self, name: &str) {
        let Some(app) = self.app(name) else { return };
        if annotation::value(&app, SKIP) == "true" {
            return;
        }
        if app["metadata"]["deletionTimestamp"].is_string() {
            let name = name.to_owned();
            self.after(STATUS + CONCLUDED, move |controller| controller.finalize(&name));
        }
        let level = self.state(name).level.take();
        let Some(level) = level.max(reason(&app)) else { return };
        let wrong = project::check(&self.home, &self.namespace, &self.clusters, &app);
        if !wrong.is_empty() {
            let conditions = wrong.into_iter().map(|words| ("InvalidSpecError", words)).collect();
            return self.conclude(&app, Comparison::unknown(conditions), None, level);
        }
        let Ok(cluster) = cluster::of_app(&self.clusters, &app) else { return };
        let cluster = cluster.clone();
        let sources: Vec<&Value> = project::sources(&app);
        // what was compared last, unless the newest is asked for
        let known = level == Level::Recent && app["status"]["sync"]["status"] != "Unknown";
        let recent = if known { revisions::of(&app["status"]["sync"]) } else { Vec::new() };
        let wanted = target::wanted(&*self.repository, &cluster, &app, &sources, &recent);
        if self.has_to_render(name, &sources, &wanted) {
            self.state(name).level = Some(level);
            return self.request(name, Some(level), self.pace.render);
        }
        if self.is_patient(name, &wanted, level) {
            return self.resync(name);
        }
        let Link::Up(store) = &cluster.link else {
            let comparison = compare::compare(&app, &wanted, &std::collections::BTreeMap::new());
            return self.conclude(&app, comparison, None, level);
        };
        let live = target::live(store, name, &wanted);
        let mut comparison = compare::compare(&app, &wanted, &live);
        self.mark_delete_hooks(&app, &wanted);
        if let Some(project) = project::of_app(&self.home, &self.namespace, &app) {
            comparison.forbid(|key| cluster::allows(&project, key));
            comparison.conditions.extend(orphan::warning(store, &project, &app));
        }
        // the paths are compared with the revisions that were deployed last
        let deployed = revisions::of(&app["status"]["operationState"]["syncResult"]);
        if !annotation::value(&app, PATHS).is_empty() && !deployed.is_empty() && deployed != wanted.revisions {
            let then = target::wanted(&*self.repository, &cluster, &app, &sources, &deployed);
            comparison.brings_nothing =
                !then.is_broken() && then.objects == wanted.objects && then.hooks == wanted.hooks;
        }
        let images = images(store, &app, &live);
        self.conclude(&app, comparison, Some(images), level);
    }

    /// Whether sources that cannot be loaded are passed over in silence: unless somebody asked, an error may be gone at the
    /// next look, and only one that stays is told.
    fn is_patient(&mut self, name: &str, wanted: &Wanted, level: Level) -> bool {
        let now = self.now;
        let state = self.state(name);
        if !wanted.conditions.iter().any(|(kind, _)| *kind == "ComparisonError") {
            state.broken_since = None;
            return false;
        }
        level < Level::ForceResolve && plus(*state.broken_since.get_or_insert(now), GRACE) >= now
    }

    /// Whether a revision was not rendered yet; it is from now on.
    pub(super) fn has_to_render(&mut self, name: &str, sources: &[&Value], wanted: &Wanted) -> bool {
        let sources: Vec<String> = sources.iter().map(ToString::to_string).collect();
        let what = format!("{} {}", wanted.revisions.join(" "), sources.join(" "));
        let rendered = &mut self.state(name).rendered;
        if rendered.len() >= RENDERED {
            rendered.clear();
        }
        !wanted.is_broken() && rendered.insert(what)
    }

    /// Writes what a comparison found: first what auto-sync starts, then Events, then the status, then the annotation.
    fn conclude(&mut self, app: &Value, comparison: Comparison, images: Option<BTreeSet<String>>, level: Level) {
        let name = text(app, "/metadata/name").to_owned();
        let now = self.now;
        self.state(&name).busy_until = Some(plus(now, TAKEN));
        let spec_is_wrong = comparison.conditions.iter().any(|(kind, _)| *kind == "InvalidSpecError");
        let cluster = cluster::of_app(&self.clusters, app).map(|cluster| cluster.name.clone()).unwrap_or_default();
        let open = project::of_app(&self.home, &self.namespace, app)
            .is_none_or(|project| window::allows(&project, app, &cluster, false, None, now));
        let decision = auto_sync::decide(app, &comparison, open, now);
        let mut error = None;
        match &decision {
            Decision::Rest => {}
            Decision::Later(wait) => self.request(&name, Some(Level::Latest), *wait),
            Decision::Refuse(words) => error = Some(words.clone()),
            Decision::Sync(operation) => self.write(&name, |app| {
                app["operation"] = operation.clone();
                record::remove(&mut app["status"], "operationState");
                if app["status"]["sync"].is_null() {
                    app["status"]["sync"] =
                        json!({"status": "", "comparedTo": {"source": {"repoURL": ""}, "destination": {}}});
                    app["status"]["health"] = json!({});
                }
            }),
        }
        let started = matches!(decision, Decision::Sync(_)).then(|| revisions::listed(&comparison.revisions));
        let (subject, new) = (app.clone(), (comparison.sync, comparison.health.clone()));
        self.after(EVENTS, move |controller| {
            if let Some(revision) = started {
                let words = format!("Initiated automated sync to '{revision}'");
                controller.say(&subject, Said::normal("OperationStarted", &words), controller.now);
            }
            let (sync, health) = new;
            let old = text(&subject, "/status/sync/status");
            if old != sync {
                let words = format!("Updated sync status: {old} -> {sync}");
                controller.say(&subject, Said::normal("ResourceUpdated", &words), controller.now);
            }
            let old = text(&subject, "/status/health/status");
            if old != health.health.word() {
                let cause = if health.message.is_empty() { String::new() } else { format!(" ({})", health.message) };
                let words = format!("Updated health status: {old} -> {}{cause}", health.health.word());
                controller.say(&subject, Said::normal("ResourceUpdated", &words), controller.now);
            }
        });
        if level >= Level::Latest {
            self.resync(&name);
        }
        let (subject, namespace) = (app.clone(), self.namespace.clone());
        let written = name.clone();
        self.after(STATUS, move |controller| {
            controller.write(&written, |app| {
                let status = &mut app["status"];
                if spec_is_wrong {
                    forget(status);
                } else {
                    report(status, &subject, &comparison, images.as_ref(), level, now);
                    status["controllerNamespace"] = json!(namespace);
                }
                status["sync"]["status"] = json!(comparison.sync);
                set_health(status, comparison.health.health, &comparison.health.message, &stamp(now));
                condition::replace(status, condition::COMPARED, &of(&comparison, condition::COMPARED), now);
                condition::replace(status, condition::SPEC, &of(&comparison, condition::SPEC), now);
                let error: Vec<_> = error.into_iter().map(|words| ("SyncError", words)).collect();
                condition::replace(status, condition::SYNC, &error, now);
            });
        });
        if app["metadata"]["annotations"][REFRESH].is_string() {
            let asked = app["metadata"]["annotations"][REFRESH].clone();
            self.after(TAKEN, move |controller| {
                controller.write(&name, |app| {
                    let annotations = &mut app["metadata"]["annotations"];
                    if annotations[REFRESH] == asked {
                        record::remove(annotations, REFRESH);
                        record::remove(annotations, "argocd.argoproj.io/refresh-timestamp");
                    }
                });
            });
        }
    }
}

fn of(comparison: &Comparison, kinds: &[&str]) -> Vec<condition::Condition> {
    comparison.conditions.iter().filter(|(kind, _)| kinds.contains(kind)).cloned().collect()
}

/// Why an Application is to be compared, if its own words tell.
fn reason(app: &Value) -> Option<Level> {
    let status = &app["status"];
    let compared = &status["sync"]["comparedTo"];
    if app["metadata"]["annotations"][REFRESH].is_string() {
        return Some(Level::ForceResolve);
    }
    let source = match app["spec"]["sources"].as_array() {
        Some(sources) if !sources.is_empty() => compared["sources"].as_array() == Some(sources),
        _ => compared["source"] == app["spec"]["source"],
    };
    if !source {
        return Some(Level::ForceResolve);
    }
    (compared["destination"] != app["spec"]["destination"]).then_some(Level::Latest)
}

/// With a wrong spec, nothing of the last comparison stays.
fn forget(status: &mut Value) {
    for field in ["sync", "health", "resources", "summary", "reconciledAt", "sourceType", "resourceHealthSource"] {
        record::remove(status, field);
    }
}

fn report(
    status: &mut Value,
    app: &Value,
    comparison: &Comparison,
    images: Option<&BTreeSet<String>>,
    level: Level,
    at: jiff::Timestamp,
) {
    let mut compared = json!({"destination": app["spec"]["destination"]});
    match app["spec"]["sources"].as_array() {
        Some(sources) if !sources.is_empty() => {
            compared["sources"] = json!(sources);
            status["sync"] = json!({"comparedTo": compared, "revisions": comparison.revisions});
        }
        _ => {
            compared["source"] = app["spec"]["source"].clone();
            status["sync"] = json!({"comparedTo": compared, "revision": comparison.revisions.first()});
        }
    }
    status["resourceHealthSource"] = json!("appTree");
    status["sourceHydrator"] = json!({});
    if comparison.rows.is_empty() {
        record::remove(status, "resources");
    } else {
        status["resources"] = comparison.rows.iter().map(|row| row.value.clone()).collect();
    }
    record::put_text(status, "sourceType", comparison.source_type);
    if let Some(images) = images.filter(|images| !images.is_empty()) {
        status["summary"] = json!({"images": images});
    } else {
        status["summary"] = json!({});
    }
    if level >= Level::Latest || status["reconciledAt"].is_null() {
        status["reconciledAt"] = json!(stamp(at));
    }
}

fn set_health(status: &mut Value, health: Health, message: &str, at: &str) {
    let changed = status["health"]["status"] != health.word();
    if !status["health"].is_object() {
        status["health"] = json!({});
    }
    // what is said stays as long as the state does, whoever causes it by now
    if changed {
        status["health"]["status"] = json!(health.word());
        record::put_text(&mut status["health"], "message", message);
        status["health"]["lastTransitionTime"] = json!(at);
    }
}

/// The images of everything an Application runs, its pods' included.
fn images(store: &Store, app: &Value, live: &std::collections::BTreeMap<super::key::Key, Value>) -> BTreeSet<String> {
    let mut images: BTreeSet<String> = live.values().flat_map(annotation::images).collect();
    let uids: BTreeSet<&str> = live.values().map(|object| text(object, "/metadata/uid")).collect();
    let namespace = text(app, "/spec/destination/namespace");
    let owner = |object: &Value| text(object, "/metadata/ownerReferences/0/uid").to_owned();
    let sets: BTreeSet<String> = store
        .values("ReplicaSet", Some(namespace))
        .iter()
        .filter(|set| uids.contains(owner(set).as_str()))
        .map(|set| text(set, "/metadata/uid").to_owned())
        .collect();
    for pod in store.values("Pod", Some(namespace)) {
        let owner = owner(&pod);
        if uids.contains(owner.as_str()) || sets.contains(&owner) {
            images.extend(annotation::images(&pod));
        }
    }
    images
}
