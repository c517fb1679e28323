//! Integration tests, one module a subject.

mod sim_kubernetes;
mod sim_world;
