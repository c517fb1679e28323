//! The command line as it is typed: one source for parsing, `--help`, the man page and completions.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use super::act::arguments::Act;
use crate::forward::{Mapping, Target};
use crate::source::argocd;

/// Steer Argo CD from the terminal: every environment's Applications, live.
///
/// Without a verb the cockpit opens on the current kube context. Look around first with `pilothouse demo`: it needs
/// no cluster. Press ? inside for the keys of the screen you are on.
#[derive(Debug, Parser)]
#[command(name = "pilothouse", version, max_term_width = 100, after_help = AFTER)]
pub struct Arguments {
    /// What holds for every verb.
    #[command(flatten)]
    pub everywhere: Everywhere,
    /// What to do.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

const AFTER: &str = "\
Examples:
  pilothouse demo                          look around in a simulated world
  pilothouse --context minikube            the cockpit on one context
  pilothouse get apps --env prod -o json   what runs in prod, for scripts

Exit codes:
  0 ok · 1 differs or not reached · 2 usage or configuration · 3 not found or ambiguous · 4 refused by the guard
  5 a source is down, denied or partial · 6 operation failed · 7 rolled back · 8 timed out · 130 interrupted";

/// Flags that every verb takes, before or after it.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Everywhere {
    /// Read settings from this file instead of the user's
    #[arg(long, value_name = "FILE", global = true, env = "PILOTHOUSE_CONFIG")]
    pub config: Option<PathBuf>,
    /// Use this kube context; may be given several times
    #[arg(long, value_name = "C", global = true, env = "PILOTHOUSE_CONTEXT", value_delimiter = ',')]
    pub context: Vec<String>,
    /// Turn every context of the kubeconfig on
    #[arg(long, global = true, env = "PILOTHOUSE_ALL_CONTEXTS")]
    pub all_contexts: bool,
    /// Namespace Argo CD lives in
    #[arg(long, value_name = "NS", global = true, env = "PILOTHOUSE_ARGOCD_NAMESPACE")]
    pub argocd_namespace: Option<String>,
    /// Read Argo CD through its argocd-server: a URL, a context of argocd, or port-forward
    #[arg(long, value_name = "URL", global = true, env = "PILOTHOUSE_ARGOCD_SERVER")]
    pub argocd_server: Option<String>,
    /// File with the token for it, mode 0600; else ARGOCD_AUTH_TOKEN, login, or argocd's own
    #[arg(long, value_name = "FILE", global = true, env = "PILOTHOUSE_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// Do not verify TLS certificates
    #[arg(long, global = true, env = "PILOTHOUSE_INSECURE")]
    pub insecure: bool,
    /// Refuse every write
    #[arg(long, global = true, env = "PILOTHOUSE_READONLY")]
    pub readonly: bool,
    /// Use this theme
    #[arg(long, value_name = "T", global = true, env = "PILOTHOUSE_THEME")]
    pub theme: Option<String>,
    /// Draw with ASCII signs only
    #[arg(long, global = true, env = "PILOTHOUSE_ASCII")]
    pub ascii: bool,
    /// Write a log to this file, secrets taken out
    #[arg(long, value_name = "FILE", global = true, env = "PILOTHOUSE_LOG_FILE")]
    pub log_file: Option<PathBuf>,
    /// What set each setting that a flag or a variable set: its field, and `--theme` or `PILOTHOUSE_THEME`.
    #[arg(skip)]
    pub origins: Vec<(&'static str, String)>,
    /// Log more; may be given several times
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

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

/// How to print rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Rows {
    /// Columns for people
    Table,
    /// JSON for programs
    Json,
}

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

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Columns for people
    Table,
    /// JSON for programs
    Json,
    /// More columns
    Wide,
}

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

/// How to print lines of logs, and cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogOutput {
    /// Text for people
    Text,
    /// One JSON object a line
    Json,
}

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

/// `login`.
#[derive(Debug, Args)]
pub struct Login {
    /// URL of the argocd-server, a source of the settings, a context of argocd, or port-forward
    #[arg(value_name = "URL")]
    pub url: String,
    /// Log in with the password of this account; of admin when nothing else is said or offered
    #[arg(long, value_name = "NAME", conflicts_with = "sso")]
    pub username: Option<String>,
    /// Log in through the identity provider: prints an address to open in any browser, and the ssh line that leads it back
    #[arg(long)]
    pub sso: bool,
    /// Port of this machine the browser comes back to; Argo CD's Dex knows 8085 alone
    #[arg(long, value_name = "PORT", default_value_t = argocd::PORT, requires = "sso")]
    pub sso_port: u16,
}

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

/// `snapshot`.
#[derive(Debug, Args)]
pub struct Snapshot {
    /// Which screen
    #[arg(long, value_name = "VIEW", default_value = "board", value_parser = screen_words())]
    pub view: String,
    /// Which Application, for screens of one: name, namespace/name or context/namespace/name
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    /// Columns and lines
    #[arg(long, value_name = "WxH", default_value = "120x40", value_parser = size)]
    pub size: (u16, u16),
    /// How to write the frame
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// How long to wait for the first full load
    #[arg(long, value_name = "D", default_value = "10s", value_parser = duration)]
    pub wait: Duration,
}

/// How to write a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Plain text, no escapes
    Text,
    /// With the terminal's colours
    Ansi,
    /// A picture
    Svg,
}

fn screen_words() -> clap::builder::PossibleValuesParser {
    crate::view::REGISTRY.iter().map(|s| s.word).collect::<Vec<_>>().into()
}

/// A duration as `90s`, `5m`, `2h` or `2d`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let hint = || format!("`{text}` is no duration; write it like 90s, 5m, 2h or 2d");
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(hint)?;
    let count: u64 = text[..at].parse().map_err(|_| hint())?;
    let unit = match &text[at..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "ms" => return Ok(Duration::from_millis(count)),
        _ => return Err(hint()),
    };
    count.checked_mul(unit).map(Duration::from_secs).ok_or_else(hint)
}

/// A size as `120x40`.
fn size(text: &str) -> Result<(u16, u16), String> {
    let hint = || format!("`{text}` is no size; write columns x lines, like 120x40");
    let (columns, lines) = text.split_once('x').ok_or_else(hint)?;
    let part = |t: &str| t.parse::<u16>().ok().filter(|n| (1..=1_000).contains(n)).ok_or_else(hint);
    Ok((part(columns)?, part(lines)?))
}

impl Arguments {
    /// Parses the command line of this process and the variables that stand for its flags, and notes what set which
    /// setting.
    pub fn of_process() -> Result<Self, clap::Error> {
        Self::from_matches(&Self::command().try_get_matches()?)
    }

    fn from_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut arguments = Self::from_arg_matches(matches)?;
        for field in SETTING_FLAGS {
            let origin = match matches.value_source(field) {
                Some(ValueSource::CommandLine) => format!("--{field}"),
                Some(ValueSource::EnvVariable) => format!("PILOTHOUSE_{}", field.to_uppercase()),
                _ => continue,
            };
            arguments.everywhere.origins.push((field, origin));
        }
        Ok(arguments)
    }
}

/// The flags that set what a settings file can set too, under the same name.
const SETTING_FLAGS: [&str; 3] = ["theme", "ascii", "readonly"];

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn flags_stand_before_or_after_the_verb() {
        let before = Arguments::try_parse_from(["pilothouse", "--context", "a", "get", "apps"]).unwrap();
        let after = Arguments::try_parse_from(["pilothouse", "get", "apps", "--context", "a"]).unwrap();
        assert_eq!(before.everywhere.context, after.everywhere.context);
    }

    #[test]
    fn durations_and_sizes_are_read_or_explained() {
        assert_eq!(duration("2d"), Ok(Duration::from_secs(172_800)));
        assert!(duration("5").unwrap_err().contains("90s"));
        assert_eq!(size("80x24"), Ok((80, 24)));
        assert!(size("0x24").is_err() && size("80").is_err());
    }
}
