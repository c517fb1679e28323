//! The log file: off unless asked for, redacted, never on the terminal.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

use super::arguments::Everywhere;
use super::exit::{Exit, Failure};

/// Starts logging to `--log-file` if it was given. Our own modules log; libraries do from `-vv` on. Nothing that logs
/// is ever handed a token: requests are logged by method and path.
pub fn start(everywhere: &Everywhere) -> Result<(), Failure> {
    let Some(path) = &everywhere.log_file else { return Ok(()) };
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(|error| {
        let message = format!("cannot write the log file {}: {error}", path.display());
        Failure::new(Exit::Usage, message).hint("give --log-file a file in a folder you may write to")
    })?;
    let filter = match everywhere.verbose {
        0 => "pilothouse=info",
        1 => "pilothouse=debug",
        _ => "pilothouse=trace,kube=info,hyper_util=info,rustls=info",
    };
    let started = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .try_init();
    started.map_err(|error| Failure::new(Exit::Usage, format!("cannot start logging: {error}")))
}
