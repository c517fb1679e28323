//! Acting: what a plan shows, what it takes to say yes, what is then written, and what becomes of it.

mod confirm;
mod guarded;
mod odds;
pub mod sea;
mod stands;
mod verbs;
mod wire;
