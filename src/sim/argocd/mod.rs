//! What Argo CD does in a world: its application controller and its `ApplicationSet` controller.
//!
//! ```text
//! key, words, queue, health, merge < annotation, repository < cluster
//! target, compare, window, project, condition < record
//! task < wave, apply < operation < controller
//! refresh, auto_sync, cascade, delete_hook, orphan < controller
//! repository, ignore < sets
//! inspect: what others may ask about a comparison
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
mod delete_hook;
mod health;
mod history;
mod ignore;
pub mod inspect;
mod key;
mod merge;
mod operation;
mod orphan;
mod pace;
mod past;
mod project;
mod queue;
mod record;
mod refresh;
mod repository;
mod retry;
mod revisions;
mod sets;
mod target;
mod task;
mod wave;
mod window;

pub use cluster::{Cluster, Link};
pub use controller::Controller;
pub use pace::Pace;
pub use past::{Part, leave, parts};
pub use repository::{Files, Manifests, Repository, Source, SourceError};
pub use sets::Sets;
