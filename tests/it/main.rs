//! Every integration test in one program, so that linking happens once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on should say where")]

mod architecture;
mod clock;
mod logs_screen;
mod sim_kubernetes;
mod sim_world;
mod source;
mod terminal;
