//! A bare repository: made from files and a history, committed to by the world, pushed to by people.

use super::commit::NewCommit;
use super::error::GitError;
use crate::sim::scenario::{Author, History};
use crate::sim::time::minus;
use git2::{Commit, ObjectType, Oid, Repository, RepositoryInitOptions};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// What a commit says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// `Name <mail>`.
    pub author: String,
    /// When it was written.
    pub date: Timestamp,
    /// Its message, without the newline at its end.
    pub message: String,
    /// Names of the tags that mean it.
    pub tags: Vec<String>,
}

/// A repository of the world; clones are the same one. Its folder is removed with the last of them.
#[derive(Clone)]
pub struct Repo(Arc<Inner>);

/// What clones share.
pub(super) struct Inner {
    git: Mutex<Repository>,
    path: PathBuf,
    /// The commit where all branches begin.
    pub(super) first: Oid,
    _folder: TempDir,
}

impl std::fmt::Debug for Repo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Repo").field(&self.0.path).finish()
    }
}

impl Repo {
    /// Makes a repository of `files` in a temporary folder, with everything that happened before `start`.
    ///
    /// # Errors
    /// When the folder cannot be written or a commit changes what is not there.
    pub fn create(files: &BTreeMap<String, Vec<u8>>, history: &History, start: Timestamp) -> Result<Self, GitError> {
        let folder = tempfile::Builder::new().prefix("pilothouse-git-").tempdir()?;
        let path = folder.path().join("gitops.git");
        let mut options = RepositoryInitOptions::new();
        options.bare(true).initial_head("main").external_template(false);
        let git = Repository::init_opts(&path, &options)?;
        let mut repo = Inner { git: Mutex::new(git), path, first: Oid::zero(), _folder: folder };
        let nobody = Author::nobody();
        for past in &history.commits {
            let commit = NewCommit {
                branch: &past.branch,
                author: history.author(past.author.get_ref()).unwrap_or(&nobody),
                at: minus(start, past.age),
                message: &past.message,
                edits: &past.edits,
            };
            let made = if repo.first.is_zero() { repo.begin(files, commit)? } else { repo.add(commit)? };
            if repo.first.is_zero() {
                repo.first = made;
            }
            if let Some(tag) = &past.tag {
                repo.git().reference(&format!("refs/tags/{tag}"), made, true, "tag")?;
            }
        }
        Ok(Self(Arc::new(repo)))
    }

    /// Where it lies: what `git clone` wants.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Makes a commit and moves its branch; its name.
    ///
    /// # Errors
    /// When it changes what is not there, or the disk is full.
    pub fn commit(&self, commit: NewCommit<'_>) -> Result<String, GitError> {
        self.0.add(commit).map(|made| made.to_string())
    }

    /// The commit a branch, a tag, a full or a short name means; `HEAD` when it is empty.
    #[must_use]
    pub fn resolve(&self, revision: &str) -> Option<String> {
        let git = self.0.git();
        let found = match revision {
            "" | "HEAD" => git.head().ok()?.peel_to_commit().ok()?,
            name => commit_of(&git, name)?,
        };
        Some(found.id().to_string())
    }

    /// What a commit says about itself.
    #[must_use]
    pub fn metadata(&self, commit: &str) -> Option<Metadata> {
        let git = self.0.git();
        let found = git.find_commit(Oid::from_str(commit).ok()?).ok()?;
        let mut tags = Vec::new();
        for tag in git.references_glob("refs/tags/*").ok()?.flatten() {
            if tag.peel_to_commit().is_ok_and(|tagged| tagged.id() == found.id()) {
                tags.extend(tag.shorthand().map(str::to_owned));
            }
        }
        let author = found.author();
        Some(Metadata {
            author: format!("{} <{}>", author.name().unwrap_or_default(), author.email().unwrap_or_default()),
            date: Timestamp::from_second(author.when().seconds()).ok()?,
            message: found.message().unwrap_or_default().trim_end().to_owned(),
            tags,
        })
    }

    /// The newest commit on a branch with this message that is not younger than `until`.
    #[must_use]
    pub fn find(&self, branch: &str, message: &str, until: Timestamp) -> Option<String> {
        let git = self.0.git();
        let mut next = commit_of(&git, branch);
        while let Some(commit) = next {
            if commit.message().is_some_and(|said| said.trim_end() == message)
                && commit.time().seconds() <= until.as_second()
            {
                return Some(commit.id().to_string());
            }
            next = commit.parent(0).ok();
        }
        None
    }

    /// The commit before a commit.
    #[must_use]
    pub fn parent(&self, commit: &str) -> Option<String> {
        let git = self.0.git();
        let found = git.find_commit(Oid::from_str(commit).ok()?).ok()?;
        found.parent_id(0).ok().map(|parent| parent.to_string())
    }

    /// The name of the content of a file or folder (the root when `path` is empty); the same content has the same name.
    #[must_use]
    pub fn content(&self, commit: &str, path: &str) -> Option<String> {
        let git = self.0.git();
        let tree = git.find_commit(Oid::from_str(commit).ok()?).ok()?.tree().ok()?;
        if path.is_empty() {
            return Some(tree.id().to_string());
        }
        tree.get_path(Path::new(path)).ok().map(|entry| entry.id().to_string())
    }

    /// A file of a commit.
    #[must_use]
    pub fn read(&self, commit: &str, path: &str) -> Option<Vec<u8>> {
        let git = self.0.git();
        let tree = git.find_commit(Oid::from_str(commit).ok()?).ok()?.tree().ok()?;
        let entry = tree.get_path(Path::new(path)).ok()?;
        git.find_blob(entry.id()).ok().map(|blob| blob.content().to_vec())
    }

    /// The paths of everything in a commit, and whether each is a folder; none when there is no such commit.
    #[must_use]
    pub fn paths(&self, commit: &str) -> Vec<(String, bool)> {
        let git = self.0.git();
        let tree = Oid::from_str(commit).and_then(|id| git.find_commit(id)).and_then(|found| found.tree());
        let mut paths = Vec::new();
        let walked = tree.and_then(|tree| {
            tree.walk(git2::TreeWalkMode::PreOrder, |parent, entry| {
                let path = entry.name().map(|name| format!("{parent}{name}"));
                paths.extend(path.map(|path| (path, entry.kind() == Some(ObjectType::Tree))));
                git2::TreeWalkResult::Ok
            })
        });
        if let Err(error) = walked {
            tracing::debug!(commit, %error, "commit not walked");
        }
        paths
    }

    /// The files below a folder (the root when it is empty) of a commit, by their path from that folder.
    #[must_use]
    pub fn files(&self, commit: &str, folder: &str) -> Option<BTreeMap<String, Vec<u8>>> {
        let git = self.0.git();
        let root = git.find_commit(Oid::from_str(commit).ok()?).ok()?.tree().ok()?;
        let tree =
            if folder.is_empty() { root } else { git.find_tree(root.get_path(Path::new(folder)).ok()?.id()).ok()? };
        let mut files = BTreeMap::new();
        let walked = tree.walk(git2::TreeWalkMode::PreOrder, |parent, entry| {
            if entry.kind() == Some(ObjectType::Blob)
                && let (Some(name), Ok(blob)) = (entry.name(), git.find_blob(entry.id()))
            {
                files.insert(format!("{parent}{name}"), blob.content().to_vec());
            }
            git2::TreeWalkResult::Ok
        });
        walked.ok().map(|()| files)
    }
}

/// A branch comes before a tag, a tag before a commit.
fn commit_of<'a>(git: &'a Repository, name: &str) -> Option<Commit<'a>> {
    for full in [name.to_owned(), format!("refs/heads/{name}"), format!("refs/tags/{name}")] {
        if full.starts_with("refs/")
            && let Ok(found) = git.find_reference(&full)
        {
            return found.peel_to_commit().ok();
        }
    }
    let is_hex = (4..=40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| git.find_commit_by_prefix(name).ok()).flatten()
}

impl Inner {
    /// A thread that panicked in libgit2 left the files whole: objects are written before refs.
    pub(super) fn git(&self) -> MutexGuard<'_, Repository> {
        self.git.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::git::bundled;
    use crate::sim::scenario::Edit;
    use std::process::Command;

    fn start() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn predator12() -> Repo {
        let asset = bundled("predator12").unwrap();
        Repo::create(&asset.files, &History::parse("history.toml", &asset.history).unwrap(), start()).unwrap()
    }

    #[test]
    fn heads_leave_the_overlays_as_the_files_have_them() {
        let (repo, asset) = (predator12(), bundled("predator12").unwrap());
        for (environment, branch) in [("dev", "main"), ("staging", "release/staging"), ("prod", "release/prod")] {
            let head = repo.resolve(branch).unwrap();
            let overlays = format!("helm/overlays/{environment}");
            let files = repo.files(&head, &overlays).unwrap();
            assert!(files.len() >= 7, "{files:?}");
            for (name, content) in files {
                let kept = &asset.files[&format!("{overlays}/{name}")];
                assert_eq!(String::from_utf8_lossy(&content), String::from_utf8_lossy(kept), "{branch} {name}");
            }
            assert_eq!(repo.files(&head, "helm/charts").unwrap().len(), {
                asset.files.keys().filter(|path| path.starts_with("helm/charts/")).count()
            });
        }
    }

    #[test]
    fn branches_tags_and_commits_are_found_by_their_names() {
        let repo = predator12();
        let head = repo.resolve("main").unwrap();
        assert_eq!(repo.resolve("").unwrap(), head);
        assert_eq!(repo.resolve("HEAD").unwrap(), head);
        assert_eq!(repo.resolve(&head).unwrap(), head);
        assert_eq!(repo.resolve(&head[..7]).unwrap(), head);
        let tagged = repo.resolve("v1.4.1").unwrap();
        assert_eq!(repo.find("release/prod", "backend 1.4.1", start()), Some(tagged.clone()));
        assert_eq!(repo.resolve("no-such-branch"), None);
        assert_eq!(repo.resolve(&"0".repeat(40)), None);
        assert_eq!(
            repo.metadata(&tagged).unwrap(),
            Metadata {
                author: "DevOps <devops@predator12.example>".to_owned(),
                date: "2026-11-14T11:30:00Z".parse().unwrap(),
                message: "backend 1.4.1".to_owned(),
                tags: vec!["v1.4.1".to_owned()],
            }
        );
    }

    #[test]
    fn the_same_content_has_the_same_name_in_every_world() {
        let repo = predator12();
        let head = repo.resolve("main").unwrap();
        let old = repo.find("main", "backend 1.4.2", start()).unwrap();
        let name = |commit: &str, path: &str| repo.content(commit, path).unwrap();
        assert_eq!(name(&head, "helm/charts/backend"), name(&old, "helm/charts/backend"));
        assert_ne!(name(&head, "helm/overlays/dev/backend.yaml"), name(&old, "helm/overlays/dev/backend.yaml"));
        assert_eq!(repo.content(&head, "helm/charts/nothing"), None);
    }

    /// Runs git with nothing of this user's settings.
    fn git(folder: &Path, arguments: &[&str]) -> String {
        let who = ["-c", "user.name=Somebody", "-c", "user.email=s@example.com"];
        let output = Command::new("git")
            .current_dir(folder)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .args(who)
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    #[test]
    fn a_person_clones_and_pushes_and_the_world_sees_it() {
        let repo = predator12();
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["clone", "-q", repo.path().to_str().unwrap(), "work"]);
        let work = folder.path().join("work");
        git(&work, &["fsck", "--strict"]);
        assert_eq!(git(&work, &["log", "-1", "--format=%an %s"]), "Backend Developer backend 1.5.0-rc2");
        let overlay = "helm/overlays/dev/frontend.yaml";
        std::fs::write(work.join(overlay), "image:\n  tag: 2.3.2\n").unwrap();
        git(&work, &["commit", "-qam", "frontend 2.3.2"]);
        git(&work, &["push", "-q", "origin", "HEAD"]);
        let pushed = git(&work, &["rev-parse", "HEAD"]);
        assert_eq!(repo.resolve("main"), Some(pushed.clone()));
        assert_eq!(repo.read(&pushed, overlay).unwrap(), b"image:\n  tag: 2.3.2\n");
        // and the other way round, on top of what was pushed
        let edits = [Edit {
            file: overlay.to_owned(),
            path: Some("image.tag".to_owned()),
            value: Some("2.3.3".into()),
            text: None,
            remove: false,
        }];
        let author = Author::nobody();
        let made = NewCommit { branch: "main", author: &author, at: start(), message: "frontend 2.3.3", edits: &edits };
        let made = repo.commit(made).unwrap();
        git(&work, &["pull", "-q", "--ff-only"]);
        assert_eq!(git(&work, &["rev-parse", "HEAD", "HEAD~1"]), format!("{made}\n{pushed}"));
    }
}
