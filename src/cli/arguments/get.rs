//! What is there.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::duration::duration;
use super::output::Output;

/// `get`.
#[derive(Debug, Args)]
pub struct Get {
    /// What
    #[command(subcommand)]
    pub what: GetWhat,
}

/// What can be printed.
#[derive(Debug, Subcommand)]
pub enum GetWhat {
    /// Print the Applications of every source that is on
    Apps(Shown),
    /// Print the pods of the Applications of every source that is on
    Pods(Shown),
    /// Print what controllers told about the Applications and their objects
    Events(Shown),
    /// Print why an Application is in trouble
    Why {
        /// Which: name, namespace/name, context/namespace/name, or a service together with --env
        #[arg(value_name = "APP")]
        app: String,
        /// Of what, and how
        #[command(flatten)]
        shown: Shown,
    },
}

/// Of what, and how it is printed.
#[derive(Debug, Args)]
pub struct Shown {
    /// Only this environment
    #[arg(long = "env", value_name = "E")]
    pub environment: Option<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// How long to wait for the first full load
    #[arg(long, value_name = "D", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
}
