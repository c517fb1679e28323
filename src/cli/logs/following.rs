//! What is logged from now on, as it comes, by the pods that are there and those yet to come.

use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::print::{Origin, Printer, words};
use super::run::Reading;
use crate::cli::exit::{Exit, Failure};
use crate::domain::{LogNews, LogStreamId};
use crate::source::kube::{LogPod, Unread, pods, stream};

/// Chunks that wait to be printed; when there are more, the servers wait.
const WAITING: usize = 64;
/// Between two looks at which pods there are.
const LOOK: Duration = Duration::from_secs(1);

/// Prints until interrupted.
pub(super) async fn follow<W: Write>(
    reading: &Reading<'_>,
    there: Vec<LogPod>,
    printer: &mut Printer<W>,
) -> Result<Exit, Failure> {
    let (sender, mut lane) = mpsc::channel(WAITING);
    let mut streams = Streams { reading, sender, known: HashSet::new(), origins: Vec::new() };
    streams.open(there, true);
    let mut looks = look_for_pods(reading);
    let mut trouble: Option<Unread> = None;
    loop {
        tokio::select! {
            biased;
            Some(look) = looks.recv() => match look {
                Ok(pods) => {
                    trouble = None;
                    streams.open(pods, false);
                }
                Err(unread) => {
                    if trouble.as_ref() != Some(&unread) {
                        crate::cli::complain(&format!("cannot list pods: {unread}"));
                    }
                    trouble = Some(unread);
                }
            },
            Some(news) = lane.recv() => {
                streams.print(news, printer)?;
                if lane.is_empty() {
                    printer.flush()?;
                }
            }
        }
    }
}

/// A list of pods every now and then.
fn look_for_pods(reading: &Reading<'_>) -> mpsc::Receiver<Result<Vec<LogPod>, Unread>> {
    let (sender, looks) = mpsc::channel(1);
    let (reach, clock) = (Arc::clone(&reading.reach), Arc::clone(&reading.clock));
    let namespace = reading.selection.namespace.clone();
    reading.scope.spawn("pods", async move {
        loop {
            clock.sleep(LOOK).await;
            if sender.send(pods(&reach, &namespace).await).await.is_err() {
                return;
            }
        }
    });
    looks
}

struct Streams<'a> {
    reading: &'a Reading<'a>,
    sender: mpsc::Sender<LogNews>,
    /// Uids of pods whose logs are read.
    known: HashSet<String>,
    /// By the numbers of the streams.
    origins: Vec<Origin>,
}

impl Streams<'_> {
    /// Reads the logs of pods that are new: of those that came later, all of it.
    fn open(&mut self, pods: Vec<LogPod>, first: bool) {
        let Reading { reach, logs, selection, since, scope, .. } = self.reading;
        for pod in pods.into_iter().filter(|pod| selection.has(pod)) {
            if !self.known.insert(pod.uid.clone()) {
                continue;
            }
            for container in selection.containers(&pod) {
                let id = LogStreamId(u32::try_from(self.origins.len()).unwrap_or(u32::MAX));
                let mut request = selection.request(id, &pod, container, logs);
                if first {
                    request.since = *since;
                } else {
                    request.tail = None;
                }
                let name = format!("log of {}/{container}", pod.name);
                scope.spawn(name, stream(Arc::clone(reach), request, self.sender.clone()));
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
