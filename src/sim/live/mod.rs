//! What keeps happening: Argo CD at work, and what people do to it, each at a moment of the world's clock.
//!
//! People commit, edit by hand and release what crashes; each of that is an [`Act`] on the [`Agenda`], one task performs
//! them as they fall due, and the controllers that look at the stores do the rest. What already happened when the world
//! starts is the same, begun in the past and performed at once.

pub mod argocd;
pub mod changes;
pub mod crash;
pub mod deploy;
pub mod drift;
pub mod expiry;
pub mod heartbeat;
pub mod releases;

pub use super::agenda::{Act, Agenda, Play, perform};
