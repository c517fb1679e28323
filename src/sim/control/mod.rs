//! Acting on a running world from outside: a small HTTP endpoint on loopback, and the client for it.
//!
//! ```text
//! error, known < client, endpoint; director: what can be done < drift, state, super::orders
//! ```

mod client;
mod director;
mod drift;
mod endpoint;
mod error;
mod known;
mod state;

pub use client::send;
pub(super) use director::split;
pub use director::{Director, GitPlace, Place};
pub(super) use endpoint::serve;
pub use endpoint::token;
pub use error::ControlError;
pub use known::remembered;
pub(super) use known::{forget, remember};
