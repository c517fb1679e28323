//! The resource types the simulated API server knows: one table, from which discovery, routing, printing and
//! selectors are answered.

mod kind;
mod table;

pub use kind::{Generation, Kind, Part, qualify};
pub use table::{KINDS, by_kind, by_resource};
