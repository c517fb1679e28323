//! The `ApplicationSet` controller: generates Applications, puts them back when somebody edits them, and says how it went.
//!
//! ```text
//! go < template < folders < generate, render < keep, status < act, controller
//! ```
//!
//! Generators are list, matrix and git (folders, files). What makes it look at a set are changes of the set and of spec, labels,
//! annotations or finalizers of an Application it made; how an Application does is only noted when it looks anyway.

mod act;
mod controller;
mod folders;
mod generate;
mod go;
mod keep;
mod render;
mod status;
mod template;

pub use controller::Sets;
