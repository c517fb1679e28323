//! What the repo-server makes of a revision: `helm template` as Argo CD calls it, or plain YAML files.
//!
//! ```text
//! call, yaml < kept, helm, directory < server
//! ```
//!
//! Output of helm that is kept in the program comes first: it costs no process and needs no helm. A test proves that it
//! is what helm says. Everything else is rendered by the helm of `PILOTHOUSE_HELM` or of the path, if there is one.

mod call;
mod directory;
mod helm;
mod kept;
mod server;
mod yaml;

pub use call::{Call, within};
pub use helm::Helm;
pub use kept::kept;
pub use server::RepoServer;
pub use yaml::objects;
