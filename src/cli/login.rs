//! `login`: a password for a token, kept where only its owner reads it.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write};
use std::sync::Arc;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::arguments::{Everywhere, Login};
use super::exit::{Exit, Failure};
use super::served;
use crate::runtime::clock::SystemClock;
use crate::source::argocd::{Server, keep, log_in, logins, saved_in};
use crate::source::kube::ReadError;

/// A password that is longer is none, in bytes.
const LONGEST: u64 = 4096;

/// Logs in and keeps the token.
pub fn run(login: &Login, everywhere: &Everywhere, out: &mut impl Write) -> Result<Exit, Failure> {
    let everywhere = Everywhere { argocd_server: Some(login.url.clone()), token_file: None, ..everywhere.clone() };
    let (settings, _) = super::preferences::settings(&everywhere)?;
    let Some(spec) = served::to_log_in(&settings, &everywhere)? else { return Ok(Exit::Usage) };
    let address = spec.place();
    let path = saved_in(&super::state::folder()?, &spec.address, spec.through.as_ref());
    let server = Server::new(spec, Arc::new(SystemClock));
    let runtime = super::io_runtime()?;
    let ways = runtime.block_on(logins(&server)).map_err(failure)?;
    if !ways.password {
        let why = format!("{address} lets nobody in by password");
        let failure = Failure::new(Exit::Source, why);
        return Err(if ways.sso { failure.hint(sso(&address)) } else { failure });
    }
    if ways.sso {
        super::complain(&format!("single sign-on is possible too: {}", sso(&address)));
    }
    let password = password(&login.username, &address, &runtime)?;
    let token = runtime.block_on(log_in(&server, &login.username, &password)).map_err(failure)?;
    keep(&token, &path)
        .map_err(|error| Failure::new(Exit::Usage, format!("{} cannot be written: {error}", path.display())))?;
    writeln!(out, "logged in to {address} as {}; the token is kept in {}", login.username, path.display())?;
    out.flush()?;
    Ok(Exit::Ok)
}

/// How to log in where a browser is: its answer comes back to a port of the machine argocd runs on.
fn sso(address: &str) -> String {
    format!(
        "argocd login --sso {address} writes a token this tool reads; from a laptop without argocd, \
         ssh -L 8085:localhost:8085 to this machine first and open the page it prints there"
    )
}

fn failure(error: ReadError) -> Failure {
    let hint = match &error {
        ReadError::Failed { hint, .. } => hint.clone(),
        ReadError::Missing(_) | ReadError::Denied(_) => None,
    };
    let failure = Failure::new(Exit::Source, error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// A line of the terminal that is not shown while it is typed, or all of a pipe.
fn password(user: &str, address: &str, runtime: &Runtime) -> Result<String, Failure> {
    let input = std::io::stdin();
    let mut line = String::new();
    if input.is_terminal() {
        let mut screen = std::io::stderr();
        write!(screen, "password of {user} at {address}: ")?;
        screen.flush()?;
        let unshown = Unshown::begin();
        let typed = runtime.block_on(typed());
        drop(unshown);
        writeln!(screen)?;
        line = typed?;
    } else {
        input.lock().take(LONGEST).read_to_string(&mut line)?;
    }
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        return Err(Failure::new(Exit::Usage, "no password was given").hint("type it, or give it on standard input"));
    }
    Ok(password)
}

/// A line, unless an interrupt comes first: a terminal must show again what is typed, whatever ends this.
async fn typed() -> Result<String, Failure> {
    let (sender, line) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().lock().take(LONGEST).read_line(&mut line).map(|_| line);
        // whoever asked has gone
        _ = sender.send(read);
    });
    tokio::select! {
        line = line => Ok(line.unwrap_or_else(|_| Ok(String::new()))?),
        _ = tokio::signal::ctrl_c() => Err(Failure::new(Exit::Signal(130), "interrupted")),
    }
}

/// A terminal that does not show what is typed, until it is dropped.
struct Unshown(Option<Termios>);

impl Unshown {
    fn begin() -> Self {
        let before = tcgetattr(std::io::stdin()).ok();
        if let Some(before) = &before {
            let mut hidden = before.clone();
            hidden.local_modes.remove(LocalModes::ECHO);
            // where that fails the password is seen, and still right
            _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &hidden);
        }
        Self(before)
    }
}

impl Drop for Unshown {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            _ = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        }
    }
}
