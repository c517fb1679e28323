//! What a person types: a line that is seen, or a password that is not.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::exit::{Exit, Failure};

/// A password that is longer is none, in bytes.
const LONGEST: u64 = 4096;

/// A line of the terminal that is not shown while it is typed, or all of a pipe.
pub fn ask(question: &str, runtime: &Runtime) -> Result<String, Failure> {
    let input = std::io::stdin();
    let mut typed = String::new();
    if input.is_terminal() {
        let unshown = Unshown::begin();
        let line = runtime.block_on(line(question));
        drop(unshown);
        writeln!(std::io::stderr())?;
        typed = line?;
    } else {
        input.lock().take(LONGEST).read_to_string(&mut typed)?;
    }
    let password = typed.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        return Err(Failure::new(Exit::Usage, "no password was given").hint("type it, or give it on standard input"));
    }
    Ok(password)
}

/// A line, unless an interrupt comes first: a terminal must show again what is typed, whatever ends this.
pub async fn line(question: &str) -> Result<String, Failure> {
    let mut screen = std::io::stderr();
    write!(screen, "{question}")?;
    screen.flush()?;
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
