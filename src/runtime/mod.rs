//! Everything that runs.
pub mod clock;
pub mod input;
pub mod mailbox;
pub mod observe;
pub mod painter;
pub mod scope;
pub mod sources;
pub mod writer;
