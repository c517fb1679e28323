//! The terminal's threads in a pseudo-terminal: given back on every road out, never in anybody's way.
//!
//! ```text
//! small_cockpit: the program in the terminal      run: a program in a pseudo-terminal, seen from outside
//! ```

mod given_back;
mod reader;
mod run;
mod small_cockpit;
