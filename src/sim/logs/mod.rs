//! What containers print: made from the clock when somebody reads, so that a silent world costs nothing.
//!
//! ```text
//! genre: how a component words its lines < tape: the lines of one run of a container < book: all tapes of a cluster
//! ```

mod book;
mod genre;
mod tape;

pub use book::Logs;
pub(in crate::sim) use tape::{Cursor, Tape};
