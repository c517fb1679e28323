//! The pure half of the loop: a model, the messages that change it, and how it is drawn. Knows nothing of tasks,
//! sockets or the wall clock; the runtime hands messages in and carries requests out.

pub mod acting;
pub mod bindings;
mod effect;
mod everyone;
pub mod frame;
pub mod header;
pub mod login;
pub mod looks;
pub mod memory;
pub mod model;
mod mouse;
pub mod msg;
pub mod named;
pub mod palette;
mod press;
mod prompt;
pub mod stack;
pub mod update;
pub mod visits;
pub mod which;

pub use bindings::Bindings;
pub use looks::Looks;
pub use memory::{Keep, Memory};
pub use model::Model;
pub use msg::{Msg, Request};
