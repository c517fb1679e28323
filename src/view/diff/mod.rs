//! Desired against live on screen.
//!
//! ```text
//! screen: keys and the place      lines: the document, laid out when something changed      draw: what is visible of it
//! ```

mod draw;
mod lines;
mod screen;

pub use screen::Diff;
