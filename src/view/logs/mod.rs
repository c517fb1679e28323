//! The log lines of one Application, live: every pod and container of it in one view.

mod draw;
mod place;
mod screen;
mod shape;

pub use screen::Logs;
