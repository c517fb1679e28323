//! How a stream goes over the wire: no word before the first frame, then frames, keep-alives for those who want
//! server-sent events, and whatever goes wrong on order.

use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::Response;
use tokio::time::{Instant, sleep_until};

use super::super::super::fault::{Fate, Faults};
use super::super::reply::{self, Body};

/// From one sign of life to the next, where frames are server-sent events; counted from the first frame.
const ALIVE: Duration = Duration::from_secs(15);

/// Where frames come from.
pub(in crate::sim::server) trait Source: Send + 'static {
    /// The next frames, `{"result":…}` each; none when there is nothing more to come.
    fn next(&mut self) -> impl Future<Output = Option<Vec<Bytes>>> + Send;
}

/// How a client wants its stream.
#[derive(Debug, Clone)]
pub(in crate::sim::server) struct Wish {
    /// The path, for faults.
    pub path: String,
    /// Whether frames are server-sent events.
    pub events: bool,
    /// Whether they are compressed.
    pub gzip: bool,
}

struct Flow<S> {
    source: S,
    fate: Fate,
    events: bool,
    alive: Option<Instant>,
}

/// Sends what comes from a source; the answer begins with the first frame.
pub(in crate::sim::server) async fn send<S: Source>(source: S, faults: &Faults, wish: Wish) -> Response<Body> {
    let Wish { path, events, gzip } = wish;
    let mut flow = Flow { source, fate: Fate::new(faults, &path), events, alive: None };
    let Some(first) = flow.next().await else { return reply::empty_stream(events, gzip) };
    flow.alive = events.then(|| Instant::now() + ALIVE);
    let rest = futures::stream::unfold(flow, |mut flow| async { flow.next().await.map(|frame| (frame, flow)) });
    let frames = futures::StreamExt::chain(futures::stream::iter([first]), rest);
    reply::stream(frames, events, gzip)
}

impl<S: Source> Flow<S> {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            if let ControlFlow::Break(sent) = self.fate.next().await {
                return sent;
            }
            if let Some(cut) = self.fate.cut() {
                self.fate.strike(cut, || Bytes::from_static(b"{\"result\":{\"type\":\"MODIF"));
                continue;
            }
            let due = self.alive;
            let alive = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                frames = self.source.next() => {
                    let Some(frames) = frames else {
                        self.fate.end();
                        return None;
                    };
                    return Some(Ok(wrap(&frames, self.events)));
                }
                () = alive => {
                    self.alive = self.alive.map(|due| due + ALIVE);
                    return Some(Ok(Bytes::from_static(b":\n")));
                }
                () = self.fate.changed() => {}
            }
        }
    }
}

/// Frames as the wire has them.
fn wrap(frames: &[Bytes], events: bool) -> Bytes {
    let (before, after): (&[u8], &[u8]) = if events { (b"data: ", b" \n\n\n") } else { (b"", b"\n") };
    let mut out = BytesMut::with_capacity(frames.iter().map(|frame| frame.len() + 16).sum());
    for frame in frames {
        out.put_slice(before);
        out.put_slice(frame);
        out.put_slice(after);
    }
    out.freeze()
}
