//! What runs in a container: a small shell with its files and programs, and what answers on the pod's ports.

mod container;
mod exits;
mod files;
mod life;
pub mod shell;
mod sockets;
mod speak;

pub use container::Container;
pub use exits::{Exited, Exits};
pub use life::ended;
pub use speak::{Dialled, dial};
