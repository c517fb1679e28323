//! What would be done, and the one place where it is said yes to.

mod lines;
mod options;
mod screen;

pub use screen::Plan;
