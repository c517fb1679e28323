//! Commits of a scenario that wait until their time comes or somebody asks for them.

use super::commit::NewCommit;
use super::error::GitError;
use super::repo::Repo;
use crate::sim::scenario::{Author, Edit, History, Waiting};
use jiff::Timestamp;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The commits that wait for one repository.
#[derive(Debug)]
pub struct Commits {
    repo: Repo,
    waiting: Vec<One>,
}

#[derive(Debug)]
struct One {
    name: String,
    branch: String,
    author: Author,
    message: String,
    rounds: Vec<Vec<Edit>>,
    pushed: AtomicUsize,
}

impl Commits {
    /// What waits for `repo`, by people of its history.
    ///
    /// # Errors
    /// When nobody of the history is called like an author.
    pub fn new(repo: Repo, waiting: &[Waiting], history: &History) -> Result<Self, GitError> {
        let one = |waiting: &Waiting| {
            let key = waiting.author.get_ref();
            let author = history.author(key).ok_or_else(|| GitError::NoAuthor {
                commit: waiting.name.get_ref().clone(),
                author: key.clone(),
                there: history.people.iter().map(|person| person.key.get_ref().as_str()).collect::<Vec<_>>().join(", "),
            })?;
            Ok(One {
                name: waiting.name.get_ref().clone(),
                branch: waiting.branch.clone(),
                author: author.clone(),
                message: waiting.message.clone(),
                rounds: waiting.rounds(),
                pushed: AtomicUsize::new(0),
            })
        };
        Ok(Self { repo, waiting: waiting.iter().map(one).collect::<Result<_, GitError>>()? })
    }

    /// Pushes a commit; the branch, and which it became.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what there is.
    pub fn push(&self, name: &str, at: Timestamp) -> Result<(String, String), String> {
        let one = self.waiting.iter().find(|one| one.name == name).ok_or_else(|| {
            let there: Vec<&str> = self.waiting.iter().map(|one| one.name.as_str()).collect();
            let there =
                if there.is_empty() { "none waits".to_owned() } else { format!("there are: {}", there.join(", ")) };
            format!("there is no commit `{name}`; {there}")
        })?;
        let round = one.pushed.fetch_add(1, Ordering::Relaxed) % one.rounds.len().max(1);
        let edits = one.rounds.get(round).map(Vec::as_slice).unwrap_or_default();
        let commit = NewCommit { branch: &one.branch, author: &one.author, at, message: &one.message, edits };
        let made = self.repo.commit(commit).map_err(|error| error.to_string())?;
        Ok((one.branch.clone(), made))
    }

    /// Names of the commits and how often each was pushed.
    pub fn names(&self) -> impl Iterator<Item = (&str, usize)> {
        self.waiting.iter().map(|one| (one.name.as_str(), one.pushed.load(Ordering::Relaxed)))
    }
}
