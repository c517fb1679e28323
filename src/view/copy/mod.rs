//! What of the selected Application can be copied: a menu, and the commands that show the same elsewhere.

mod item;
mod menu;
mod twin;

pub use menu::Copy;
