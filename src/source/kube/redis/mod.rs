//! Argo CD's Redis, reached as `argocd --core` reaches it: by a port-forward through the API server, read-only.

mod cache;
mod changes;
mod line;
mod pace;
mod talk;

pub use cache::Cache;
pub use changes::Changes;
