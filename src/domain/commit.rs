//! Commits, as far as Argo CD tells of them.

use super::time::Timestamp;

/// A commit. Its texts are clean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Who wrote it, without the mail address.
    pub author: String,
    /// When.
    pub date: Option<Timestamp>,
    /// The first line of its message.
    pub subject: String,
}

impl Commit {
    /// Who and what, in one line.
    #[must_use]
    pub fn told(&self) -> String {
        match (self.author.as_str(), self.subject.as_str()) {
            ("", subject) => subject.to_owned(),
            (author, "") => author.to_owned(),
            (author, subject) => format!("{author}: {subject}"),
        }
    }
}
