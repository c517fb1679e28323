//! What is logged from now on, as it comes, by the pods that are there and those yet to come.

use std::collections::HashSet;
use std::io::Write;
use std::time::Duration;

use tokio::sync::mpsc;

use super::print::{Origin, Printer, words};
use super::run::{Reading, pods, unread};
use super::select::request;
use crate::cli::exit::{Exit, Failure};
use crate::cli::setup::Setup;
use crate::domain::time::after;
use crate::domain::{LogNews, LogStreamId, Pod, Symbol};
use crate::store::Interest;

/// Chunks that wait to be printed; when there are more, the servers wait.
const WAITING: usize = 64;
/// Changes of pods that are taken in before lines are printed again.
const SLICE: usize = 512;
/// How long changes gather.
const GATHER: Duration = Duration::from_millis(10);
/// How soon what reads the pods is looked after when nothing else happens.
const LOOK: Duration = Duration::from_secs(60);

/// Prints until interrupted.
pub(super) async fn follow<W: Write>(
    reading: &Reading<'_>,
    setup: &mut Setup,
    printer: &mut Printer<W>,
) -> Result<Exit, Failure> {
    let (sender, mut lane) = mpsc::channel(WAITING);
    let mut streams = Streams { reading, sender, known: HashSet::new(), origins: Vec::new() };
    streams.open(pods(setup, &reading.key), true);
    let wanted = [Interest::Pods(reading.key.clone())];
    let mut trouble = None;
    loop {
        let now = setup.clock.now();
        let again = setup.interests.want(&wanted, &setup.apps, now).unwrap_or_else(|| after(now, LOOK));
        let clock = setup.clock.clone();
        tokio::select! {
            biased;
            () = setup.news.notified() => {
                clock.sleep(GATHER).await;
                let now = clock.now();
                loop {
                    let deltas = setup.mailbox.take(SLICE);
                    if deltas.is_empty() {
                        break;
                    }
                    for delta in deltas {
                        setup.apps.apply(delta, now);
                    }
                }
                streams.open(pods(setup, &reading.key), false);
                let found = unread(setup, &reading.key).map(|failure| failure.message);
                if let Some(words) = found.as_ref().filter(|_| trouble != found) {
                    crate::cli::complain(words);
                }
                trouble = found;
            }
            Some(news) = lane.recv() => {
                streams.print(news, printer)?;
                if lane.is_empty() {
                    printer.flush()?;
                }
            }
            () = clock.sleep_until(again) => {}
        }
    }
}

struct Streams<'a> {
    reading: &'a Reading<'a>,
    sender: mpsc::Sender<LogNews>,
    /// Uids of pods whose logs are read.
    known: HashSet<Symbol>,
    /// By the numbers of the streams.
    origins: Vec<Origin>,
}

impl Streams<'_> {
    /// Reads the logs of pods that are new: of those that came later, all of it.
    fn open(&mut self, pods: Vec<Pod>, first: bool) {
        let Reading { way, logs, selection, since, scope, .. } = self.reading;
        for pod in pods {
            if !self.known.insert(pod.uid.clone()) {
                continue;
            }
            for container in selection.containers(&pod) {
                let id = LogStreamId(u32::try_from(self.origins.len()).unwrap_or(u32::MAX));
                let mut request = request(id, &pod, container, logs);
                if first {
                    request.since = *since;
                } else {
                    request.tail = None;
                }
                let name = format!("log of {}/{container}", pod.name);
                scope.spawn(name, way.clone().stream(request, self.sender.clone()));
                self.origins.push(Origin::new(&pod.name, container));
            }
        }
    }

    fn print<W: Write>(&self, news: LogNews, printer: &mut Printer<W>) -> Result<(), Failure> {
        let origin = |id: LogStreamId| self.origins.get(usize::try_from(id.0).unwrap_or(usize::MAX));
        match news {
            LogNews::Lines(chunk) => {
                let Some(origin) = origin(chunk.stream) else { return Ok(()) };
                for line in &chunk.lines {
                    printer.line(origin, chunk.restart, line)?;
                }
            }
            LogNews::State(id, state) => {
                if let (Some(Origin { pod, container }), Some(words)) = (origin(id), words(&state)) {
                    printer.flush()?;
                    crate::cli::complain(&format!("{pod} {container}: {words}"));
                }
            }
        }
        Ok(())
    }
}
