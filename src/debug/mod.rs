//! Remote debugging as plain data: which port a debugger listens on, what attaching there would do, and the entry an editor
//! attaches by.
//!
//! ```text
//! port: named ports, environment, command line       sockets: /proc/net/tcp and tcp6
//! preflight: what is good and bad about attaching     launch: our entry in launch.json, and nothing else of it
//! worker: Celery's workers, and what forking means    values: the change in Git that has a debugger listen
//! dap: messages of the debug protocol                 folder: which folder of a workspace is which of the pods
//! ```
//!
//! Nothing here reads a cluster or a file.

mod card;
mod dap;
mod difference;
mod folder;
mod launch;
mod port;
mod preflight;
mod sockets;
mod values;
mod worker;

pub use card::Card;
pub use dap::{NoMessage, request, take};
pub use difference::difference;
pub use folder::{Folder, Folders};
pub use launch::{Entry, LaunchError, Mapped, merge};
pub use port::{DebugPort, Kind, debug_port, environment, workdir};
pub use preflight::{Facts, Finding, Listening, Mark, findings};
pub use sockets::{Sockets, sockets};
pub use values::Values;
pub use worker::{Pool, Worker, meaning};
