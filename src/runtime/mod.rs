//! Everything that runs: the loop, the terminal's threads, the sources' tasks and the lane between them, the clock.
//!
//! Threads of their own own what can block for ever (reading the terminal, writing it, waiting for signals); tasks live
//! in a [`scope::Scope`]; the loop itself never blocks.

pub mod access;
pub mod berths;
pub mod choice;
pub mod clipboard;
pub mod clock;
pub mod deeds;
mod due;
pub mod errand;
pub mod forwards;
pub mod input;
pub mod interests;
pub mod k9s;
mod last_words;
pub mod launch;
mod lend;
pub mod logins;
pub mod mailbox;
pub mod observe;
pub mod painter;
pub mod probe;
pub mod reload;
pub mod remember;
mod requests;
mod reread;
pub mod run;
pub mod save;
pub mod scope;
pub mod signal;
pub mod sources;
pub mod survey;
pub mod tail;
pub mod terminal;
pub mod writer;
