//! The audit log.

use std::time::Duration;

use clap::Args;

use super::duration::duration;
use super::output::Output;

/// `audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// Nothing older than this
    #[arg(long, value_name = "D", value_parser = duration, default_value = "30d")]
    pub since: Duration,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}
