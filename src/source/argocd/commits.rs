//! Who wrote a revision and why, as argocd-server tells it from the repository.

use serde::Deserialize;

use super::super::kube::ReadError;
use super::super::kube::request::escape;
use super::server::Server;
use super::tree::path;
use crate::domain::text::clean;
use crate::domain::{AppKey, Commit};

/// The largest answer that is read, in bytes.
const LARGEST: usize = 1 << 20;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    author: String,
    date: String,
    message: String,
}

/// Which of several sources a revision is of, and in which row of the history: only then does the server look in the
/// right repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfSeveral {
    /// The place of the source in the Application.
    pub source: usize,
    /// The id of the row.
    pub deployment: i64,
}

/// The commit of a revision of an Application.
///
/// # Errors
/// When the repository does not have it (any more), it may not be read, or the server cannot be asked.
pub async fn commit(
    server: &Server,
    app: &AppKey,
    revision: &str,
    of_several: Option<OfSeveral>,
) -> Result<Commit, ReadError> {
    let what = format!("revision {revision}");
    let mut path = path(app, &format!("revisions/{}/metadata", escape(revision)));
    if let Some(OfSeveral { source, deployment }) = of_several {
        path.push_str(&format!("&sourceIndex={source}&versionId={deployment}"));
    }
    let told: Metadata = server.json(&path, LARGEST, &what).await.map_err(|fault| ReadError::of(fault, &what))?;
    Ok(read(&told))
}

fn read(told: &Metadata) -> Commit {
    // as Git writes them: a name, and a mail address in angle brackets
    let name = told.author.split_once('<').map_or(told.author.as_str(), |(name, _)| name);
    let subject = told.message.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    Commit {
        author: clean(name.trim()).into_owned(),
        date: told.date.parse().ok(),
        subject: clean(subject.trim()).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_told_in_one_clean_line() {
        let told = Metadata {
            author: "Frontend Developer <frontend@predator12.example>".to_owned(),
            date: "2026-11-23T06:35:43Z".to_owned(),
            message: "\nfrontend: drop \u{1b}[2Jcrash\n\nA long story.".to_owned(),
        };
        let commit = read(&told);
        assert_eq!(commit.told(), "Frontend Developer: frontend: drop crash");
        assert!(commit.date.is_some());
        assert_eq!(read(&Metadata::default()).told(), "");
    }
}
