//! Controllers on a stepped clock: what they write, in which order, with which words.

mod bench;
mod bounds;
mod rules;
