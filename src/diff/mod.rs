//! Desired against live, as pure functions of values: what differs, who made it so, and the lines that show it.
//!
//! ```text
//! compare (a Desired -> a Comparison)
//!   walk: one pass over both states makes the fields that differ and the lines of both sides
//!     keys: which items of two lists are the same      same: what counts as equal      yaml: how a value is written
//!   owners: managedFields, by path      shadow: what only they show      silence: the rule that would ignore a field
//!   usual: what differs between environments as a rule, folded
//! predict: what applying would make of a live object      words: what changed within a line      text: for scripts
//! ```

mod compare;
mod keys;
#[cfg(test)]
mod laws;
mod owners;
mod predict;
mod same;
mod shadow;
mod silence;
mod text;
mod usual;
mod walk;
mod words;
mod yaml;

pub use compare::compare;
pub use predict::predict;
pub use silence::ignore_entry;
pub use text::{stat, unified};
pub use walk::{Walked, walk};
pub use words::changed_words;
