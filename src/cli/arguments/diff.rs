//! Comparisons.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::duration::duration;

/// `diff`.
#[derive(Clone, Debug, Args)]
pub struct DiffVerb {
    /// Which Application: name, namespace/name, context/namespace/name, or a service together with --env
    #[arg(value_name = "APP")]
    pub app: String,
    /// Only this environment
    #[arg(long = "env", value_name = "E")]
    pub environment: Option<String>,
    /// Compare what runs with what was deployed before or with a revision of Git, two of those with each other
    /// (history:3..5, rev:v1..v2), or what Git wants with what it wants in another environment
    #[arg(long, value_name = "history:ID|rev:REV|env:E", value_parser = against)]
    pub against: Option<Against>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = DiffOutput::Unified)]
    pub output: DiffOutput,
    /// How long to look for the Application and to compare it
    #[arg(long, value_name = "D", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
}

/// The other side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    /// A deployment of the history against what runs.
    History(i64),
    /// Two deployments of the history.
    Histories(i64, i64),
    /// A revision of Git against what runs.
    Revision(String),
    /// Two revisions of Git.
    Revisions(String, String),
    /// The same service in another environment.
    Environment(String),
}

fn against(text: &str) -> Result<Against, String> {
    match text.split_once(':') {
        Some(("history", ids)) => {
            let number = |id: &str| id.parse::<i64>().map_err(|_| format!("`{id}` is no number of a deployment"));
            match ids.split_once("..") {
                Some((from, to)) => Ok(Against::Histories(number(from)?, number(to)?)),
                None => number(ids).map(Against::History),
            }
        }
        Some(("rev", revision)) if !revision.is_empty() => match revision.split_once("..") {
            Some((from, to)) if !from.is_empty() && !to.is_empty() => {
                Ok(Against::Revisions(from.to_owned(), to.to_owned()))
            }
            Some(_) => Err("two revisions are written rev:FROM..TO".to_owned()),
            None => Ok(Against::Revision(revision.to_owned())),
        },
        Some(("env", environment)) if !environment.is_empty() => Ok(Against::Environment(environment.to_owned())),
        _ => Err("it is written history:ID, rev:REV or env:E; two of a kind history:ID..ID or rev:REV..REV".to_owned()),
    }
}

/// How to print a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffOutput {
    /// Lines that come and go
    Unified,
    /// One JSON object
    Json,
    /// One line an object
    Stat,
}
