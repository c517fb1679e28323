//! The world's GitOps repository: a bare Git repository in a temporary folder, and the manifests of its revisions.
//!
//! ```text
//! edit < error, commit < repo < asset, told, waiting, manifests (with argocd, whose trait they are)
//! ```
//!
//! A person can `git clone` and `git push` it at [`Repo::path`]; nothing here needs a git program. libgit2 does the work:
//! a push brings packs of deltas, which a writer of loose objects of our own could not read.

mod asset;
mod commit;
mod edit;
mod error;
pub mod manifests;
mod repo;
pub mod told;
mod waiting;

pub use asset::{Asset, bundled, find};
pub use commit::NewCommit;
pub use edit::{EditError, apply};
pub use error::GitError;
pub use manifests::{Helm, RepoServer, within};
pub use repo::{Metadata, Repo};
pub use waiting::Commits;
