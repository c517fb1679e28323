//! Port-forwards: what is listened on, what is dialled and when, and what becomes of them when pods and servers go.

mod by_kubectl;
mod lives;
pub mod program;
mod rollouts;
pub mod scene;
