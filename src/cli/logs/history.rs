//! What is there already, merged in the order of time.

use std::io::Write;
use std::vec::IntoIter;

use tokio::sync::mpsc;

use super::print::{Origin, Printer, words};
use super::run::Reading;
use super::select::request;
use crate::cli::exit::{Exit, Failure};
use crate::domain::{LogLine, LogNews, LogState, LogStreamId, Pod, Timestamp};

/// Chunks of a stream that are held while others are behind.
const AHEAD: usize = 4;

struct Source {
    origin: Origin,
    lane: mpsc::Receiver<LogNews>,
    chunk: IntoIter<LogLine>,
    restart: u32,
    /// The next line, and its place in time: a line without a time stays with the one before it.
    next: Option<(Timestamp, LogLine)>,
    state: LogState,
}

/// Reads every log to its end.
pub(super) async fn merge<W: Write>(
    reading: &Reading<'_>,
    pods: &[Pod],
    printer: &mut Printer<W>,
) -> Result<Exit, Failure> {
    let mut sources = Vec::new();
    for pod in pods {
        for container in reading.selection.containers(pod) {
            let id = LogStreamId(u32::try_from(sources.len()).unwrap_or(u32::MAX));
            let mut request = request(id, pod, container, reading.logs);
            request.since = reading.since;
            let (sender, lane) = mpsc::channel(AHEAD);
            let name = format!("log of {}/{container}", pod.name);
            reading.scope.spawn(name, reading.way.clone().stream(request, sender));
            sources.push(Source {
                origin: Origin::new(&pod.name, container),
                lane,
                chunk: Vec::new().into_iter(),
                restart: 0,
                next: None,
                state: LogState::Connecting,
            });
        }
    }
    for source in &mut sources {
        source.advance(Timestamp::MIN).await;
    }
    while let Some((at, index)) =
        sources.iter().enumerate().filter_map(|(n, s)| s.next.as_ref().map(|(at, _)| (*at, n))).min()
    {
        let source = &mut sources[index];
        if let Some((_, line)) = source.next.take() {
            printer.line(&source.origin, source.restart, &line)?;
        }
        source.advance(at).await;
    }
    printer.flush()?;
    Ok(verdict(&sources, printer.lines))
}

impl Source {
    /// Gets the next line, if there is one.
    async fn advance(&mut self, last: Timestamp) {
        loop {
            if let Some(line) = self.chunk.next() {
                self.next = Some((line.at.unwrap_or(last), line));
                return;
            }
            match self.lane.recv().await {
                Some(LogNews::Lines(chunk)) => {
                    self.restart = chunk.restart;
                    self.chunk = chunk.lines.into_iter();
                }
                Some(LogNews::State(_, state)) => self.state = state,
                None => return,
            }
        }
    }
}

/// Says which logs could not be read, and why.
fn verdict(sources: &[Source], lines: u64) -> Exit {
    let (mut failed, mut empty) = (false, false);
    for source in sources {
        match &source.state {
            LogState::Denied(_) | LogState::Retrying { .. } => failed = true,
            LogState::NotStarted(_) => empty = true,
            _ => continue,
        }
        let Origin { pod, container } = &source.origin;
        crate::cli::complain(&format!("{pod} {container}: {}", words(&source.state).unwrap_or_default()));
    }
    match (failed, empty && lines == 0) {
        (true, _) => Exit::Source,
        (false, true) => Exit::NotFound,
        (false, false) => Exit::Ok,
    }
}
