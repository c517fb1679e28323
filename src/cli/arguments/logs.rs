//! What pods log.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::duration::duration;

/// `logs`.
#[derive(Clone, Debug, Args)]
pub struct Logs {
    /// Which Application: name, namespace/name, context/namespace/name, or a service together with --env
    #[arg(value_name = "APP")]
    pub app: String,
    /// Go on with what is logged later, by pods yet to come too
    #[arg(short, long)]
    pub follow: bool,
    /// Only this environment
    #[arg(long = "env", value_name = "E")]
    pub environment: Option<String>,
    /// Only this container; init containers count
    #[arg(long, value_name = "C")]
    pub container: Option<String>,
    /// Nothing older than this
    #[arg(long, value_name = "D", value_parser = duration)]
    pub since: Option<Duration>,
    /// At most so many of the lines there are already, of each container
    #[arg(long, value_name = "N")]
    pub tail: Option<u32>,
    /// What the containers logged before they were started again
    #[arg(long, conflicts_with = "follow")]
    pub previous: bool,
    /// Put the time before each line
    #[arg(long)]
    pub timestamps: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = LogOutput::Text)]
    pub output: LogOutput,
    /// How long to look for the Application
    #[arg(long, value_name = "D", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
}

/// How to print lines of logs, and cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogOutput {
    /// Text for people
    Text,
    /// One JSON object a line
    Json,
}
