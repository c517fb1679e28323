//! Every integration test in one program, so that linking happens once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on should say where")]

mod acting;
mod architecture;
mod argocd_source;
mod broken;
mod clock;
mod copy;
mod cursor;
mod debugging;
mod diff;
mod events_screen;
mod fixture;
mod forward;
mod keys;
mod login;
mod logs;
mod logs_screen;
mod mouse;
mod palette;
mod pods;
mod program;
mod progress;
mod scenarios;
mod screens;
mod sim_argocd;
mod sim_faults;
mod sim_git;
mod sim_kubernetes;
mod sim_orders;
mod sim_process;
mod sim_prometheus;
mod sim_sets;
mod sim_soak;
mod sim_websocket;
mod sim_workloads;
mod sim_world;
mod source;
mod terminal;
mod told;
mod wait;
mod windows;
mod work;
