//! The resources of Applications: the live objects, their actions and their Events.

pub(super) mod actions;
pub(super) mod events;
mod find;
pub(super) mod object;
