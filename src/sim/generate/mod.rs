//! Thousands of Applications, all different, each as large as a real one.
//!
//! A whole Application is built once for each shape (how many resources it has, whether it syncs itself, what state it
//! is in) and kept as text with holes; an Application is that text with its own words in the holes. So building 10,000
//! of them costs little more than reading 200 MB of JSON.

mod generator;
mod words;

pub use generator::{Generated, Generator};
pub use words::PROJECTS;
