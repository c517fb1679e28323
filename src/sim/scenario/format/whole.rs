//! A whole scenario.

use super::{
    Crash, Deploy, Drift, Environment, Fault, Generate, Image, Notice, Outage, Service, Source, Sso, Syncing, User,
    Window,
};
use crate::sim::scenario::history::Waiting;
use serde::Deserialize;
use toml::Spanned;

/// A whole scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// A bundled scenario whose name, repository, sources, environments, services and users this one takes over.
    pub extends: Option<Spanned<String>>,
    /// Also the project's name.
    #[serde(default = "nameless")]
    pub name: Spanned<String>,
    /// The Git repository.
    #[serde(default)]
    pub repository: String,
    /// What the ApplicationSet leaves alone in its Applications: JSON pointers.
    #[serde(default)]
    pub unmanaged: Vec<String>,
    /// Generated Applications in the first source.
    pub generate: Option<Generate>,
    /// What lies there: the name of a bundled repository, or a folder of files with a `history.toml`.
    pub gitops: Option<Spanned<String>>,
    /// Clusters, each with an Argo CD.
    #[serde(rename = "source", default)]
    pub sources: Vec<Source>,
    /// Environments in their order.
    #[serde(rename = "environment", default)]
    pub environments: Vec<Environment>,
    /// Services.
    #[serde(rename = "service", default)]
    pub services: Vec<Service>,
    /// What crash-loops.
    #[serde(rename = "crash", default)]
    pub crashes: Vec<Crash>,
    /// What was changed by hand.
    #[serde(rename = "drift", default)]
    pub drifts: Vec<Drift>,
    /// What is in mid-sync.
    #[serde(rename = "syncing", default)]
    pub syncing: Vec<Syncing>,
    /// Conditions of apps.
    #[serde(rename = "condition", default)]
    pub notices: Vec<Notice>,
    /// What images do.
    #[serde(rename = "image", default)]
    pub images: Vec<Image>,
    /// Deployments that come by themselves.
    #[serde(rename = "deploy", default)]
    pub deploys: Vec<Deploy>,
    /// Commits that wait to be pushed.
    #[serde(rename = "commit", default)]
    pub commits: Vec<Waiting>,
    /// When syncs may not run.
    #[serde(rename = "window", default)]
    pub windows: Vec<Window>,
    /// What goes wrong between clients and clusters.
    #[serde(rename = "fault", default)]
    pub faults: Vec<Fault>,
    /// Who may come in.
    #[serde(rename = "user", default)]
    pub users: Vec<User>,
    /// Single sign-on.
    pub sso: Option<Sso>,
    /// Sources that die and return.
    #[serde(rename = "outage", default)]
    pub outages: Vec<Outage>,
}

impl Scenario {
    /// Takes over from `base` what this one does not say itself; what goes on in `base` stays there.
    pub(in crate::sim::scenario) fn over(&mut self, base: Self) {
        fn or<T>(own: &mut Vec<T>, base: Vec<T>) {
            if own.is_empty() {
                *own = base;
            }
        }
        if self.name.get_ref().is_empty() {
            self.name = base.name;
        }
        if self.repository.is_empty() {
            self.repository = base.repository;
        }
        if self.services.is_empty() {
            // what lies there goes with the services
            self.gitops = self.gitops.take().or(base.gitops);
        }
        or(&mut self.sources, base.sources);
        or(&mut self.environments, base.environments);
        or(&mut self.services, base.services);
        or(&mut self.users, base.users);
    }
}

fn nameless() -> Spanned<String> {
    Spanned::new(0..0, String::new())
}
