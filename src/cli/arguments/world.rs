//! The simulated world.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Scenario to run: a bundled name or a file
    #[arg(long, value_name = "S")]
    pub scenario: Option<String>,
    /// How much faster than the wall the world's time runs
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub speed: f64,
}

/// `sim`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Sim {
    /// What to do to a running world
    #[command(subcommand)]
    pub act: Option<SimAct>,
    /// Scenario to run: a bundled name or a file
    #[arg(long, value_name = "S or FILE")]
    pub scenario: Option<String>,
    /// Make this many Applications in the first context
    #[arg(long, value_name = "N")]
    pub apps: Option<usize>,
    /// Change this many Applications a second
    #[arg(long, value_name = "R", default_value_t = 0.0)]
    pub changes_per_second: f64,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub seed: u64,
    /// First port; the Kubernetes APIs take this one and those after it
    #[arg(long, value_name = "P")]
    pub port: Option<u16>,
    /// Where to write the kubeconfig
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// How much faster than the wall the world's time runs
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub speed: f64,
}

/// What can be done to a running world.
#[derive(Debug, Subcommand)]
pub enum SimAct {
    /// Act on a running world: `source stop|start NAME`, `clock advance 10m`, `kill-pod NS/NAME[*]`, `drift APP`, `log NS/NAME rate N`, `listen NS/NAME PORT WHAT`, `connections`, `fault SOURCE WHAT`, `commit NAME`, `login`, `state`
    #[command(after_help = crate::sim::fault::HELP)]
    Ctl {
        /// Which world, as its ready line says; else the one last started by this user
        #[arg(long, value_name = "CONTROL", env = "PILOTHOUSE_CONTROL")]
        control: Option<String>,
        /// The action and its words
        #[arg(required = true, num_args = 1.., value_name = "ACTION")]
        action: Vec<String>,
    },
}
