//! Files to validated values: settings, theme, keymap.
//!
//! Defaults are embedded TOML, user files are patches over them. Whatever is wrong is skipped and said with file, line,
//! reason and the nearest valid name; the rest applies.

pub mod chord;
pub mod document;
pub mod error;
pub mod glyph;
pub mod keymap;
pub mod palette;
mod place;
pub mod settings;
pub mod theme;

pub use error::ConfigError;
