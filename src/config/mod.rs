//! Files to validated values: settings, theme, keymap.
//!
//! Defaults are embedded TOML, user files are patches over them. Whatever is wrong is skipped and said with file, line,
//! reason and the nearest valid name; the rest applies.

pub mod chord;
mod cluster;
pub mod document;
mod environment;
pub mod error;
pub mod field;
pub mod glyph;
pub mod keymap;
mod layers;
mod misplaced;
pub mod palette;
mod place;
mod project;
mod role;
mod session;
pub mod settings;
mod show;
pub mod theme;
mod theme_file;

pub use error::ConfigError;
