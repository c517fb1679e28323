//! The GitOps repository as Argo CD sees it: the versions of the scenario's apps at a commit, rendered as their
//! manifests; whatever else lies there goes to the repo-server.

use crate::sim::argocd::{Manifests, Repository, Source, SourceError};
use crate::sim::git::{GitError, NewCommit, Repo, RepoServer, within};
use crate::sim::manifest::app::App;
use crate::sim::manifest::desired;
use crate::sim::manifest::meta::text;
use crate::sim::scenario::{Author, Edit, History, Past};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use toml::Spanned;

/// The image repository that the hooks of a bad commit name.
const WRONG: &str = "predator12-tools";

/// What a commit has of one app.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    version: String,
    replicas: Option<u32>,
    hooks_fail: bool,
}

/// The repository; clones are the same one.
#[derive(Debug, Clone)]
pub struct Releases {
    repo: Repo,
    server: RepoServer,
    apps: Arc<Vec<App>>,
}

/// What a repository holds when nobody says: an overlay for each app, and a commit for each of its releases.
#[must_use]
pub fn past(apps: &[App], now: Timestamp) -> (BTreeMap<String, Vec<u8>>, History) {
    let tag = |version: &str| format!("image:\n  tag: {}\n", Value::from(version)).into_bytes();
    let first = |app: &App| app.releases.first().map(|release| release.version.clone()).unwrap_or_default();
    let mut files: BTreeMap<String, Vec<u8>> = apps.iter().map(|app| (app.overlay(), tag(&first(app)))).collect();
    files.insert("README.md".to_owned(), b"What Argo CD deploys.\n".to_vec());
    let author = Author::nobody();
    let old = apps.iter().map(|app| app.created).min().unwrap_or(now);
    let age = |at: Timestamp| Duration::try_from(now.duration_since(at)).unwrap_or_default();
    let commit = |branch: &str, at, message: &str| Past {
        branch: branch.to_owned(),
        author: Spanned::new(0..0, author.key.get_ref().clone()),
        age: age(at),
        message: message.to_owned(),
        tag: None,
        edits: Vec::new(),
    };
    let mut all: Vec<_> = apps.iter().flat_map(|app| app.releases.iter().map(move |one| (app, one))).collect();
    all.sort_by_key(|(_, release)| release.at);
    let mut commits = vec![commit("main", old, "first")];
    let mut branches = HashSet::from(["main"]);
    for app in apps {
        if branches.insert(&app.target_revision) {
            commits.push(commit(&app.target_revision, old, "first"));
        }
    }
    let mut made = HashSet::new();
    for (app, release) in &all {
        if made.insert((&app.target_revision, &release.message)) {
            let mut one = commit(&app.target_revision, release.at, &release.message);
            one.edits = all
                .iter()
                .filter(|(other, same)| other.target_revision == app.target_revision && same.message == release.message)
                .map(|(other, same)| Edit::value(&other.overlay(), "image.tag", &same.version))
                .collect();
            commits.push(one);
        }
    }
    (files, History { people: vec![author], commits })
}

impl Releases {
    /// The releases of `apps` in a repository; `server` renders what is none of them.
    #[must_use]
    pub fn new(repo: Repo, server: RepoServer, apps: Vec<App>) -> Self {
        Self { repo, server, apps: Arc::new(apps) }
    }

    /// The version of an app that its branch has now.
    #[must_use]
    pub fn version(&self, app: &App) -> String {
        let head = self.repo.resolve(&app.target_revision);
        let state = head.and_then(|head| self.state(app, &head));
        state.map_or_else(|| app.release().version.clone(), |state| state.version)
    }

    /// A commit on the branch of an app: it has this version of it, whose hooks fail or not.
    ///
    /// # Errors
    /// When the app has no overlay there, or the disk is full.
    pub fn push(
        &self,
        app: &App,
        version: &str,
        message: &str,
        hooks_fail: bool,
        at: Timestamp,
    ) -> Result<String, GitError> {
        let mut edits = vec![Edit::value(&app.overlay(), "image.tag", version)];
        let failed = self.repo.resolve(&app.target_revision).and_then(|head| self.state(app, &head));
        if hooks_fail || failed.is_some_and(|state| state.hooks_fail) {
            let repository = if hooks_fail { WRONG } else { &app.image };
            edits.push(Edit::value(&app.overlay(), "hooks.repository", repository));
        }
        let author = Author::nobody();
        self.repo.commit(NewCommit { branch: &app.target_revision, author: &author, at, message, edits: &edits })
    }

    fn state(&self, app: &App, commit: &str) -> Option<State> {
        let overlay = self.repo.read(commit, &app.overlay())?;
        let values: Value = serde_saphyr::from_str(std::str::from_utf8(&overlay).ok()?).ok()?;
        let version = match &values["image"]["tag"] {
            Value::String(tag) => tag.clone(),
            Value::Null => return None,
            other => other.to_string(),
        };
        let replicas = values["replicas"].as_u64().and_then(|replicas| u32::try_from(replicas).ok());
        let hooks = text(&values, "/hooks/repository");
        Some(State { version, replicas, hooks_fail: !hooks.is_empty() && hooks != app.image })
    }

    /// The app whose chart and overlay a source names.
    fn app_of(&self, source: &Value) -> Option<&App> {
        let path = text(source, "/path");
        let values = within(path, text(source, "/helm/valueFiles/0"))?;
        self.apps.iter().find(|app| app.overlay() == values && app.source()["path"] == path)
    }
}

impl Repository for Releases {
    fn resolve(&self, source: &Value, revision: &str) -> Result<String, SourceError> {
        self.server.resolve(source, revision.trim_start_matches("refs/heads/"))
    }

    fn manifests(&self, source: Source<'_>, commit: &str) -> Result<Manifests, SourceError> {
        let found = self.app_of(source.source).and_then(|app| Some((app, self.state(app, commit)?)));
        let Some((app, state)) = found else { return self.server.manifests(source, commit) };
        let image = format!("{}:{}", app.image, state.version);
        let mut app = app.clone();
        source.app.clone_into(&mut app.name);
        source.namespace.clone_into(&mut app.namespace);
        app.replicas = state.replicas.unwrap_or(app.replicas);
        Ok(Manifests { objects: desired::objects(&app, &image, state.hooks_fail), source_type: "Helm" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::populate;
    use crate::sim::scenario;
    use serde_json::json;

    #[test]
    fn every_row_of_the_history_is_a_commit_and_a_push_moves_the_branch() {
        let scenario = scenario::load("predator12").unwrap();
        let now: Timestamp = "2026-11-23T06:00:00Z".parse().unwrap();
        let apps: Vec<App> =
            scenario.sources.iter().flat_map(|source| populate::apps_of(&scenario, source, now)).collect();
        let (files, history) = past(&apps, now);
        let repo = Repo::create(&files, &history, now).unwrap();
        let server = RepoServer::new(vec![(scenario.repository.clone(), repo.clone())], None, "v1.33.4");
        let releases = Releases::new(repo.clone(), server, apps.clone());
        for app in &apps {
            let source = app.source();
            let of = |revision: &str| {
                let commit = releases.resolve(&source, revision).unwrap();
                releases
                    .manifests(Source { source: &source, app: &app.name, namespace: &app.namespace }, &commit)
                    .unwrap()
            };
            for release in &app.releases {
                let commit = repo.find(&app.target_revision, &release.message, release.at).unwrap();
                let rendered = json!(of(&commit).objects).to_string();
                assert!(rendered.contains(&app.image_of(release)), "{} {}", app.name, release.version);
            }
            let head = repo.resolve(&app.target_revision).unwrap();
            assert_eq!(of(&app.target_revision).objects, of(&head[..8]).objects);
            releases.push(app, "99", &format!("{} 99", app.name), false, now).unwrap();
            assert_eq!(releases.version(app), "99");
            assert!(json!(of(&app.target_revision).objects).to_string().contains(":99"));
        }
        let mut source = apps[0].source();
        assert_eq!(releases.resolve(&source, "nowhere"), Err(SourceError::NoRevision("nowhere".to_owned())));
        source["repoURL"] = json!("https://elsewhere.example/x.git");
        assert_eq!(releases.resolve(&source, "main"), Err(SourceError::NoRepository));
    }
}
