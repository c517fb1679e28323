//! Acting from the cockpit: what a plan shows, what it takes to say yes, and what is then written.

mod confirm;
pub mod wire;
