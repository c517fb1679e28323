//! The Git repository of a scenario's releases: one commit for each, rendered as its manifests.

use crate::sim::argocd::{Manifests, Repository, Source, SourceError};
use crate::sim::manifest::app::{App, Release};
use crate::sim::manifest::desired;
use crate::sim::manifest::meta::{commit, text};
use crate::sim::server::{Commit, Commits};
use crate::sim::time::stamp;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shortest abbreviation of a commit that Git takes for one.
const SHORT: usize = 7;

/// What a commit has of one app.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    version: String,
    hooks_fail: bool,
}

type Tree = BTreeMap<String, State>;

#[derive(Debug, Default)]
struct Inner {
    url: String,
    apps: Vec<App>,
    commits: BTreeMap<String, Tree>,
    branches: BTreeMap<String, String>,
    /// Who made the commits, and why.
    told: BTreeMap<String, Commit>,
    /// What `HEAD` means.
    first: String,
}

/// The repository; clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Releases(Arc<Mutex<Inner>>);

impl Releases {
    /// The repository at `url` with the past of `apps`: on each branch one commit for each message, oldest first.
    #[must_use]
    pub fn new(url: &str, apps: Vec<App>) -> Self {
        let mut inner = Inner { url: url.to_owned(), ..Inner::default() };
        let mut branches: Vec<&str> = Vec::new();
        for app in &apps {
            if !branches.contains(&app.target_revision.as_str()) {
                branches.push(&app.target_revision);
            }
        }
        for branch in branches {
            let on_branch: Vec<&App> = apps.iter().filter(|app| app.target_revision == branch).collect();
            let mut past: Vec<_> = on_branch.iter().flat_map(|app| &app.releases).collect();
            past.sort_by_key(|release| release.at);
            let mut seen = HashSet::new();
            past.retain(|release| seen.insert(release.message.as_str()));
            let state = |version: &str| State { version: version.to_owned(), hooks_fail: false };
            let mut tree: Tree = on_branch
                .iter()
                .filter_map(|app| Some((app.name.clone(), state(&app.releases.first()?.version))))
                .collect();
            for commit_of in past {
                for app in &on_branch {
                    for release in app.releases.iter().filter(|release| release.message == commit_of.message) {
                        tree.insert(app.name.clone(), state(&release.version));
                    }
                }
                let name = commit(branch, &commit_of.message);
                inner.commits.insert(name.clone(), tree.clone());
                inner.told.insert(name.clone(), told(commit_of));
                inner.branches.insert(branch.to_owned(), name);
            }
            if inner.first.is_empty() {
                branch.clone_into(&mut inner.first);
            }
        }
        inner.apps = apps;
        Self(Arc::new(Mutex::new(inner)))
    }

    /// The version of an app that its branch has now.
    #[must_use]
    pub fn version(&self, app: &App) -> String {
        let inner = self.inner();
        let head = inner.branches.get(&app.target_revision);
        let state = head.and_then(|head| inner.commits.get(head)?.get(&app.name));
        state.map(|state| state.version.clone()).unwrap_or_default()
    }

    /// A commit on the branch of an app: it has this version of it, whose hooks fail or not.
    pub fn push(&self, app: &App, version: &str, message: &str, hooks_fail: bool) {
        let mut inner = self.inner();
        let head = inner.branches.get(&app.target_revision);
        let mut tree = head.and_then(|head| inner.commits.get(head)).cloned().unwrap_or_default();
        tree.insert(app.name.clone(), State { version: version.to_owned(), hooks_fail });
        let name = commit(&app.target_revision, message);
        inner.commits.insert(name.clone(), tree);
        inner.branches.insert(app.target_revision.clone(), name);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // nothing in here panics half-way
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of the commit of a release.
fn told(release: &Release) -> Commit {
    let name = release.by.as_deref().unwrap_or("deploy-bot");
    let author = format!("{name} <{}@predator12.example>", name.split('@').next().unwrap_or(name));
    Commit { author, date: stamp(release.at), message: release.message.clone(), tags: Vec::new() }
}

impl Commits for Releases {
    fn describe(&self, commit: &str) -> Option<Commit> {
        self.inner().told.get(commit).cloned()
    }
}

impl Repository for Releases {
    fn resolve(&self, source: &Value, revision: &str) -> Result<String, SourceError> {
        let inner = self.inner();
        if text(source, "/repoURL") != inner.url {
            return Err(SourceError::NoRepository);
        }
        let branch = if matches!(revision, "" | "HEAD") { &inner.first } else { revision };
        if let Some(head) = inner.branches.get(branch.trim_start_matches("refs/heads/")) {
            return Ok(head.clone());
        }
        let known = inner.commits.range(revision.to_owned()..).next().map(|(name, _)| name);
        known
            .filter(|name| revision.len() >= SHORT && name.starts_with(revision))
            .cloned()
            .ok_or_else(|| SourceError::NoRevision(revision.to_owned()))
    }

    fn manifests(&self, source: Source<'_>, commit: &str) -> Result<Manifests, SourceError> {
        let inner = self.inner();
        let path = text(source.source, "/path");
        let in_path = |app: &&App| app.source()["path"] == path;
        if !inner.apps.iter().any(|app| in_path(&app)) {
            return Err(SourceError::NoPath(path.to_owned()));
        }
        let values = text(source.source, "/helm/valueFiles/0");
        let same_values = |app: &&App| app.source()["helm"]["valueFiles"][0] == values;
        let found = inner.apps.iter().filter(in_path).find(same_values);
        let state = found.and_then(|app| Some((app, inner.commits.get(commit)?.get(&app.name)?)));
        let Some((app, state)) = state else {
            let words = format!("open <path to cached source>/{path}/{values}: no such file or directory");
            return Err(SourceError::Render(format!(
                "Manifest generation error (cached): failed to execute helm template command: failed to get command \
                 args to log: `helm template . --name-template {}` failed exit status 1: Error: {words}",
                source.app
            )));
        };
        let image = format!("{}:{}", app.image, state.version);
        let mut app = app.clone();
        source.app.clone_into(&mut app.name);
        source.namespace.clone_into(&mut app.namespace);
        Ok(Manifests { objects: desired::objects(&app, &image, state.hooks_fail), source_type: "Helm" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::populate;
    use crate::sim::scenario;
    use jiff::Timestamp;
    use serde_json::json;

    #[test]
    fn every_row_of_the_history_is_a_commit_and_a_push_moves_the_branch() {
        let scenario = scenario::load("predator12").unwrap();
        let now: Timestamp = "2026-11-23T06:00:00Z".parse().unwrap();
        let apps: Vec<App> =
            scenario.sources.iter().flat_map(|source| populate::apps_of(&scenario, source, now)).collect();
        let releases = Releases::new(&scenario.repository, apps.clone());
        for app in &apps {
            let source = app.source();
            let of = |revision: &str| {
                let commit = releases.resolve(&source, revision).unwrap();
                releases
                    .manifests(Source { source: &source, app: &app.name, namespace: &app.namespace }, &commit)
                    .unwrap()
            };
            for release in &app.releases {
                let rendered = json!(of(&app.revision_of(release)).objects).to_string();
                assert!(rendered.contains(&app.image_of(release)), "{} {}", app.name, release.version);
            }
            assert_eq!(of(&app.target_revision).objects, of(&app.head).objects);
            assert_eq!(of(&app.head[..8]).objects, of(&app.head).objects);
            releases.push(app, "99", &format!("{} 99", app.name), false);
            assert_eq!(releases.version(app), "99");
            assert!(json!(of(&app.target_revision).objects).to_string().contains(":99"));
        }
        let mut source = apps[0].source();
        assert_eq!(releases.resolve(&source, "nowhere"), Err(SourceError::NoRevision("nowhere".to_owned())));
        source["repoURL"] = json!("https://elsewhere.example/x.git");
        assert_eq!(releases.resolve(&source, "main"), Err(SourceError::NoRepository));
    }
}
