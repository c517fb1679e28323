//! What happened in a GitOps repository before the world began, and what commits look like in general.

use super::error::{ScenarioError, Wrong};
use super::format::{duration, optional_duration};
use serde::Deserialize;
use std::time::Duration;
use toml::Spanned;

/// Commits of the past: a file `history.toml` beside the files of a repository.
///
/// ```toml
/// [[person]]
/// key = "backend"                     # what commits call them
/// name = "Backend Developer"
/// email = "backend@predator12.example"
///
/// [[commit]]                          # in the order in which they were made; all branches begin at the first
/// branch = "main"
/// author = "backend"
/// age = "6d2m"                        # before the world's start
/// message = "backend 1.4.2"
/// tag = "v1.4.2"                      # none when absent
/// edit = [{ file = "helm/overlays/dev/backend.yaml", path = "image.tag", value = "1.4.2" }]
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Who commits.
    #[serde(rename = "person")]
    pub people: Vec<Author>,
    /// What they did.
    #[serde(rename = "commit")]
    pub commits: Vec<Past>,
}

/// Somebody who commits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Author {
    /// What commits call them.
    pub key: Spanned<String>,
    /// Their role, written as a name.
    pub name: String,
    /// Where they get mail.
    pub email: String,
}

/// A commit of the past.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Past {
    /// The branch it is on.
    pub branch: String,
    /// The key of a person.
    pub author: Spanned<String>,
    /// How long before the world's start.
    #[serde(deserialize_with = "duration")]
    pub age: Duration,
    /// What it says.
    pub message: String,
    /// A tag that names it.
    pub tag: Option<String>,
    /// What it changes.
    #[serde(default, rename = "edit")]
    pub edits: Vec<Edit>,
}

/// A commit that waits to be pushed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// What `sim ctl commit` calls it.
    pub name: Spanned<String>,
    /// The branch it goes to.
    pub branch: String,
    /// The key of a person of the history.
    pub author: Spanned<String>,
    /// What it says.
    pub message: String,
    /// From the world's start until it is pushed; only by hand when absent.
    #[serde(default, deserialize_with = "optional_duration")]
    pub push: Option<Duration>,
    /// From one push to the next; once when absent.
    #[serde(default, deserialize_with = "optional_duration")]
    pub every: Option<Duration>,
    /// What it changes.
    #[serde(default, rename = "edit")]
    pub edits: Vec<Edit>,
    /// The values of the first edit at the second push, the third and so on; then it begins again with its own.
    #[serde(default)]
    pub then: Vec<toml::Value>,
}

impl Waiting {
    /// What its pushes change, one after the other, until they repeat.
    #[must_use]
    pub fn rounds(&self) -> Vec<Vec<Edit>> {
        let other = self.then.iter().map(|value| {
            let mut edits = self.edits.clone();
            if let Some(first) = edits.first_mut() {
                first.value = Some(value.clone());
            }
            edits
        });
        std::iter::once(self.edits.clone()).chain(other).collect()
    }
}

/// A change of one file: `value` at `path`, or the whole `text`, or the file is gone.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// From the root of the repository.
    pub file: String,
    /// Keys of the YAML mapping, with dots between.
    pub path: Option<String>,
    /// What stands there afterwards.
    pub value: Option<toml::Value>,
    /// What the file holds afterwards.
    pub text: Option<String>,
    /// The file is removed.
    #[serde(default)]
    pub remove: bool,
}

impl Author {
    /// Who made a commit that nobody is named for.
    #[must_use]
    pub fn nobody() -> Self {
        let key = Spanned::new(0..0, "nobody".to_owned());
        Self { key, name: "Predator12".to_owned(), email: "git@predator12.example".to_owned() }
    }
}

impl Edit {
    /// Sets the value at a path of a YAML file.
    #[must_use]
    pub fn value(file: &str, path: &str, value: &str) -> Self {
        let (path, value) = (Some(path.to_owned()), Some(value.into()));
        Self { file: file.to_owned(), path, value, text: None, remove: false }
    }

    /// Writes a whole file.
    #[must_use]
    pub fn text(file: &str, text: &str) -> Self {
        Self { file: file.to_owned(), path: None, value: None, text: Some(text.to_owned()), remove: false }
    }
}

impl History {
    /// Reads a history; `file` is what errors call it.
    ///
    /// # Errors
    /// File, line and what was probably meant.
    pub fn parse(file: &str, text: &str) -> Result<Self, ScenarioError> {
        let history: Self = toml::from_str(text).map_err(|error| ScenarioError::syntax(file, text, &error))?;
        history.check().map_err(|wrong| wrong.at(file, text))?;
        Ok(history)
    }

    /// The person whom commits call so.
    #[must_use]
    pub fn author(&self, key: &str) -> Option<&Author> {
        self.people.iter().find(|person| person.key.get_ref() == key)
    }

    fn check(&self) -> Result<(), Wrong> {
        for commit in &self.commits {
            if self.author(commit.author.get_ref()).is_none() {
                let there = self.people.iter().map(|person| person.key.get_ref().as_str());
                return Err(Wrong::unknown(commit.author.span(), "person", commit.author.get_ref(), there));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_author_is_named_with_its_line() {
        let text = "[[person]]\nkey = \"devops\"\nname = \"D\"\nemail = \"d@x\"\n[[commit]]\nbranch = \"main\"\n\
                    author = \"devop\"\nage = \"1d\"\nmessage = \"m\"\n";
        let error = History::parse("history.toml", text).unwrap_err().to_string();
        assert_eq!(error, "history.toml:7: there is no person `devop`; did you mean `devops`?");
    }
}
