//! Trouble to order: what a server does wrong, set while it runs, and the words that order it.
//!
//! Every fault names the requests it strikes by the beginning of their paths (query included) and how often.

mod order;
mod plan;
mod stream;

pub use order::{HELP, Order, What, parse};
pub use plan::{Aim, Answer, Cut, Faults, Only};
pub(in crate::sim) use stream::Fate;
