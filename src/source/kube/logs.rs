//! One container's log as a stream of lines that survives what happens around it: cut connections, restarts of the
//! container, restarts of the API server.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use kube::Client;
use kube::client::Body;
use tokio::sync::mpsc;

use super::cluster::Cluster;
use super::fault::{Fault, Kind};
use super::lines::{Line, Lines};
use super::log_batch::Batch;
use super::log_line::Seen;
use super::log_pod::{self, Run};
use super::pace::pause;
use super::request::{self, Ask, escape};
use crate::domain::text::clean;
use crate::domain::{LogChunk, LogEnd, LogNews, LogRequest, LogState, Timestamp, time};

/// Bytes of text in a chunk.
const CHUNK: usize = 64 << 10;
/// The longest a line waits for others.
const GATHER: Duration = Duration::from_millis(20);
/// Between two looks at a container that may start.
const LOOK: Duration = Duration::from_secs(1);
/// A log may well be silent, and a dead connection is silent too: after so long it is taken up anew.
const SILENCE: Duration = Duration::from_secs(150);
/// The largest pod that is read, in bytes.
const POD: usize = 4 << 20;

/// Reads the log that `request` names into `lane`; ends when there is no more to come, or nobody listens any more. While
/// the lane is full it waits, and the server with it. Spawns nothing, and can be dropped at any moment.
pub async fn stream(cluster: Cluster, request: LogRequest, lane: mpsc::Sender<LogNews>) {
    let stream = Stream {
        cluster,
        uid: request.uid.as_deref().map(str::to_owned),
        request,
        lane,
        state: None,
        seen: Seen::default(),
        run: None,
        drained: None,
        opened: None,
        failures: 0,
        blind: false,
        catching_up: false,
    };
    // the error says that nobody listens
    let _ = stream.run().await;
}

/// Nobody listens any more.
struct Unheard;

/// Why a round stopped short.
enum Stop {
    Unheard,
    Fault(Fault),
}

impl From<Unheard> for Stop {
    fn from(_: Unheard) -> Self {
        Self::Unheard
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What comes after a round.
enum Next {
    Again,
    Look,
    Over,
}

struct Stream {
    cluster: Cluster,
    request: LogRequest,
    lane: mpsc::Sender<LogNews>,
    /// The state last told.
    state: Option<LogState>,
    /// The pod that is meant.
    uid: Option<String>,
    seen: Seen,
    /// The run of the container that was read last.
    run: Option<u32>,
    /// The run that has ended and of which everything was read.
    drained: Option<u32>,
    /// When the log was opened for the first time.
    opened: Option<Timestamp>,
    failures: u32,
    /// We may not look at the pod.
    blind: bool,
    /// What a node says of a log it has removed is no news: nobody asked for it.
    catching_up: bool,
}

impl Stream {
    async fn run(mut self) -> Result<(), Unheard> {
        self.tell(LogState::Connecting).await?;
        loop {
            let wait = match self.round().await {
                Ok(Next::Over) => return Ok(()),
                Ok(Next::Again) => continue,
                Ok(Next::Look) => LOOK,
                Err(Stop::Unheard) => return Err(Unheard),
                Err(Stop::Fault(fault)) => match self.recover(fault).await? {
                    Some(wait) => wait,
                    None => return Ok(()),
                },
            };
            tokio::select! {
                () = self.cluster.clock().sleep(wait) => {}
                () = self.lane.closed() => return Err(Unheard),
            }
        }
    }

    /// One look at the pod, and one reading of the log.
    async fn round(&mut self) -> Result<Next, Stop> {
        let reached = self.cluster.reach().await?;
        let outcome = self.read(&reached.client).await;
        if let Err(Stop::Fault(fault)) = &outcome
            && (fault.code.is_none() || fault.is_unauthorized())
        {
            self.cluster.give_up(&reached, fault).await;
        }
        outcome
    }

    async fn read(&mut self, client: &Client) -> Result<Next, Stop> {
        let before = self.look(client).await?;
        if self.request.previous {
            return self.read_once(client, self.query(true)).await;
        }
        if let Some(run) = &before {
            if self.uid.as_ref().is_some_and(|uid| *uid != run.uid) {
                return self.gone().await;
            }
            self.uid = Some(run.uid.clone());
            if self.drained == Some(run.restart) && run.end.is_some() {
                return Ok(Next::Look);
            }
            if self.run.is_some_and(|read| read < run.restart) {
                self.catch_up(client).await?;
            }
        }
        if !self.request.follow {
            let next = self.read_once(client, self.query(false)).await?;
            if let Some(end) = before.and_then(|run| run.end) {
                self.tell(LogState::Ended(end)).await?;
            }
            return Ok(next);
        }
        let body = request::get(client, self.ask(&self.query(false)), &**self.cluster.clock()).await?;
        // between the look and the opening the container may have been started again: then what came before is missing
        let again = self.look(client).await?;
        let same = |a: &Run, b: &Run| (&a.uid, a.restart) == (&b.uid, b.restart);
        if !self.blind && !matches!((&before, &again), (Some(a), Some(b)) if same(a, b)) {
            return Ok(if again.is_some() { Next::Again } else { Next::Look });
        }
        let restart = again.map_or(0, |run| run.restart);
        self.run = Some(restart);
        self.opened.get_or_insert_with(|| self.cluster.clock().now());
        self.failures = 0;
        self.tell(LogState::Following(restart)).await?;
        let rest = self.take(body).await?;
        self.after(client, restart, rest).await
    }

    /// The stream ended by itself: what that means says the pod.
    async fn after(&mut self, client: &Client, restart: u32, rest: Option<Vec<u8>>) -> Result<Next, Stop> {
        let Some(run) = self.look(client).await? else { return Ok(Next::Look) };
        if self.uid.as_ref().is_some_and(|uid| *uid != run.uid) {
            return self.gone().await;
        }
        if run.restart > restart {
            return Ok(Next::Again);
        }
        let Some(end) = run.end else { return Ok(Next::Look) };
        if let Some(rest) = rest {
            // a container may end without ending its line
            self.give(&rest, restart).await?;
        }
        self.drained = Some(restart);
        let is_final = end.is_final;
        self.tell(LogState::Ended(end)).await?;
        Ok(if is_final { Next::Over } else { Next::Look })
    }

    /// A log that is not followed.
    async fn read_once(&mut self, client: &Client, query: String) -> Result<Next, Stop> {
        let body = request::get(client, self.ask(&query), &**self.cluster.clock()).await?;
        if let Some(rest) = self.take(body).await? {
            self.give(&rest, self.run.unwrap_or_default()).await?;
        }
        Ok(Next::Over)
    }

    /// The end of a run that went while we were not looking, as far as the node still has it.
    async fn catch_up(&mut self, client: &Client) -> Result<(), Stop> {
        self.catching_up = true;
        let outcome = self.read_once(client, self.query(true)).await;
        self.catching_up = false;
        match outcome {
            Ok(_) => Ok(()),
            Err(Stop::Fault(fault)) if fault.code.is_some_and(|code| matches!(code, 400 | 404)) => Ok(()),
            Err(stop) => Err(stop),
        }
    }

    /// What the container does now. Who may read logs but not pods reads on without knowing.
    async fn look(&mut self, client: &Client) -> Result<Option<Run>, Stop> {
        let uri = format!("/api/v1/namespaces/{}/pods/{}", escape(&self.request.namespace), escape(&self.request.pod));
        let body = match request::get(client, Ask::of(uri), &**self.cluster.clock()).await {
            Ok(body) => body,
            Err(fault) if fault.kind == Kind::Denied => {
                self.blind = true;
                return Ok(None);
            }
            Err(fault) => return Err(fault.into()),
        };
        self.blind = false;
        let pod = request::collect(body, POD, &**self.cluster.clock()).await?;
        Ok(log_pod::run(&pod, &self.request.container)?)
    }

    fn ask(&self, query: &str) -> Ask {
        let (namespace, pod) = (escape(&self.request.namespace), escape(&self.request.pod));
        let container = escape(&self.request.container);
        Ask::of(format!("/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}&timestamps=true{query}"))
    }

    fn query(&self, previous: bool) -> String {
        let mut query = String::new();
        if previous {
            query.push_str("&previous=true");
        } else if self.request.follow {
            query.push_str("&follow=true");
        }
        // what begins at the present end must not begin at a later one
        let anchor = self.opened.filter(|_| self.request.tail == Some(0));
        let since = self.seen.since().or(anchor);
        if let Some(since) = since.or(self.request.since) {
            query.push_str(&format!("&sinceTime={}", escape(&since.to_string())));
        }
        if let (None, Some(tail)) = (since, self.request.tail) {
            query.push_str(&format!("&tailLines={tail}"));
        }
        query
    }

    /// Reads a body to its end; gives back what was left of a line.
    async fn take(&mut self, mut body: Body) -> Result<Option<Vec<u8>>, Stop> {
        self.seen.reconnect();
        let clock = Arc::clone(self.cluster.clock());
        let restart = self.run.unwrap_or_default();
        let (mut lines, mut batch) = (Lines::default(), Batch::default());
        let mut silent_until = time::after(clock.now(), SILENCE);
        loop {
            let deadline = batch.due.unwrap_or(silent_until);
            let bytes = tokio::select! {
                biased;
                bytes = request::next_chunk(&mut body) => bytes,
                () = clock.sleep_until(deadline) => {
                    if batch.is_empty() {
                        return Ok(None);
                    }
                    self.send(&mut batch, restart).await?;
                    continue;
                }
                () = self.lane.closed() => return Err(Stop::Unheard),
            };
            let bytes = match bytes {
                Some(Ok(bytes)) => bytes,
                Some(Err(fault)) => {
                    self.send(&mut batch, restart).await?;
                    return Err(fault.into());
                }
                None => break,
            };
            let now = clock.now();
            silent_until = time::after(now, SILENCE);
            let mut removed = None;
            lines.feed(&bytes, |line| removed = batch.take(line, &mut self.seen).or(removed.take()));
            if let Some(words) = removed.filter(|_| !self.catching_up) {
                self.tell(LogState::NotStarted(words.into())).await?;
            }
            if batch.is_empty() {
                continue;
            }
            let due = *batch.due.get_or_insert_with(|| time::after(now, GATHER));
            if batch.bytes >= CHUNK || now >= due {
                self.send(&mut batch, restart).await?;
            }
        }
        self.send(&mut batch, restart).await?;
        Ok(lines.take_rest())
    }

    /// A line that had no end.
    async fn give(&mut self, rest: &[u8], restart: u32) -> Result<(), Stop> {
        let mut batch = Batch::default();
        if let Some(words) = batch.take(Line::Whole(rest), &mut self.seen).filter(|_| !self.catching_up) {
            self.tell(LogState::NotStarted(words.into())).await?;
        }
        Ok(self.send(&mut batch, restart).await?)
    }

    async fn send(&self, batch: &mut Batch, restart: u32) -> Result<(), Unheard> {
        let Batch { lines, .. } = std::mem::take(batch);
        if lines.is_empty() {
            return Ok(());
        }
        let chunk = LogChunk { stream: self.request.stream, restart, lines };
        self.lane.send(LogNews::Lines(chunk)).await.map_err(|_| Unheard)
    }

    async fn tell(&mut self, state: LogState) -> Result<(), Unheard> {
        if self.state.as_ref() != Some(&state) {
            self.state = Some(state.clone());
            let news = LogNews::State(self.request.stream, state);
            self.lane.send(news).await.map_err(|_| Unheard)?;
        }
        Ok(())
    }

    async fn gone(&mut self) -> Result<Next, Stop> {
        let exit_code = match &self.state {
            Some(LogState::Ended(end)) => end.exit_code,
            _ => None,
        };
        self.tell(LogState::Ended(LogEnd { exit_code, reason: "Deleted".into(), at: None, is_final: true })).await?;
        Ok(Next::Over)
    }

    /// What a fault means, and how long to wait before the next round; none when there is no next.
    async fn recover(&mut self, fault: Fault) -> Result<Option<Duration>, Unheard> {
        let words = fault.words();
        let follow = self.request.follow && !self.request.previous;
        let status = fault.code.and_then(|code| StatusCode::from_u16(code).ok());
        match status {
            Some(StatusCode::NOT_FOUND) if self.uid.is_some() => {
                let gone = self.gone().await;
                return if matches!(gone, Err(Stop::Unheard)) { Err(Unheard) } else { Ok(None) };
            }
            Some(StatusCode::NOT_FOUND) => {
                self.tell(LogState::NotStarted(words.into())).await?;
                return Ok(None);
            }
            Some(StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY) => {
                self.tell(LogState::NotStarted(words.into())).await?;
                return Ok(follow.then_some(LOOK));
            }
            _ => {}
        }
        self.failures = self.failures.saturating_add(1);
        let wait = pause(self.failures, fault.retry_after);
        match fault.kind {
            Kind::Denied | Kind::Auth => {
                self.tell(LogState::Denied(clean(&words).into())).await?;
                Ok(follow.then_some(wait))
            }
            _ => {
                let at = time::after(self.cluster.clock().now(), wait);
                self.tell(LogState::Retrying { why: words.into(), at }).await?;
                // a log that is not followed is given up after a few attempts: somebody waits for its end
                Ok((follow || self.failures < 3).then_some(wait))
            }
        }
    }
}
