//! Sync windows of an AppProject, decided here: without argocd-server nobody else does before the controller holds the
//! operation (semantics 8.2).
//!
//! ```text
//! project: all windows, as they are kept      subject: which of them are about an Application
//! schedule: when one is on                    verdict: whether a sync may begin
//! ```

mod project;
mod schedule;
mod subject;
mod verdict;

pub use project::{Project, ProjectWindows, project_of};
pub use subject::Subject;
pub use verdict::{Verdict, Windows, holds, until};

#[cfg(test)]
mod tests;
