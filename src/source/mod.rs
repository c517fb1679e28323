//! Where data comes from: each source is one future that reads for ever and pushes [`Delta`]s into a [`Sink`].
//!
//! A source decodes straight into small rows, keeps nothing the rows do not need, and never touches the store or the
//! screen. It spawns nothing: whoever runs it drops it, and with it go its connections and its plugins. A source that
//! hangs, is refused or is not there has its own future to wait in and delays nobody.
//!
//! [`Delta`]: crate::store::delta::Delta
//! [`Sink`]: crate::store::delta::Sink

pub mod argocd;
mod desired;
mod error;
pub mod kube;
pub mod managed;
mod rendered;
mod states;
mod surroundings;
mod way;

pub use desired::{Clusters, Unmasked, Ways};
pub use error::SourceError;
pub use kube::redis::{Cache, Changes};
pub use states::compared;
pub use surroundings::Surroundings;
pub use way::Way;
