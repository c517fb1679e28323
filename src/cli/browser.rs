//! A login in a browser: what to open, how it finds the way back over SSH, and how long there is.

use std::convert::Infallible;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use super::exit::{Exit, Failure};
use super::login::failure;
use crate::config::settings::Settings;
use crate::forward::{SshHost, ssh_line};
use crate::source::argocd::{Credentials, PATIENCE, Pending};

/// How often the time that is left is told.
const TICK: Duration = Duration::from_secs(1);

/// Tells a person what to do, and waits until it is done. `name` is whom they log in with.
pub async fn wait(pending: Pending, name: &str, settings: &Settings) -> Result<Credentials, Failure> {
    let Pending { url, port, finish } = pending;
    super::complain(&format!("Open this in a browser and log in with {name}:\n\n{url}\n"));
    super::complain(&over_ssh(port, settings));
    let told = std::io::stderr().is_terminal();
    if !told {
        super::complain(&format!("waiting for the browser, {} at the most", words(PATIENCE)));
    }
    tokio::select! {
        outcome = finish => {
            wipe(told);
            outcome.map_err(failure)
        }
        never = tell(told) => match never {},
        _ = tokio::signal::ctrl_c() => {
            wipe(told);
            Err(Failure::new(Exit::Signal(130), "interrupted"))
        }
    }
}

/// What leads the port of a person's own machine here.
fn over_ssh(port: u16, settings: &Settings) -> String {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let connection = variable("SSH_CONNECTION");
    let known = SshHost::of(settings.ssh_host.as_deref(), &variable("USER").unwrap_or_default(), connection.as_deref());
    let (host, check) = known.map_or_else(|| ("user@this-machine".to_owned(), true), |ssh| (ssh.host, ssh.check));
    let guess = if check { "   # check the host, or set ssh_host" } else { "" };
    let when = if connection.is_some() {
        "First, on the machine the browser is on:"
    } else {
        "Is the browser on another machine? First there:"
    };
    format!("{when}\n\n  {}{guess}\n", ssh_line(&host, port, None))
}

/// Counts down on a terminal, for as long as somebody waits.
async fn tell(told: bool) -> Infallible {
    let mut left = PATIENCE;
    loop {
        if told {
            let mut screen = std::io::stderr();
            _ = write!(screen, "\r\x1b[Kwaiting for the browser, {} left (Ctrl-C ends it)", words(left));
            _ = screen.flush();
        }
        tokio::time::sleep(TICK).await;
        left = left.saturating_sub(TICK);
    }
}

fn wipe(told: bool) {
    if told {
        _ = write!(std::io::stderr(), "\r\x1b[K");
    }
}

fn words(time: Duration) -> String {
    let (minutes, seconds) = (time.as_secs() / 60, time.as_secs() % 60);
    match (minutes, seconds) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}
