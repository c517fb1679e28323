//! What a set does to Applications: makes, changes and deletes them, and lets them be when it goes itself.

use super::controller::{MANAGER, STATUS, Sets};
use super::keep;
use super::status::Trouble;
use crate::sim::manifest::meta::text;
use crate::sim::write::{DeleteOptions, Writer};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

const CASCADE: &str = "resources-finalizer.argocd.argoproj.io";

/// From a write of an Application to the Event about it.
const EVENT: Duration = Duration::from_millis(4);

/// What is to be done to one Application.
pub(super) enum Act {
    Create(Value),
    Update(Value),
    Delete(String),
}

impl Sets {
    /// What has to be done so that what is there is what was generated, as far as the set's policy goes.
    pub(super) fn acts(&self, set: &Value, generated: &[Value], valid: Vec<Value>) -> Vec<Act> {
        let policy = text(set, "/spec/syncPolicy/applicationsSync");
        let there = self.apps(text(set, "/metadata/name"));
        let wanted: BTreeSet<&str> = generated.iter().map(|app| text(app, "/metadata/name")).collect();
        let mut acts = Vec::new();
        for app in valid {
            match self.home.get("Application", &self.namespace, text(&app, "/metadata/name")) {
                None => acts.push(Act::Create(app)),
                Some(live) if matches!(policy, "" | "sync" | "create-update") => {
                    if keep::written(set, &live, &app) != live {
                        acts.push(Act::Update(app));
                    }
                }
                Some(_) => {}
            }
        }
        if matches!(policy, "" | "sync" | "create-delete") {
            let gone = there.iter().filter(|(name, app)| {
                !wanted.contains(name.as_str()) && app["metadata"]["deletionTimestamp"].is_null()
            });
            acts.extend(gone.map(|(name, _)| Act::Delete(name.clone())));
        }
        acts
    }

    /// Does it, and says so.
    pub(super) fn act(&mut self, set: &Value, act: Act) {
        let writer = Writer::new(&self.home, MANAGER);
        let (verb, name, done) = match act {
            Act::Create(app) => {
                let name = text(&app, "/metadata/name").to_owned();
                ("created", name, writer.create(app).map(drop))
            }
            Act::Update(app) => {
                let name = text(&app, "/metadata/name").to_owned();
                let edited = writer.edit("Application", &self.namespace, &name, |live| {
                    *live = keep::written(set, live, &app);
                });
                ("updated", name, edited.map(drop))
            }
            Act::Delete(name) => {
                let deleted = writer.delete("Application", &self.namespace, &name, &DeleteOptions::default());
                ("Deleted", name, deleted.map(drop))
            }
        };
        if let Err(failure) = done {
            tracing::debug!(name, failure = %failure.message, "Application not {verb}");
            let reason = match verb {
                "created" => "CreateApplicationError",
                "updated" => "UpdateApplicationError",
                _ => "DeleteApplicationError",
            };
            let trouble = Trouble { reason, message: failure.message, has_parameters: true };
            let set = text(set, "/metadata/name").to_owned();
            return self.after(STATUS * 4, move |sets| sets.conclude(&set, Some(&trouble)));
        }
        let set = set.clone();
        self.after(EVENT, move |sets| {
            let words = format!("{verb} Application \"{name}\"");
            sets.say(&set, verb, &words);
        });
    }

    /// A set that is going lets its Applications be, if it may not delete them, and then itself go.
    pub(super) fn finalize(&mut self, set: &Value) {
        let name = text(set, "/metadata/name");
        let policy = text(set, "/spec/syncPolicy/applicationsSync");
        let writer = Writer::new(&self.home, MANAGER);
        let uid = &set["metadata"]["uid"];
        if matches!(policy, "create-only" | "create-update") {
            for app in self.apps(name).into_keys() {
                let edited = writer.edit("Application", &self.namespace, &app, |app| {
                    if let Some(owners) = app["metadata"]["ownerReferences"].as_array_mut() {
                        owners.retain(|owner| owner["uid"] != *uid);
                    }
                });
                if let Err(failure) = edited {
                    tracing::debug!(app, failure = %failure.message, "Application not let go");
                }
            }
        }
        let edited = writer.edit("ApplicationSet", &self.namespace, name, |set| {
            if let Some(finalizers) = set["metadata"]["finalizers"].as_array_mut() {
                finalizers.retain(|one| one != CASCADE);
            }
        });
        if let Err(failure) = edited {
            tracing::debug!(name, failure = %failure.message, "set not let go");
        }
    }
}
