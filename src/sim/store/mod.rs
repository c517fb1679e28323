//! One cluster's objects: written by the world, read and watched by the API server.

mod commit;
mod contents;
mod garbage;
#[cfg(test)]
mod laws;
mod shelf;

pub use contents::{Snapshot, Store};
pub use garbage::{Chore, Garbage, Work};
