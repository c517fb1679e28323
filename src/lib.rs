//! Pilothouse: a terminal cockpit for Argo CD.
//!
//! One folder a noun, lowest layer first. A layer may use only what stands to its left;
//! `tests/it/architecture.rs` holds the table of allowed edges and checks every path of the code against it.
//!
//! ```text
//! domain < store, config, command, diff, forward, debug < source, widget < action < view < app < runtime < cli
//! sim: beside everything, uses none of it
//! ```

pub mod action;
pub mod app;
pub mod cli;
pub mod command;
pub mod config;
pub mod debug;
pub mod diff;
pub mod domain;
pub mod forward;
pub mod runtime;
pub mod sim;
pub mod source;
pub mod store;
pub mod view;
pub mod widget;
