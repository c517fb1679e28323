//! The program itself, in a pseudo-terminal, on worlds over HTTPS.

mod clipboard;
mod cockpit;
mod command_line;
mod idle;
mod k9s;
mod reload;
pub mod screen;
mod settings;
mod sources;
mod twins;
mod untrusted;
pub mod world;
