//! The verbs.

use clap::Subcommand;
use clap_complete::Shell;

use super::super::act::arguments::Act;
use super::audit::Audit;
use super::diff::DiffVerb;
use super::forward::{Debug, Forward};
use super::get::Get;
use super::login::Login;
use super::logs::Logs;
use super::output::Rows;
use super::snapshot::Snapshot;
use super::world::{Demo, Sim};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Open the cockpit on a simulated world: nothing leaves this machine
    Demo(Demo),
    /// Run the simulated world alone, or act on a running one
    Sim(Sim),
    /// Print what is there
    Get(Get),
    /// Print what the pods of an Application log
    Logs(Logs),
    /// Print what a sync of an Application would change, and who made it differ; 1 when anything differs
    Diff(DiffVerb),
    /// Print one frame of a screen
    Snapshot(Snapshot),
    /// Forward ports to whatever pod answers for an Application, through rollouts; until interrupted
    Forward(Forward),
    /// Lead a debugger to the right pod: look what attaching would do, forward, write launch.json; until interrupted
    Debug(Debug),
    /// Act on an Application
    #[command(flatten)]
    Act(Act),
    /// Log in to an argocd-server and keep its token, for this tool alone
    Login(Login),
    /// Print what this tool wrote, as whom, where and with what outcome
    Audit(Audit),
    /// Print what keys do, and where each binding comes from
    Keys {
        /// How to print
        #[arg(short, long, value_enum, default_value_t = Rows::Table)]
        output: Rows,
    },
    /// Print the themes there are, with what is wrong in them
    Themes {
        /// How to print
        #[arg(short, long, value_enum, default_value_t = Rows::Table)]
        output: Rows,
    },
    /// Make, check and explain settings
    Config {
        /// What about them
        #[command(subcommand)]
        act: ConfigAct,
    },
    /// Print the manual page
    Man,
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// What can be done with settings.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ConfigAct {
    /// Write a file with every setting, commented out, where there is none yet
    Init,
    /// Print every setting, its value, and what set it
    Show {
        /// How to print
        #[arg(short, long, value_enum, default_value_t = Rows::Table)]
        output: Rows,
    },
    /// Say what is wrong in the files of settings, keys and looks; exit 2 if anything is
    Check,
    /// Print where settings are read from: the user's file, existing or not, then the project's if there is one
    Path,
    /// Print a JSON schema of the settings, for editors
    Schema,
}
