//! The one road by which objects are created, changed and deleted, for the API's clients and for the controllers of the
//! world alike: whoever writes is a named manager, and finalizers, garbage collection, generation, defaults, schemas and
//! `managedFields` are the same for all.
//!
//! ```text
//! writer, create, revise, applied, delete: what can be done
//!   options: how; admit: may the object be so; limits, quota: may its namespace have so much; unknown, nulls: what its type does not have; collect: who goes with whom
//!   patch, strategic: what a patch makes of an object; scale: its replicas alone
//!   owners < typed < fields, relation: who set which field
//!   known < schema: which fields there are; defaults: what the server fills in
//! ```
//!
//! A controller takes a [`Writer`] of its own name (`Writer::new(&store, "kube-controller-manager")`) and writes status
//! through `writer.at("status")`. [`super::store::Store::put`] and its like write past all this and are for setting a
//! scene.

mod admit;
mod applied;
pub(in crate::sim) mod collect;
mod create;
mod defaults;
mod delete;
mod fields;
pub(in crate::sim) mod known;
#[cfg(test)]
mod laws;
mod limits;
mod nulls;
mod options;
mod owners;
mod patch;
pub(in crate::sim) mod quota;
pub(in crate::sim) mod relation;
mod revise;
pub mod scale;
mod schema;
mod strategic;
mod typed;
mod unknown;
mod writer;

pub(in crate::sim) use defaults::fold_secret;
pub use delete::{DeleteOptions, Deleted, Propagation};
pub use options::{Address, Validation, Written};
pub use owners::Conflict;
pub use patch::Patch;
pub use writer::Writer;
