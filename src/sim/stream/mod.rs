//! What runs over an upgraded connection: exec and port-forward.
//!
//! ```text
//! sessions: the tasks, ended with their server
//!   exec, forward: Kubernetes' channels within WebSocket messages
//!     channel: one message, one channel    status: what is said at the end
//! ```

mod channel;
mod exec;
mod sessions;
mod status;

pub(in crate::sim) use channel::Socket;
pub(in crate::sim) use exec::{Exec, Protocol, Wanted, exec};
pub use sessions::Sessions;
