//! Desired against live on screen.
//!
//! ```text
//! screen: keys and the place      choice: what is compared      search: hits, in what is folded too
//! lines: the document, laid out when something changed      draw: what is visible of it
//! ```

mod choice;
mod draw;
mod lines;
mod screen;
mod search;

pub use screen::Diff;
