//! Go's text/template, as far as templates of ApplicationSets use it: actions, pipelines, variables, `if`, `with`,
//! `range`, Go's own functions and the usual ones of Sprig. Errors are worded and placed as Go words and places them.
//!
//! ```text
//! lex < parse < exec
//! value < words < functions < exec
//! ```

mod exec;
mod functions;
mod lex;
mod parse;
mod value;
mod words;

pub use exec::{Error, Missing, render};
pub(super) use words::normalize;
