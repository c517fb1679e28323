//! Keys as the loop hands them in: each that is bound does something, and nothing else does.

mod bound;
mod listed;
mod place;
mod screens;
mod sequence;
mod typing;

pub use place::in_the_middle;
