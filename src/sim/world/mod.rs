//! A whole world: a cluster per source, what happens in them, and the handle to act on it.

mod error;
mod options;
mod running;
mod scene;
mod script;
mod servers;

pub use error::WorldError;
pub use options::SimOptions;
pub use running::World;
