//! Commits that release a version of an Application: to a chart's values, or to plain manifests.

use crate::sim::git::manifests::objects;
use crate::sim::git::{GitError, NewCommit, Repo, told};
use crate::sim::manifest::app::App;
use crate::sim::manifest::meta::text;
use crate::sim::scenario::{Author, Edit};
use crate::sim::server;
use crate::sim::time::stamp;
use jiff::Timestamp;
use serde_json::Value;

/// The image repository that the hooks of a bad commit name.
pub const WRONG: &str = "predator12-tools";

/// The repository; clones are the same one.
#[derive(Debug, Clone)]
pub struct Releases(Repo);

impl Releases {
    /// The releases in a repository.
    #[must_use]
    pub fn new(repo: Repo) -> Self {
        Self(repo)
    }

    /// The version of an app that its branch has now.
    #[must_use]
    pub fn version(&self, app: &App) -> String {
        let found = match &app.values {
            Some(path) => self.read(app, path).and_then(|values| match &yaml(&values)["image"]["tag"] {
                Value::Null => None,
                Value::String(tag) => Some(tag.clone()),
                other => Some(other.to_string()),
            }),
            None => self.read(app, &manifests(app)).and_then(|text| told::version(&text, &app.image)),
        };
        found.unwrap_or_else(|| app.release().version.clone())
    }

    /// A commit on the branch of an app: it has this version of it, whose hooks fail or not.
    ///
    /// # Errors
    /// When the app is not there, or the disk is full.
    pub fn push(
        &self,
        app: &App,
        version: &str,
        message: &str,
        hooks_fail: bool,
        at: Timestamp,
    ) -> Result<String, GitError> {
        let edits = if let Some(path) = &app.values {
            let mut edits = vec![Edit::value(path, "image.tag", version)];
            let before = self.read(app, path).map(|values| yaml(&values)).unwrap_or_default();
            if hooks_fail || text(&before, "/hooks/repository") == WRONG {
                let repository = if hooks_fail { WRONG } else { &app.image };
                edits.push(Edit::value(path, "hooks.repository", repository));
            }
            edits
        } else {
            let path = manifests(app);
            let before = objects(&self.read(app, &path).unwrap_or_default()).unwrap_or_default();
            let after = told::with_version(&before, &app.image, version, hooks_fail.then_some(WRONG));
            vec![Edit::text(&path, &after)]
        };
        let author = Author::nobody();
        self.0.commit(NewCommit { branch: &app.target_revision, author: &author, at, message, edits: &edits })
    }

    fn read(&self, app: &App, path: &str) -> Option<String> {
        let head = self.0.resolve(&app.target_revision)?;
        String::from_utf8(self.0.read(&head, path)?).ok()
    }
}

impl server::Commits for Repo {
    fn describe(&self, commit: &str) -> Option<server::Commit> {
        let known = self.metadata(commit)?;
        let date = stamp(known.date);
        Some(server::Commit { author: known.author, date, message: known.message, tags: known.tags })
    }
}

fn manifests(app: &App) -> String {
    told::file(&app.environment, &app.service)
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_default()
}
