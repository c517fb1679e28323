//! Making commits.

use super::edit;
use super::edit::EditError;
use super::error::GitError;
use super::repo::Inner;
use crate::sim::scenario::{Author, Edit};
use git2::{Commit, ErrorCode, Index, IndexEntry, IndexTime, Oid, Repository, Signature, Time};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;

/// A commit to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewCommit<'a> {
    /// The branch; a new one begins at the first commit of all.
    pub branch: &'a str,
    /// Who.
    pub author: &'a Author,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub message: &'a str,
    /// What it changes.
    pub edits: &'a [Edit],
}

impl Inner {
    /// The first commit: all files, changed as it says.
    pub(super) fn begin(&self, files: &BTreeMap<String, Vec<u8>>, commit: NewCommit<'_>) -> Result<Oid, GitError> {
        let mut files = files.clone();
        for one in commit.edits {
            match edit::apply(one, files.get(&one.file).map(Vec::as_slice)).map_err(|error| refused(commit, error))? {
                Some(new) => files.insert(one.file.clone(), new),
                None => files.remove(&one.file),
            };
        }
        let git = self.git();
        let mut index = Index::new()?;
        for (path, content) in &files {
            put(&git, &mut index, path, content)?;
        }
        let tree = git.find_tree(index.write_tree_to(&git)?)?;
        write(&git, commit, &tree, None)
    }

    pub(super) fn add(&self, commit: NewCommit<'_>) -> Result<Oid, GitError> {
        let git = self.git();
        let parent = match git.find_reference(&format!("refs/heads/{}", commit.branch)) {
            Ok(found) => found.peel_to_commit()?,
            Err(error) if error.code() == ErrorCode::NotFound => git.find_commit(self.first)?,
            Err(error) => return Err(error.into()),
        };
        let tree = parent.tree()?;
        let mut index = Index::new()?;
        index.read_tree(&tree)?;
        for one in commit.edits {
            let path = Path::new(&one.file);
            let old = index.get_path(path, 0).and_then(|entry| git.find_blob(entry.id).ok());
            let new =
                edit::apply(one, old.as_ref().map(git2::Blob::content)).map_err(|error| refused(commit, error))?;
            match new {
                Some(content) => put(&git, &mut index, &one.file, &content)?,
                None => index.remove(path, 0)?,
            }
        }
        let tree = git.find_tree(index.write_tree_to(&git)?)?;
        write(&git, commit, &tree, Some(&parent))
    }
}

fn refused(commit: NewCommit<'_>, error: EditError) -> GitError {
    GitError::Edit { branch: commit.branch.to_owned(), message: commit.message.to_owned(), error }
}

fn put(git: &Repository, index: &mut Index, path: &str, content: &[u8]) -> Result<(), git2::Error> {
    index.add(&IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: 0o100_644,
        uid: 0,
        gid: 0,
        file_size: 0,
        id: git.blob(content)?,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    })
}

fn write(
    git: &Repository,
    new: NewCommit<'_>,
    tree: &git2::Tree<'_>,
    parent: Option<&Commit<'_>>,
) -> Result<Oid, GitError> {
    let who = Signature::new(&new.author.name, &new.author.email, &Time::new(new.at.as_second(), 0))?;
    let parents: Vec<&Commit<'_>> = parent.into_iter().collect();
    let message = format!("{}\n", new.message);
    let made = git.commit(None, &who, &who, &message, tree, &parents)?;
    // not through `commit`: a branch that begins here does not have its parent as its tip
    git.reference(&format!("refs/heads/{}", new.branch), made, true, "commit")?;
    Ok(made)
}
