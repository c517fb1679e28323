//! Remote debugging as plain data: which port a debugger listens on, what attaching there would do, and the entry an editor
//! attaches by.
//!
//! ```text
//! port: named ports, environment, command line       sockets: /proc/net/tcp and tcp6
//! preflight: what is good and bad about attaching     launch: our entry in launch.json, and nothing else of it
//! ```
//!
//! Nothing here reads a cluster or a file.

mod card;
mod difference;
mod launch;
mod port;
mod preflight;
mod sockets;

pub use card::Card;
pub use difference::difference;
pub use launch::{Entry, LaunchError, Mapped, merge};
pub use port::{DebugPort, Kind, debug_port, environment, workdir};
pub use preflight::{Facts, Finding, Listening, Mark, findings};
pub use sockets::{Sockets, sockets};
