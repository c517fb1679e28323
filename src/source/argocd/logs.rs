//! One container's log through argocd-server, as a stream of lines that survives cut connections.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::mpsc;

use super::super::kube::fault::{Fault, Kind};
use super::super::kube::log_line::Seen;
use super::super::kube::pace::pause;
use super::super::kube::request::escape;
use super::ask::Ask;
use super::frames::{Frame, Frames};
use super::refusal;
use super::server::Server;
use super::tree::path;
use crate::domain::text::{clean, clean_keeping_colour};
use crate::domain::{AppKey, LogChunk, LogLine, LogNews, LogRequest, LogState, Timestamp, time};

/// A log may well be silent, and a plain stream has no signs of life: after so long it is taken up anew.
const SILENCE: Duration = Duration::from_secs(150);
/// Between two looks at a container that may start, or was cut off at its end.
const LOOK: Duration = Duration::from_secs(2);
/// A node says this in place of a log it cannot give; the server passes it on as a line without a time (recorded).
const NO_TIME: &str = "0001-01-01T00:00:00Z";

/// Reads the log that `request` names into `lane`; ends when there is no more to come, or nobody listens any more. While
/// the lane is full it waits, and the server with it. Spawns nothing, and can be dropped at any moment.
pub async fn stream(server: Server, app: AppKey, request: LogRequest, lane: mpsc::Sender<LogNews>) {
    let mut log = Log { server, app, request, lane, state: None, seen: Seen::default(), failures: 0 };
    // the error says that nobody listens
    let _ = log.run().await;
}

/// Nobody listens any more.
struct Unheard;

struct Log {
    server: Server,
    app: AppKey,
    request: LogRequest,
    lane: mpsc::Sender<LogNews>,
    state: Option<LogState>,
    seen: Seen,
    failures: u32,
}

#[derive(Deserialize)]
struct LogFrame {
    result: Option<Entry>,
    error: Option<serde_json::Value>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Entry {
    content: String,
    time_stamp_str: String,
    last: bool,
}

/// How a connection ended.
enum End {
    /// The server has nothing more to say.
    Last,
    /// It ended without saying so.
    Cut,
    /// It was silent for too long.
    Silent,
}

impl Log {
    async fn run(&mut self) -> Result<(), Unheard> {
        self.tell(LogState::Connecting).await?;
        loop {
            let clock = Arc::clone(self.server.clock());
            let wait = match self.round().await? {
                // a name that is not there is an empty answer (recorded): nothing to read, and nothing wrong
                Ok(End::Last | End::Cut) if !self.request.follow => return Ok(()),
                Ok(End::Silent) => continue,
                // the container ended, or is about to be started again; its pod tells which
                Ok(End::Last | End::Cut) => LOOK,
                Err(fault) => {
                    let wait = self.recover(fault).await?;
                    if !self.request.follow {
                        return Ok(());
                    }
                    wait
                }
            };
            tokio::select! {
                () = clock.sleep(wait) => {}
                () = self.lane.closed() => return Err(Unheard),
            }
        }
    }

    async fn recover(&mut self, fault: Fault) -> Result<Duration, Unheard> {
        self.failures = self.failures.saturating_add(1);
        let wait = pause(self.failures, fault.retry_after);
        let at = time::after(self.server.clock().now(), wait);
        let state = match fault.kind {
            Kind::Denied | Kind::Auth => LogState::Denied(fault.why.into()),
            _ if fault.code == Some(400) => LogState::NotStarted(fault.words().into()),
            _ => LogState::Retrying { why: fault.why.into(), at },
        };
        self.tell(state).await?;
        Ok(wait)
    }

    fn path(&self) -> String {
        let LogRequest { namespace, pod, container, .. } = &self.request;
        let mut path = format!(
            "{}&namespace={}&podName={}&container={}&follow={}&previous={}",
            path(&self.app, "logs"),
            escape(namespace),
            escape(pod),
            escape(container),
            self.request.follow,
            self.request.previous
        );
        let last = self.seen.since();
        match (last, self.request.since) {
            (Some(from), _) | (None, Some(from)) => path.push_str(&format!("&sinceTime.seconds={}", from.as_second())),
            (None, None) => {}
        }
        if let Some(tail) = self.request.tail.filter(|_| last.is_none()) {
            path.push_str(&format!("&tailLines={tail}"));
        }
        path
    }

    async fn round(&mut self) -> Result<Result<End, Fault>, Unheard> {
        let server = self.server.clone();
        let answer = tokio::select! {
            // a stream with nothing to say yet sends no head either
            answer = async { server.send(&Ask::lines(self.path())).await } => answer,
            () = self.lane.closed() => return Err(Unheard),
        };
        let mut body = match answer {
            Ok(answer) => answer,
            Err(fault) => return Ok(Err(fault)),
        };
        self.seen.reconnect();
        if self.request.follow {
            self.tell(LogState::Following(0)).await?;
        }
        let clock = Arc::clone(self.server.clock());
        let mut frames = Frames::default();
        loop {
            let chunk = tokio::select! {
                chunk = body.next() => chunk,
                () = clock.sleep(SILENCE) => return Ok(Ok(End::Silent)),
                () = self.lane.closed() => return Err(Unheard),
            };
            let chunk = match chunk {
                Some(Ok(chunk)) => chunk,
                Some(Err(fault)) => return Ok(Err(fault)),
                None => return Ok(Ok(End::Cut)),
            };
            let (mut entries, mut fault) = (Vec::new(), None);
            frames.feed(&chunk, |frame| {
                let Frame::Json(json) = frame else { return };
                match serde_json::from_slice::<LogFrame>(json) {
                    Ok(LogFrame { error: Some(error), .. }) => fault = Some(refusal::of_frame(&error)),
                    Ok(LogFrame { result: Some(entry), .. }) => entries.push(entry),
                    Ok(_) => {}
                    Err(_) => fault = Some(refusal::no_json("a line of the log")),
                }
            });
            let is_last = entries.iter().any(|entry| entry.last && entry.content.is_empty());
            self.take(entries).await?;
            if let Some(fault) = fault {
                return Ok(Err(fault));
            }
            if is_last {
                return Ok(Ok(End::Last));
            }
        }
    }

    async fn take(&mut self, entries: Vec<Entry>) -> Result<(), Unheard> {
        let mut lines = Vec::new();
        for entry in entries.into_iter().filter(|entry| !(entry.last && entry.content.is_empty())) {
            if entry.time_stamp_str == NO_TIME {
                let why = clean(&entry.content).into_owned();
                self.tell(LogState::NotStarted(why.into())).await?;
                continue;
            }
            let at: Option<Timestamp> = entry.time_stamp_str.parse().ok();
            // the server knows whole seconds
            let is_old = at.zip(self.request.since).is_some_and(|(at, from)| at < from);
            if is_old || !self.seen.admit(at) {
                continue;
            }
            lines.push(LogLine { at, text: clean_keeping_colour(&entry.content).as_ref().into() });
        }
        if lines.is_empty() {
            return Ok(());
        }
        self.failures = 0;
        let chunk = LogChunk { stream: self.request.stream, restart: 0, lines };
        self.lane.send(LogNews::Lines(chunk)).await.map_err(|_| Unheard)
    }

    async fn tell(&mut self, state: LogState) -> Result<(), Unheard> {
        if self.state.as_ref() == Some(&state) {
            return Ok(());
        }
        self.state = Some(state.clone());
        self.lane.send(LogNews::State(self.request.stream, state)).await.map_err(|_| Unheard)
    }
}
