//! The lane between sources and the loop: bounded by what exists, not by a number.
//!
//! Blocking a watch gets its stream cut off by the server, and dropping what it says loses truth. So the lane coalesces:
//! what is pending of an Application is its newest state only, and however long the loop is busy, taking everything
//! leaves the store as if it had been told every single change.

mod lane;
mod namespace;
mod post;
#[cfg(test)]
mod tests;

pub use post::{Figures, Mailbox};
