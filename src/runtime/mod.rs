//! Everything that runs: the terminal's threads, tasks and their scope, the lane from sources to the loop, the clock.
//!
//! Threads of their own own what can block for ever (reading the terminal, writing it, waiting for signals); tasks live
//! in a [`scope::Scope`]; the loop itself never blocks.

pub mod clock;
pub mod input;
pub mod mailbox;
pub mod painter;
pub mod scope;
pub mod signal;
pub mod terminal;
pub mod writer;
