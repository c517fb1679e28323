//! Plans and writes that a person asked for, and the guarded syncs among them.

mod desk;
mod guards;

pub use desk::{Deeds, Rules};
