//! What listens in the pods of a cluster, and who is connected to it.

mod connection;
mod listener;
mod table;

pub use connection::{Connection, Line, Via};
pub use listener::{Listener, Speaks};
pub use table::{Network, Rule};
