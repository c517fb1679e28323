//! x
pub mod painter;
