//! The world's own shell: sequences of simple commands with quotes, variables and redirections, and a prompt on a
//! terminal. No pipes, loops or functions.

mod parse;
mod programs;
mod run;
mod terminal;

pub use run::{Exit, start};
pub use terminal::{Input, Output, Pipe, Size};
