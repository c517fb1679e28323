//! What there is before anything happens: the repository, what is deployed of it, and who may come in.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use super::error::WorldError;
use super::options::SimOptions;
use crate::sim::access::{Access, User};
use crate::sim::control::{self, GitPlace};
use crate::sim::generate::{self, Generator};
use crate::sim::git::{self, Commits, Repo, told};
use crate::sim::live;
use crate::sim::manifest::app::App;
use crate::sim::manifest::argocd;
use crate::sim::populate::{self, Deployed, Git, Stage};
use crate::sim::rbac::Person;
use crate::sim::scenario::{self, Scenario, Source};
use crate::sim::server::Member;
use crate::sim::write::Writer;

/// Fills a cluster with generated Applications and their projects; returns the Applications' names.
pub(super) fn generate(stage: &Stage, total: usize, options: &SimOptions, now: Timestamp) -> Vec<String> {
    let writer = Writer::new(&stage.store, "argocd-server");
    for project in generate::PROJECTS {
        let mut made = argocd::app_project(project, &format!("https://git.example.com/{project}/deployments.git"));
        made["metadata"]["namespace"] = json!(stage.argocd_namespace);
        if let Err(failure) = writer.create(made) {
            tracing::warn!(%failure, project, "the project is not made");
        }
    }
    let mut names = Vec::with_capacity(total);
    for app in Generator::new(&stage.argocd_namespace, total, options.seed, now) {
        stage.store.put_text(app.head, app.rest.into_bytes());
        names.push(app.name);
    }
    names
}

/// Somebody the directory of single sign-on knows.
pub(super) fn member(person: &scenario::Person) -> Member {
    let scenario::Person { name, email, groups, password } = person.clone();
    let password = password.unwrap_or_else(|| format!("{:032x}", fastrand::u128(..)));
    Member { name, email, groups, password }
}

/// Who may come in; what they may do, the roles in the clusters say.
pub(super) fn users(scenario: &Scenario) -> Vec<User> {
    let user = |user: &scenario::User| {
        let token = user.token.clone().unwrap_or_else(control::token);
        User::new(&user.name, &token, Access::nothing())
    };
    scenario.users.iter().map(user).collect()
}

pub(super) fn people(scenario: &Scenario) -> Vec<Person> {
    let person = |user: &scenario::User| Person {
        name: user.name.clone(),
        reads: user.reads.clone(),
        writes: user.writes.clone(),
    };
    scenario.users.iter().map(person).collect()
}

/// The scenario's repository; its services as plain manifests when it does not say what lies there.
pub(super) fn repository(scenario: &Scenario, now: Timestamp) -> Result<GitPlace, WorldError> {
    let (files, history) = match &scenario.gitops {
        Some(name) => {
            let asset = git::find(name.get_ref())?;
            (asset.files, scenario::History::parse(&asset.history_file, &asset.history)?)
        }
        None => told::repository(scenario),
    };
    let repo = Repo::create(&files, &history, now)?;
    let commits = Arc::new(Commits::new(repo.clone(), &scenario.commits, &history)?);
    Ok(GitPlace { url: scenario.repository.clone(), repo, commits })
}

/// The Applications of a source, with what their releases are in Git.
pub(super) fn deployed(
    scenario: &Scenario,
    source: &Source,
    git: &Git,
    now: Timestamp,
) -> Result<Vec<Deployed>, WorldError> {
    let find = |mut app: App| {
        let name = app.name.clone();
        for crash in scenario.crashes.iter().filter(|crash| *crash.app.get_ref() == name) {
            live::crash::date(&mut app, crash.restarts, crash.next, now);
        }
        Deployed::find(app, git).map_err(|error| WorldError::Render { app: name, error })
    };
    populate::apps_of(scenario, source, now).into_iter().map(find).collect()
}

/// The version of the clusters that manifests are rendered for.
pub(super) fn kubernetes(scenario: &Scenario) -> String {
    scenario.sources.first().map(|source| source.kubernetes.clone()).unwrap_or_default()
}
