//! Desired against live on screen.
//!
//! ```text
//! screen: keys and the place      choice: what is compared      search: hits, in what is folded too
//! moves: from change to change, from hit to hit              copies: what goes to the clipboard
//! lines: the document, laid out when something changed      draw: what is visible of it
//! ```

mod choice;
mod copies;
mod draw;
mod lines;
mod moves;
mod screen;
mod search;

pub use screen::Diff;
