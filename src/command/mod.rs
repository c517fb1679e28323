//! THE table of everything a person can do: keys, hint line, help and README are made from it.
//!
//! No key is handled outside it. Add a command as one row of `table.rs`; tests then ask for its key and its handler.

pub mod argument;
pub mod doc;
pub mod hint;
#[cfg(test)]
mod laws;
pub mod scope;
pub mod table;
pub mod when;

pub use crate::domain::Risk;
pub use argument::Argument;
pub use scope::Scope;
pub use table::{CommandId, CommandSpec, TABLE};
pub use when::{Frozen, Situation, When};

/// The keymap of these commands.
pub type Keymap = crate::config::keymap::Keymap<CommandId>;
