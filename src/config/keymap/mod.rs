//! Which keys, in which part of the screen, give which command.
//!
//! Knows how keys and keymap files are written, and not the commands: those are handed in as [`Word`]s, so that the
//! table of commands stands above the configuration. Add a keymap as a file in `keymaps/` and a row of [`BUNDLED`].

mod load;
mod map;

pub use super::chord::Chord;
pub use load::BUNDLED;
pub use map::{Binding, Command, Keymap, Lookup, Scope, Word};
