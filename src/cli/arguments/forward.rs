//! Ports that lead to pods, and debuggers behind them.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::duration::duration;
use super::logs::LogOutput;
use crate::forward::{Mapping, Target};

/// `forward`.
#[derive(Clone, Debug, Args)]
pub struct Forward {
    /// Which Application: name, namespace/name, context/namespace/name, or a service together with --env
    #[arg(value_name = "APP")]
    pub app: String,
    /// Ports: 8000, http, 9000:8000, or :8000 for any free local port; the first it has if left out
    #[arg(value_name = "PORT|LOCAL:REMOTE")]
    pub ports: Vec<Mapping>,
    /// Only this environment
    #[arg(long = "env", value_name = "E")]
    pub environment: Option<String>,
    /// What of it: pod/NAME, service/NAME, deployment/NAME; found by the ports if left out
    #[arg(long, value_name = "WHAT")]
    pub target: Option<Target>,
    /// Listen on this address; anything but loopback lets other machines in
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    pub bind: IpAddr,
    /// Listen on a Unix socket that nobody else can open instead
    #[arg(long, value_name = "PATH", conflicts_with = "bind")]
    pub unix: Option<PathBuf>,
    /// Let `kubectl port-forward` carry it, where something breaks WebSockets
    #[arg(long)]
    pub kubectl: bool,
    /// The words that stand for a yes where one is needed
    #[arg(long, value_name = "PHRASE")]
    pub confirm: Option<String>,
    /// How long to look for the Application
    #[arg(long, value_name = "D", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
}

/// `debug`.
#[derive(Clone, Debug, Args)]
pub struct Debug {
    /// Which Application: name, namespace/name, context/namespace/name, or a service together with --env
    #[arg(value_name = "APP")]
    pub app: String,
    /// Only this environment
    #[arg(long = "env", value_name = "E")]
    pub environment: Option<String>,
    /// This pod; else whichever is ready, newest first
    #[arg(long, value_name = "P")]
    pub pod: Option<String>,
    /// The port the debugger listens on; found in the pod's ports, environment and command if left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Write .vscode/launch.json of this folder without asking
    #[arg(long, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
    /// Print the launch entry and the ssh line, and open nothing
    #[arg(long)]
    pub print: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = LogOutput::Text)]
    pub output: LogOutput,
    /// The words that stand for a yes where one is needed
    #[arg(long, value_name = "PHRASE")]
    pub confirm: Option<String>,
    /// How long to look for the Application
    #[arg(long, value_name = "D", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
}
