//! What keeps happening: small scripts of writes, each due at a moment of the world's clock.
//!
//! An [`Act`] is one write (or one look followed by writes); a script puts acts on the [`Agenda`] in the order in which
//! real controllers were seen to write, and one task performs them as they fall due. What already happened when the
//! world starts is the same scripts, begun in the past and performed at once.

pub mod changes;
mod controller;
pub mod crash;
pub mod deploy;
pub mod drift;
pub mod expiry;
pub mod health;
pub mod heartbeat;

pub use super::agenda::{Act, Agenda, Play, perform};
