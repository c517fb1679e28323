//! The repo-server of a world: revisions and manifests of the repositories it knows.

use super::call::{Call, within};
use super::helm::{Checkout, Helm};
use super::{directory, kept, yaml};
use crate::sim::argocd::{Files, Manifests, Repository, Source, SourceError};
use crate::sim::git::{Metadata, Repo};
use crate::sim::manifest::meta::text;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Rendered calls that are remembered; all are forgotten when there are more.
const REMEMBERED: usize = 512;

type Rendered = Result<Arc<Vec<Value>>, SourceError>;

/// Resolves and renders; clones share what they remember.
#[derive(Debug, Clone)]
pub struct RepoServer {
    repositories: Vec<(String, Repo)>,
    helm: Option<Helm>,
    kube: String,
    rendered: Arc<Mutex<HashMap<String, Rendered>>>,
}

impl RepoServer {
    /// A server over repositories by their address, for clusters of a version (`v1.33.4`).
    #[must_use]
    pub fn new(repositories: Vec<(String, Repo)>, helm: Option<Helm>, kube: &str) -> Self {
        let kube = kube.trim_start_matches('v').to_owned();
        Self { repositories, helm, kube, rendered: Arc::default() }
    }

    /// What a commit says about itself.
    ///
    /// # Errors
    /// argocd-server's words when the repository or the commit is not there.
    pub fn metadata(&self, url: &str, commit: &str) -> Result<Metadata, String> {
        let repo = self.repository(url).map_err(|error| error.to_string())?;
        repo.metadata(commit).ok_or_else(|| not_our_ref(commit))
    }

    fn repository(&self, url: &str) -> Result<&Repo, SourceError> {
        let found = self.repositories.iter().find(|(known, _)| plain(known) == plain(url));
        found.map(|(_, repo)| repo).ok_or(SourceError::NoRepository)
    }

    /// A repository and the commit that a branch, tag or commit means in it.
    fn checked_out(&self, url: &str, revision: &str) -> Result<(&Repo, String), SourceError> {
        let commit = self.resolve(&json!({"repoURL": url}), revision)?;
        Ok((self.repository(url)?, commit))
    }

    /// Two threads may render the same call at once; they get the same.
    fn render(&self, repo: &Repo, call: &Call, commit: &str) -> Rendered {
        let remembered = || self.rendered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = remembered().get(&call.key) {
            return known.clone();
        }
        let said = match (kept(&call.key), &self.helm) {
            (Some(kept), _) => Ok(kept.to_owned()),
            (None, Some(helm)) => {
                let checkout = Checkout::new(repo, commit)
                    .map_err(|error| SourceError::Render(format!("failed to check out {commit}: {error}")))?;
                helm.template(call, &checkout)
            }
            (None, None) => Err(Helm::missing(call)),
        };
        let rendered = said.and_then(|text| yaml::objects(&text).map_err(SourceError::Render)).map(Arc::new);
        let mut all = remembered();
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(call.key.clone(), rendered.clone());
        rendered
    }
}

impl Repository for RepoServer {
    fn resolve(&self, source: &Value, revision: &str) -> Result<String, SourceError> {
        let repo = self.repository(text(source, "/repoURL"))?;
        let is_whole = revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
        // Argo CD takes a whole name as it is; that nothing has it shows at the checkout
        let taken = is_whole.then(|| revision.to_owned());
        repo.resolve(revision).or(taken).ok_or_else(|| SourceError::NoRevision(revision.to_owned()))
    }

    fn manifests(&self, source: Source<'_>, commit: &str) -> Result<Manifests, SourceError> {
        let repo = self.repository(text(source.source, "/repoURL"))?;
        if repo.metadata(commit).is_none() {
            return Err(SourceError::Render(not_our_ref(commit)));
        }
        let asked = text(source.source, "/path");
        let missing = || SourceError::NoPath(asked.to_owned());
        let path = within("", asked).ok_or_else(missing)?;
        repo.content(commit, &path).ok_or_else(missing)?;
        let has_chart = || repo.content(commit, &format!("{path}/Chart.yaml")).is_some();
        if source.source["helm"].is_object() || has_chart() {
            let call = Call::new(repo, source, &path, commit, &self.kube)?;
            let objects = self.render(repo, &call, commit)?.to_vec();
            return Ok(Manifests { objects, source_type: "Helm" });
        }
        let files = repo.files(commit, &path).ok_or_else(missing)?;
        if ["kustomization.yaml", "kustomization.yml", "Kustomization"].iter().any(|name| files.contains_key(*name)) {
            let words =
                format!("`kustomize build {asked}` failed: exec: \"kustomize\": executable file not found in $PATH");
            return Err(SourceError::Render(words));
        }
        Ok(Manifests { objects: directory::objects(source.source, &files)?, source_type: "Directory" })
    }

    fn directories(&self, url: &str, revision: &str) -> Result<Vec<String>, SourceError> {
        let (repo, commit) = self.checked_out(url, revision)?;
        let is_hidden = |path: &str| path.split('/').any(|step| step.starts_with('.'));
        let paths = repo.paths(&commit).into_iter();
        Ok(paths.filter(|(path, is_folder)| *is_folder && !is_hidden(path)).map(|(path, _)| path).collect())
    }

    fn files(&self, url: &str, revision: &str, wanted: &dyn Fn(&str) -> bool) -> Result<Files, SourceError> {
        let (repo, commit) = self.checked_out(url, revision)?;
        let paths = repo.paths(&commit).into_iter().filter(|(path, is_folder)| !is_folder && wanted(path));
        Ok(paths.filter_map(|(path, _)| Some((path.clone(), repo.read(&commit, &path)?))).collect())
    }
}

fn not_our_ref(commit: &str) -> String {
    format!(
        "error acquiring repo lock: failed to initialize repository resources: rpc error: code = Internal desc = Failed \
         to checkout revision {commit}: `git fetch origin {commit} --tags --force --prune` failed exit status 128: \
         fatal: remote error: upload-pack: not our ref {commit}"
    )
}

/// Addresses mean the same repository with and without the ending.
fn plain(url: &str) -> String {
    url.trim_end_matches('/').trim_end_matches(".git").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::git::{NewCommit, bundled};
    use crate::sim::scenario::{Author, Edit, History};

    const URL: &str = "https://git.predator12.example/platform/gitops.git";

    fn server() -> (RepoServer, Repo) {
        let asset = bundled("predator12").unwrap();
        let at = "2026-11-23T12:00:00Z".parse().unwrap();
        let repo = Repo::create(&asset.files, &History::parse("history.toml", &asset.history).unwrap(), at).unwrap();
        (RepoServer::new(vec![(URL.to_owned(), repo.clone())], None, "v1.33.4"), repo)
    }

    fn source(path: &str, values: &str) -> Value {
        json!({"repoURL": URL, "path": path, "targetRevision": "main", "helm": {"valueFiles": [values]}})
    }

    fn refused(source: &Value) -> String {
        let (server, _) = server();
        let asked = text(source, "/targetRevision");
        let rendered = server.resolve(source, asked).and_then(|commit| {
            server.manifests(Source { source, app: "bad-values", namespace: "predator12-lab" }, &commit)
        });
        rendered.unwrap_err().to_string()
    }

    #[test]
    fn broken_sources_are_worded_as_argo_cd_words_them() {
        let mut wrong = source("helm/charts/frontend", "missing.yaml");
        assert_eq!(
            refused(&wrong),
            "failed to execute helm template command: failed running helm: `helm template . --name-template bad-values \
             --namespace predator12-lab --kube-version 1.33.4 --values <path to cached \
             source>/helm/charts/frontend/missing.yaml <api versions removed> --include-crds` failed exit status 1: \
             Error: open <path to cached source>/helm/charts/frontend/missing.yaml: no such file or directory"
        );
        wrong["path"] = json!("helm/charts/nothing");
        assert_eq!(refused(&wrong), "helm/charts/nothing: app path does not exist");
        wrong["targetRevision"] = json!("no-such-branch");
        assert_eq!(refused(&wrong), "unable to resolve 'no-such-branch' to a commit SHA: revision not found");
        wrong["targetRevision"] = json!("0000000000000000000000000000000000000000");
        assert!(refused(&wrong).ends_with("upload-pack: not our ref 0000000000000000000000000000000000000000"));
        wrong["repoURL"] = json!("http://git.predator12.example/platform/none.git");
        assert_eq!(refused(&wrong), "failed to list refs: repository not found: ");
    }

    #[test]
    fn a_release_renders_without_helm_and_an_unknown_one_names_helm() {
        let (server, repo) = server();
        let source = source("helm/charts/frontend", "../../overlays/dev/frontend.yaml");
        let at = |commit: &str| {
            server.manifests(Source { source: &source, app: "frontend-dev", namespace: "predator12-dev" }, commit)
        };
        let rendered = at(&repo.resolve("main").unwrap()).unwrap();
        assert_eq!(rendered.source_type, "Helm");
        let kinds: Vec<&str> = rendered.objects.iter().map(|object| text(object, "/kind")).collect();
        assert_eq!(kinds, ["ConfigMap", "Service", "Deployment", "Job"]);
        assert_eq!(text(&rendered.objects[2], "/spec/template/spec/containers/0/image"), "predator-frontend:2.3.1");
        let edits = [Edit::value("helm/overlays/dev/frontend.yaml", "image.tag", "99.0.0")];
        let (author, now) = (Author::nobody(), "2026-11-23T12:01:00Z".parse().unwrap());
        let new = NewCommit { branch: "main", author: &author, at: now, message: "frontend 99.0.0", edits: &edits };
        let error = at(&repo.commit(new).unwrap()).unwrap_err().to_string();
        assert!(
            error.contains("executable file not found in $PATH; the simulated world keeps no manifests"),
            "{error}"
        );
    }

    #[test]
    fn plain_files_are_manifests_too() {
        let (server, repo) = server();
        let source = json!({"repoURL": "https://git.predator12.example/platform/gitops", "path": "argo"});
        let head = repo.resolve("").unwrap();
        let rendered = server.manifests(Source { source: &source, app: "argo", namespace: "argocd" }, &head).unwrap();
        assert_eq!(rendered.source_type, "Directory");
        assert_eq!(rendered.objects.len(), 3);
        assert_eq!(server.metadata(URL, &head).unwrap().message, "backend 1.5.0-rc2");
    }

    #[test]
    fn generators_see_folders_and_files() {
        let (server, _) = server();
        let folders = server.directories(URL, "main").unwrap();
        for there in ["argo", "helm/charts/backend", "helm/charts/dependencies/postgres/templates"] {
            assert!(folders.iter().any(|folder| folder == there), "{there}: {folders:?}");
        }
        assert!(folders.iter().all(|folder| !folder.is_empty() && !folder.contains("yaml")), "{folders:?}");
        let files = server.files(URL, "release/prod", &|path| path.ends_with("/prod/backend.yaml")).unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["helm/overlays/prod/backend.yaml"]);
        assert!(String::from_utf8_lossy(&files["helm/overlays/prod/backend.yaml"]).contains("tag:"));
        let missing = server.directories(URL, "no-such-branch").unwrap_err().to_string();
        assert_eq!(missing, "unable to resolve 'no-such-branch' to a commit SHA: revision not found");
    }
}
