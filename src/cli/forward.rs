//! Ports of this machine that lead to pods, until interrupted.

use std::io::Write;
use std::sync::Arc;

use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

use super::arguments::{Everywhere, Forward as Words};
use super::entry::{Entry, unopened};
use super::exit::{Exit, Failure};
use super::read::Read;
use crate::forward::{Local, Session, Wish, ssh_line};
use crate::runtime::forwards::{Answering, Forward, open, summary};

/// The first line that is printed for each port.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Our port; null for a socket.
    pub local_port: Option<u16>,
    /// Our socket; null for a port.
    pub socket: Option<String>,
    /// The pod that answers at this moment; null when none does.
    pub pod: Option<String>,
    /// Its container.
    pub container: Option<String>,
    /// Its port, as a number where that is known.
    pub remote_port: Option<u16>,
    /// The line for a laptop.
    pub ssh: String,
}

/// Opens what `words` ask for.
pub fn run(words: &Words, everywhere: &Everywhere, out: &mut impl Write) -> Result<Exit, Failure> {
    if words.unix.is_some() && words.ports.len() > 1 {
        return Err(Failure::new(Exit::Usage, "a Unix socket leads to one port").hint("give one port"));
    }
    let mut read = Read::start(everywhere, words.environment.as_deref(), words.timeout)?;
    let entry = Entry::find(&mut read, &words.app, words.environment.as_deref())?;
    let wish = Wish {
        app: entry.key.clone(),
        target: words.target.clone(),
        ports: words.ports.clone(),
        bind: words.bind,
        unix: words.unix.clone(),
        kubectl: words.kubectl,
        debug: false,
    };
    let visiting = entry.enter(&read, "forward", wish.title(), words.confirm.as_deref())?;
    let served = serve(&read, &entry, &wish, |forward, answering| {
        let session = forward.session();
        for line in warnings(&session) {
            super::complain(&line);
        }
        for line in lines(&session, answering.as_ref(), &entry) {
            serde_json::to_writer(&mut *out, &line).map_err(|error| Failure::new(Exit::Usage, error))?;
            writeln!(out)?;
        }
        Ok(out.flush()?)
    });
    let (outcome, message) = match &served {
        Ok((_, summary)) => ("done", summary.clone()),
        Err(failure) => ("failed", failure.message.clone()),
    };
    if let Err(error) = visiting.end(&entry.audit, outcome, Some(message), read.now()) {
        super::complain(&format!("warning: {error}"));
    }
    served.map(|(exit, _)| exit)
}

/// Opens a forward, hands it to `opened` with the pod that answers, and serves until a signal comes: which exit code
/// that makes, and what there was.
pub fn serve(
    read: &Read,
    entry: &Entry,
    wish: &Wish,
    opened: impl FnOnce(&Forward, Option<Answering>) -> Result<(), Failure>,
) -> Result<(Exit, String), Failure> {
    read.io.block_on(async {
        let news = Arc::new(Notify::new());
        let told = Arc::clone(&news);
        let clock = Arc::clone(&read.setup.clock);
        // from here on a signal ends the forward in good order
        let mut signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
            .map(|kind| (kind.as_raw_value(), signal(kind)));
        let forward = open(1, wish, &entry.place, clock, Arc::new(move || told.notify_one())).await;
        let forward = forward.map_err(|error| unopened(&error))?;
        let answering = match forward.answering().await {
            Ok(answering) => Some(answering),
            Err(why) => {
                super::complain(&format!("nobody answers yet: {why}"));
                None
            }
        };
        opened(&forward, answering)?;
        let watch = forward.watch();
        let mut said = watch().state().word();
        let ended = signals.iter_mut().filter_map(|(number, arrivals)| {
            let arrivals = arrivals.as_mut().ok()?;
            Some(Box::pin(async move {
                arrivals.recv().await;
                *number
            }))
        });
        let mut ended = futures::future::select_all(ended);
        let mut run = std::pin::pin!(forward.run());
        loop {
            tokio::select! {
                (number, ..) = &mut ended => {
                    let code = u8::try_from(number).unwrap_or_default().saturating_add(128);
                    return Ok((Exit::Signal(code), summary(&watch())));
                }
                () = &mut run => return Ok((Exit::Ok, summary(&watch()))),
                () = news.notified() => say(&watch(), &mut said),
            }
        }
    })
}

/// What is not as somebody may think it is.
pub fn warnings(session: &Session) -> Vec<String> {
    let mut lines = Vec::new();
    for port in &session.ports {
        if let (Some(busy), Local::Port(address)) = (port.instead_of, &port.local) {
            lines.push(format!("port {busy} is busy: {address} instead"));
        }
        if session.exposed {
            lines.push(format!("warning: whoever reaches {} reaches the pod", port.local));
        }
    }
    lines
}

/// Says how it is doing, when that is another state than before.
fn say(session: &Session, said: &mut &'static str) {
    let state = session.state();
    let word = state.word();
    if std::mem::replace(said, word) == word {
        return;
    }
    let pod = session.pod.as_ref().map(|(pod, _)| format!(" {pod}")).unwrap_or_default();
    let why = state.why().map_or(pod, |why| format!(": {why}"));
    super::complain(&format!("{word}{why}"));
}

/// A line for each port.
pub fn lines(session: &Session, answering: Option<&Answering>, entry: &Entry) -> Vec<Line> {
    let (host, _) = entry.ssh_host();
    let line = |(place, port): (usize, &crate::forward::Opened)| {
        let declared = match &port.remote {
            crate::forward::Remote::Number(number) => Some(*number),
            crate::forward::Remote::Name(_) => None,
        };
        // the pod's own number is known of the first port; a service's number is none of the pod's
        let remote_port = answering.filter(|_| place == 0).map(|answering| answering.port).or(declared);
        let socket = match &port.local {
            Local::Socket(path) => Some(path.as_path()),
            Local::Port(_) => None,
        };
        let laptop = port.local.port().or(remote_port).unwrap_or(5678);
        Line {
            local_port: port.local.port(),
            socket: socket.map(|path| path.display().to_string()),
            pod: answering.map(|answering| answering.pod.clone()),
            container: answering.map(|answering| answering.container.clone()),
            remote_port,
            ssh: ssh_line(&host, laptop, socket),
        }
    };
    session.ports.iter().enumerate().map(line).collect()
}
