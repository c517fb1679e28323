//! Keys, pastes and mouse events from the bytes of a terminal.
//!
//! [`Reader`] is the only thing that reads the terminal; [`Decoder`] is pure and knows no clock: the loop feeds it bytes
//! with the current moment and wakes it at [`Decoder::next_deadline`].

mod decoder;
mod reader;
mod sequence;
#[cfg(test)]
mod tests;

pub use decoder::Decoder;
pub use reader::{Bytes, Reader};
