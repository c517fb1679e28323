//! A repository of rendered manifests: what `helm template` makes of each Application at each commit.

use crate::sim::argocd::{Files, Manifests, Repository, Source, SourceError};
use crate::sim::manifest::meta::{hex, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Manifests by Application.
pub type Tree = BTreeMap<String, Vec<Value>>;

/// The repository; clones share it.
#[derive(Clone, Default)]
pub struct Git(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    commits: BTreeMap<String, Tree>,
    branches: BTreeMap<String, String>,
}

pub const URL: &str = "http://git.predator12.example/platform/gitops.git";

impl Git {
    /// The repository as it was first.
    pub fn new() -> Self {
        let tree: Tree =
            serde_json::from_str(include_str!("../../../../tests/fixtures/argocd/manifests.json")).unwrap();
        let git = Self::default();
        let first = git.commit(tree);
        for branch in ["main", "release/staging", "v1.0.0"] {
            git.branch(branch, &first);
        }
        git
    }

    fn commit(&self, tree: Tree) -> String {
        let mut inner = self.0.lock().unwrap();
        let name = hex(&format!("commit {}", inner.commits.len()), 40);
        inner.commits.insert(name.clone(), tree);
        name
    }

    /// Has a branch or tag mean a commit.
    pub fn branch(&self, name: &str, commit: &str) {
        self.0.lock().unwrap().branches.insert(name.to_owned(), commit.to_owned());
    }

    /// The commit of a branch.
    pub fn head(&self, branch: &str) -> String {
        self.0.lock().unwrap().branches[branch].clone()
    }

    /// What a branch has.
    pub fn tree(&self, branch: &str) -> Tree {
        let inner = self.0.lock().unwrap();
        inner.commits[&inner.branches[branch]].clone()
    }

    /// A commit on a branch.
    pub fn push(&self, branch: &str, change: impl FnOnce(&mut Tree)) -> String {
        let mut tree = self.tree(branch);
        change(&mut tree);
        let commit = self.commit(tree);
        self.branch(branch, &commit);
        commit
    }
}

impl Repository for Git {
    fn resolve(&self, source: &Value, revision: &str) -> Result<String, SourceError> {
        let inner = self.0.lock().unwrap();
        if text(source, "/repoURL") != URL {
            return Err(SourceError::NoRepository);
        }
        let known = inner.commits.contains_key(revision).then(|| revision.to_owned());
        known
            .or_else(|| inner.branches.get(revision).cloned())
            .ok_or_else(|| SourceError::NoRevision(revision.to_owned()))
    }

    fn manifests(&self, source: Source<'_>, commit: &str) -> Result<Manifests, SourceError> {
        let values = text(source.source, "/helm/valueFiles/0");
        let path = text(source.source, "/path");
        if values == "missing.yaml" {
            let app = source.app;
            return Err(SourceError::Render(format!(
                "failed to execute helm template command: failed running helm: `helm template . --name-template {app} \
                 --namespace {} --kube-version 1.36.2 --values <path to cached source>/{path}/{values} <api versions \
                 removed> --include-crds` failed exit status 1: Error: open <path to cached source>/{path}/{values}: no \
                 such file or directory",
                source.namespace
            )));
        }
        let key = match values.trim_end_matches(".yaml").rsplit('/').collect::<Vec<_>>()[..] {
            [service, environment, ..] => format!("{service}-{environment}"),
            _ => path.to_owned(),
        };
        let inner = self.0.lock().unwrap();
        let objects = inner.commits[commit].get(&key).cloned().ok_or_else(|| SourceError::NoPath(path.to_owned()))?;
        Ok(Manifests { objects, source_type: "Helm" })
    }

    fn directories(&self, url: &str, revision: &str) -> Result<Vec<String>, SourceError> {
        self.resolve(&serde_json::json!({"repoURL": url}), revision)?;
        let paths =
            ["argo", "helm", "helm/charts", "helm/charts/dependencies", "helm/charts/frontend", "helm/overlays"];
        Ok(paths
            .iter()
            .chain(&["helm/charts/backend", "helm/charts/backend/templates"])
            .map(ToString::to_string)
            .collect())
    }

    fn files(&self, url: &str, revision: &str, _: &dyn Fn(&str) -> bool) -> Result<Files, SourceError> {
        self.resolve(&serde_json::json!({"repoURL": url}), revision).map(|_| Files::new())
    }
}

/// The object of an Application's manifests.
pub fn object<'a>(tree: &'a mut Tree, app: &str, kind: &str, name: &str) -> &'a mut Value {
    let found =
        tree.get_mut(app).unwrap().iter_mut().find(|one| one["kind"] == kind && one["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("{app} has no {kind} {name}"))
}

/// The image of both workloads of the backend.
pub fn image(tree: &mut Tree, app: &str, tag: &str) {
    for name in ["backend", "celery"] {
        object(tree, app, "Deployment", name)["spec"]["template"]["spec"]["containers"][0]["image"] =
            format!("predator-backend:{tag}").into();
    }
}

/// What the migration does.
pub fn migration(tree: &mut Tree, app: &str, command: &str) {
    object(tree, app, "Job", "backend-migrate")["spec"]["template"]["spec"]["containers"][0]["command"][2] =
        command.into();
}
