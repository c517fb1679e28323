//! What runs over an upgraded connection: attach, exec and port-forward.
//!
//! ```text
//! sessions: the tasks, ended with their server
//!   attach < exec, forward: Kubernetes' channels within WebSocket messages    tunnel, spdy: port-forward as kubectl speaks it
//!     channel: one message, one channel    status: what is said at the end    target: the pod that is dialled
//! ```

mod attach;
mod channel;
mod exec;
mod forward;
mod sessions;
mod spdy;
mod status;
mod target;
mod tunnel;

pub(in crate::sim) use channel::Socket;
pub(in crate::sim) use exec::{Exec, Protocol, Runs, Wanted, exec};
pub(in crate::sim) use forward::forward;
pub use sessions::Sessions;
pub(in crate::sim) use target::Forward;
pub(in crate::sim) use tunnel::{raw, tunnel};
