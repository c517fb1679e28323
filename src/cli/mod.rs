//! The command line: one file a verb. `--help`, the man page and completions come from `arguments.rs`.

mod act;
pub mod arguments;
mod audit;
mod browser;
mod cockpit;
mod completions;
mod config;
mod debug;
mod demo;
mod diff;
mod entry;
mod exit;
mod find;
mod forward;
mod get;
mod keys;
mod log;
mod login;
mod logs;
mod man;
mod password;
mod picture;
mod preferences;
mod read;
mod served;
mod setup;
mod sim;
mod snapshot;
mod sources;
mod state;
mod themes;

use std::io::Write as _;
use std::process::ExitCode;

use arguments::{Arguments, Verb};
use exit::{Exit, Failure};

use crate::domain::Link;
use crate::runtime::sources::Sources;
use crate::store::Apps;

/// Parses the command line, does the verb, and turns how it ended into an exit code.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::of_process() {
        Ok(arguments) => arguments,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
            _ = error.print();
            return exit.into();
        }
    };
    match run(&arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if failure.exit != Exit::Ok {
                complain(&failure.to_string());
            }
            failure.exit.into()
        }
    }
}

fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let everywhere = &arguments.everywhere;
    log::start(everywhere)?;
    // Standard output writes line by line; thousands of rows are worth a buffer.
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match &arguments.verb {
        None => {
            drop(out);
            cockpit::run(everywhere)
        }
        Some(Verb::Demo(demo)) => {
            drop(out);
            demo::run(demo, everywhere)
        }
        Some(Verb::Sim(sim)) => sim::run(sim, &mut out),
        Some(Verb::Get(get)) => get::run(everywhere, &get.what, &mut out),
        Some(Verb::Logs(logs)) => logs::run(logs, everywhere, &mut out),
        Some(Verb::Diff(diff)) => diff::run(diff, everywhere, &mut out),
        Some(Verb::Snapshot(snapshot)) => snapshot::run(snapshot, everywhere, &mut out),
        Some(Verb::Forward(wish)) => forward::run(wish, everywhere, &mut out),
        Some(Verb::Debug(words)) => debug::run(words, everywhere, &mut out),
        Some(Verb::Act(act)) => act::run(act, everywhere, &mut out),
        Some(Verb::Login(wish)) => login::run(wish, everywhere, &mut out),
        Some(Verb::Audit(audit)) => audit::run(audit, &mut out),
        Some(Verb::Keys { output }) => keys::run(everywhere, *output, &mut out).map(|()| Exit::Ok),
        Some(Verb::Themes { output }) => themes::run(everywhere, *output, &mut out).map(|()| Exit::Ok),
        Some(Verb::Config { act }) => config::run(everywhere, *act, &mut out),
        Some(Verb::Man) => man::run(&mut out).map(|()| Exit::Ok),
        Some(Verb::Completions { shell }) => completions::run(*shell, &mut out).map(|()| Exit::Ok),
    }
}

/// Threads that read sources: two are enough for two clusters at full speed, and more cost memory.
fn io_runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("io").enable_all().build()?)
}

/// Says something to people that is not what was asked for.
fn complain(what: &str) {
    _ = writeln!(std::io::stderr(), "{what}");
}

/// What could be read is printed in any case; whether it was all says the exit code.
fn exit_of(apps: &Apps, sources: &Sources) -> Exit {
    let mut partial = false;
    for name in sources.on() {
        let link = apps.link(name);
        if *link == Link::Live {
            continue;
        }
        partial = true;
        let why = match link {
            Link::Denied { what } => format!(": {what}"),
            Link::Auth { why } | Link::Down { why, .. } => format!(": {why}"),
            _ => String::new(),
        };
        complain(&format!("warning: source {name} is {}{why}", link.word()));
        if let Some(hint) = apps.sources().get(name).and_then(|s| s.facts.hint.as_ref()) {
            complain(&format!("  try: {hint}"));
        }
    }
    if partial { Exit::Source } else { Exit::Ok }
}
