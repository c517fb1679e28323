//! What is known, in memory, fed by deltas.
pub mod delta;
