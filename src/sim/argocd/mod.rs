//! What Argo CD does in a world: its application controller and its `ApplicationSet` controller.
//!
//! ```text
//! key, words, health, merge < annotation, repository < cluster
//! target, compare, window, project, condition < record
//! task < wave, apply < operation < controller
//! refresh, auto_sync, cascade < controller
//! ```
//!
//! A [`Controller`] looks at what clients and other controllers write into the stores and acts on the world's clock: each
//! [`Controller::step`] does everything that is due and says when it wants to be called again. It keeps no state that a
//! client could not see, but for the tasks of an operation that runs. Words, the order of writes and the pauses between
//! them are those of Argo CD 3.6.

mod annotation;
mod apply;
mod auto_sync;
mod cascade;
mod cluster;
mod compare;
mod condition;
#[cfg(test)]
mod conformance;
mod controller;
mod health;
mod history;
mod ignore;
mod key;
mod merge;
mod operation;
mod pace;
mod past;
mod project;
mod record;
mod refresh;
mod repository;
mod retry;
mod target;
mod task;
mod wave;
mod window;

pub use cluster::{Cluster, Link};
pub use controller::Controller;
pub use pace::Pace;
pub use past::{Part, leave, parts};
pub use repository::{Manifests, Repository, Source, SourceError};
