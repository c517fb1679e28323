//! Which set is looked at when, and what comes of it.

use super::super::cluster::{self, Cluster};
use super::super::queue::Queue;
use super::super::repository::Repository;
use super::render::is_of;
use super::status::{self, Trouble};
use super::{generate, render::application};
use crate::sim::history::Change;
use crate::sim::kinds;
use crate::sim::manifest::event::{self, Reporter, Said};
use crate::sim::manifest::meta::text;
use crate::sim::store::Store;
use crate::sim::time::{plus, stamp};
use crate::sim::write::Writer;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

pub(super) const MANAGER: &str = "argocd-applicationset-controller";
const REPORTER: &str = "applicationset-controller";
/// Asks for a look at a set.
const REFRESH: &str = "argocd.argoproj.io/application-set-refresh";

/// From a change to the look at it.
const NOTICE: Duration = Duration::from_millis(8);
/// From one write of an Application to the next.
const WRITE: Duration = Duration::from_millis(10);
/// From the last of them to the rows about Applications, and on to the conditions.
pub(super) const STATUS: Duration = Duration::from_millis(5);
/// Git may have changed, or an error gone, without anybody saying so.
const AGAIN: Duration = Duration::from_mins(3);

/// Argo CD's ApplicationSet controller over the sets of one namespace.
pub struct Sets {
    pub(super) home: Store,
    pub(super) namespace: String,
    clusters: Vec<Cluster>,
    repository: Box<dyn Repository>,
    left_alone: HashSet<String>,
    now: Timestamp,
    queue: Queue<Self>,
    /// When a set is looked at next.
    due: HashMap<String, Timestamp>,
    /// Until when what a look found is being written.
    busy: HashMap<String, Timestamp>,
    seen: (u64, u64),
    /// The Event that said something first.
    said: HashMap<String, String>,
}

impl std::fmt::Debug for Sets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sets").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

impl Sets {
    /// A controller over the sets in `namespace` of `home`, whose Applications go to `clusters`; changes of Applications
    /// that are `left_alone` are nothing to it. What is there already is looked at in the first step.
    #[must_use]
    pub fn new(
        left_alone: HashSet<String>,
        home: &Store,
        namespace: &str,
        clusters: Vec<Cluster>,
        repository: Box<dyn Repository>,
    ) -> Self {
        let version = home.resource_version();
        let mut sets = Self {
            home: home.clone(),
            namespace: namespace.to_owned(),
            clusters,
            repository,
            left_alone,
            now: home.now(),
            queue: Queue::new(),
            due: HashMap::new(),
            busy: HashMap::new(),
            seen: (version, version),
            said: HashMap::new(),
        };
        for set in home.list("ApplicationSet", Some(namespace)) {
            sets.request(text(&set, "/metadata/name"), NOTICE);
        }
        sets
    }

    /// Does everything that is due at `now`, what that brings about included; when there is more to do, if there is.
    pub fn step(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.now = now;
        self.observe();
        while let Some((due, work)) = self.queue.take(now) {
            self.now = due;
            work(self);
            self.observe();
        }
        self.now = now;
        self.queue.due()
    }

    /// Has something happen later.
    pub(super) fn after(&mut self, wait: Duration, work: impl FnOnce(&mut Self) + Send + 'static) {
        self.queue.at(plus(self.now, wait), work);
    }

    /// Has a set looked at after a while; sooner if that was asked for already, later if it is being written.
    fn request(&mut self, name: &str, wait: Duration) {
        let at = plus(self.now, wait).max(self.busy.get(name).copied().unwrap_or(self.now));
        if self.due.get(name).is_some_and(|due| *due <= at) {
            return;
        }
        self.due.insert(name.to_owned(), at);
        let name = name.to_owned();
        let wait = Duration::try_from(at.duration_since(self.now)).unwrap_or_default();
        self.after(wait, move |sets| {
            if sets.due.get(&name) == Some(&at) {
                sets.due.remove(&name);
                sets.look(&name);
            }
        });
    }

    fn observe(&mut self) {
        let version = self.home.resource_version();
        if version == self.seen.0 && version == self.seen.1 {
            return;
        }
        for change in self.changes("ApplicationSet", self.seen.0) {
            let name = change.object.name().to_owned();
            if change.deleted {
                self.due.remove(&name);
                self.busy.remove(&name);
            } else if is_news(&change, "ApplicationSet") {
                self.request(&name, NOTICE);
            }
        }
        for change in self.changes("Application", self.seen.1) {
            // what was created, it created itself
            if self.left_alone.contains(change.object.name())
                || (change.before.is_none() && !change.deleted)
                || !is_news(&change, "Application")
            {
                continue;
            }
            let Some(kind) = kinds::by_kind("Application") else { continue };
            let app = change.before.as_ref().unwrap_or(&change.object).to_value(kind);
            let owner = app["metadata"]["ownerReferences"].as_array().into_iter().flatten();
            let owner =
                owner.into_iter().find(|owner| owner["kind"] == "ApplicationSet" && owner["controller"] == true);
            if let Some(set) = owner.map(|owner| text(owner, "/name").to_owned()) {
                self.request(&set, NOTICE);
            }
        }
        self.seen = (version, version);
    }

    fn changes(&self, kind: &str, since: u64) -> Vec<Change> {
        let changes = self.home.changes(kind, since, usize::MAX).map(|(changes, _)| changes).unwrap_or_default();
        changes.into_iter().filter(|change| change.object.namespace() == self.namespace).collect()
    }

    /// The Applications a set made, by name.
    pub(super) fn apps(&self, set: &str) -> BTreeMap<String, Value> {
        let all = self.home.list("Application", Some(&self.namespace)).into_iter();
        let own = all.filter(|app| is_of(app, set));
        own.map(|app| (text(&app, "/metadata/name").to_owned(), app)).collect()
    }

    /// Compares what a set generates with what is there, and has the difference written.
    fn look(&mut self, name: &str) {
        let Some(set) = self.home.get("ApplicationSet", &self.namespace, name) else { return };
        if set["metadata"]["deletionTimestamp"].is_string() {
            return self.finalize(&set);
        }
        let by_git = set["spec"]["generators"].to_string().contains("\"git\"");
        let generated = match generate(&set, &*self.repository) {
            Ok(generated) => generated,
            Err(trouble) => {
                self.request(name, AGAIN);
                return self.conclude(name, Some(&trouble));
            }
        };
        let (valid, trouble) = self.validate(&set, &generated);
        if by_git || trouble.is_some() {
            self.request(name, AGAIN);
        }
        let acts = self.acts(&set, &generated, valid);
        let mut wait = Duration::ZERO;
        for act in acts {
            let set = set.clone();
            self.after(wait, move |sets| sets.act(&set, act));
            wait += WRITE;
        }
        let (name, refreshes) = (name.to_owned(), set["metadata"]["annotations"][REFRESH] == "true");
        let wait = wait.saturating_sub(WRITE) + STATUS;
        self.busy.insert(name.clone(), plus(self.now, wait + STATUS * 2));
        self.after(wait, move |sets| {
            let apps: Vec<Value> = sets.apps(&name).into_values().collect();
            // a set whose every Application is wrong has none to tell of
            if !apps.is_empty() || trouble.is_none() {
                sets.write_status(&name, |status| status::list(status, &apps));
            }
            if refreshes {
                let edited = Writer::new(&sets.home, MANAGER).edit("ApplicationSet", &sets.namespace, &name, |set| {
                    super::super::record::remove(&mut set["metadata"]["annotations"], REFRESH);
                });
                if let Err(failure) = edited {
                    tracing::debug!(name, failure = %failure.message, "set not refreshed");
                }
            }
            let wait = if apps.is_empty() { Duration::ZERO } else { STATUS };
            sets.after(wait, move |sets| sets.conclude(&name, trouble.as_ref()));
        });
    }

    /// What is generated and may be written, and what is wrong with the rest.
    fn validate(&self, set: &Value, generated: &[Value]) -> (Vec<Value>, Option<Trouble>) {
        let mut wrong: BTreeMap<&str, String> = BTreeMap::new();
        let mut names = HashSet::new();
        for app in generated {
            let name = text(app, "/metadata/name");
            if !names.insert(name) {
                let set = text(set, "/metadata/name");
                wrong.insert(name, format!("ApplicationSet {set} contains applications with duplicate name: {name}"));
                continue;
            }
            let project = text(app, "/spec/project");
            if self.home.get("AppProject", &self.namespace, project).is_none() {
                wrong.insert(name, format!("application references project {project} which does not exist"));
            } else if let Err(words) = cluster::of_app(&self.clusters, app) {
                wrong.insert(name, format!("application destination spec is invalid: {words}"));
            }
        }
        let mut valid: Vec<Value> =
            generated.iter().filter(|app| !wrong.contains_key(text(app, "/metadata/name"))).cloned().collect();
        valid.sort_by(|a, b| text(a, "/metadata/name").cmp(text(b, "/metadata/name")));
        let trouble = wrong.last_key_value().map(|(_, words)| Trouble {
            reason: "ApplicationValidationError",
            message: if wrong.len() > 1 { format!("{words} (and {} more)", wrong.len() - 1) } else { words.clone() },
            has_parameters: true,
        });
        (valid, trouble)
    }

    /// Says in its status how a look at a set ended.
    pub(super) fn conclude(&mut self, name: &str, trouble: Option<&Trouble>) {
        let at = self.now;
        self.write_status(name, |status| status::conclude(status, trouble, at));
    }

    fn write_status(&self, name: &str, change: impl Fn(&mut Value)) {
        let Some(mut set) = self.home.get("ApplicationSet", &self.namespace, name) else { return };
        let before = set["status"].clone();
        if before.is_null() {
            set["status"] = json!({});
        }
        change(&mut set["status"]);
        if set["status"] == before || (before.is_null() && set["status"] == json!({})) {
            return;
        }
        let written =
            Writer::new(&self.home, MANAGER)
                .at("status")
                .edit("ApplicationSet", &self.namespace, name, |object| object["status"] = set["status"].clone());
        if let Err(failure) = written {
            tracing::debug!(name, failure = %failure.message, "status of set not written");
        }
    }

    /// An Event about a set; said again it is counted.
    pub(super) fn say(&mut self, set: &Value, reason: &str, words: &str) {
        let said = Said::normal(reason, words);
        let (key, at) = (event::key(set, said), self.now);
        if let Some(name) = self.said.get(&key) {
            let again = self.home.update("Event", &self.namespace, name, |event| {
                event["count"] = json!(event["count"].as_i64().unwrap_or(1) + 1);
                event["lastTimestamp"] = json!(stamp(at));
            });
            if again.is_some() {
                return;
            }
        }
        let made = event::event(set, said, Reporter { component: REPORTER, host: "" }, 1, at, at);
        self.said.insert(key, text(&made, "/metadata/name").to_owned());
        self.home.put(made);
    }
}

/// The Applications of a set.
fn generate(set: &Value, repository: &dyn Repository) -> Result<Vec<Value>, Trouble> {
    let wrong = |reason: &'static str| move |message| Trouble { reason, message, has_parameters: false };
    let parameters = generate::all(set, repository).map_err(wrong("ApplicationGenerationFromParamsError"))?;
    let apps = parameters.iter().map(|(parameters, own)| application(set, parameters, own));
    apps.collect::<Result<_, _>>().map_err(wrong("RenderTemplateParamsError"))
}

/// Whether a change is one that a set has to do with: more than status.
fn is_news(change: &Change, kind: &str) -> bool {
    let (Some(before), false, Some(kind)) = (&change.before, change.deleted, kinds::by_kind(kind)) else { return true };
    let (old, new) = (before.to_value(kind), change.object.to_value(kind));
    let differs = |field: &str| old["metadata"][field] != new["metadata"][field];
    let is_going = kind.kind == "ApplicationSet" && differs("deletionTimestamp");
    old["spec"] != new["spec"] || is_going || ["labels", "annotations", "finalizers"].into_iter().any(differs)
}
