//! Plans and writes that a person asked for, and the guarded syncs among them.
//!
//! ```text
//! desk: what is under way      found: the way to each Application      perform: an order, wave by wave
//! guards: a guarded sync, and what it asks      told: what is said of all that
//! ```

mod desk;
mod found;
mod guards;
mod perform;
mod told;

pub use desk::{Deeds, Rules};
