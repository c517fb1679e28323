//! The `ApplicationSet` controller: generates Applications, puts them back when somebody edits them, and says how it went.
//!
//! ```text
//! go < template < generate, render < keep, status < controller
//! ```
//!
//! Generators are list, matrix and git directories. What makes it look at a set are changes of the set and of spec, labels,
//! annotations or finalizers of an Application it made; how an Application does is only noted when it looks anyway.

mod controller;
mod generate;
mod go;
mod keep;
mod render;
mod status;
mod template;

pub use controller::Sets;
