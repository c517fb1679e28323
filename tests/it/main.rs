//! Integration tests, one module a subject.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on should say where")]

mod sim_kubernetes;
mod sim_world;
