//! The server's side of a port-forward: opens a connection for every pair of streams.

use std::collections::HashMap;
use std::io;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::super::target::{Forward, carry};
use super::frame::{self, Frame};
use super::headers::Codec;

/// Frames on the way in each direction.
const IN_FLIGHT: usize = 32;
/// Streams of one connection; real kubelets let half of a pair wait for 30 seconds.
const MOST: usize = 4096;

/// Half of a pair that waits for the other.
struct Waiting {
    stream: u32,
    errors: bool,
}

struct Session {
    forward: Forward,
    out: mpsc::Sender<Bytes>,
    codec: Codec,
    /// By request id.
    waiting: HashMap<String, Waiting>,
    /// Where the data of a stream goes; none once the client has ended it.
    data: HashMap<u32, Option<mpsc::Sender<Bytes>>>,
    /// What a data stream takes in before its pair is there.
    uplinks: HashMap<u32, mpsc::Receiver<Bytes>>,
    pairs: JoinSet<u32>,
    /// The connections, by their data stream.
    running: HashMap<u32, tokio::task::AbortHandle>,
}

/// Serves a connection until the client leaves.
pub(in crate::sim::stream) async fn serve(io: impl AsyncRead + AsyncWrite, forward: Forward) -> io::Result<()> {
    let (mut from, mut to) = tokio::io::split(io);
    let (out, mut outgoing) = mpsc::channel::<Bytes>(IN_FLIGHT);
    let mut session = Session {
        forward,
        out,
        codec: Codec::new(),
        waiting: HashMap::new(),
        data: HashMap::new(),
        uplinks: HashMap::new(),
        pairs: JoinSet::new(),
        running: HashMap::new(),
    };
    let writing = async {
        while let Some(bytes) = outgoing.recv().await {
            to.write_all(&bytes).await?;
        }
        io::Result::Ok(())
    };
    let reading = async {
        while let Some(frame) = frame::read(&mut from).await? {
            session.take(frame).await?;
        }
        io::Result::Ok(())
    };
    tokio::select! {
        done = reading => done,
        done = writing => done,
    }
}

impl Session {
    async fn take(&mut self, frame: Frame) -> io::Result<()> {
        while let Some(ended) = self.pairs.try_join_next() {
            if let Ok(stream) = ended {
                self.data.remove(&stream);
                self.running.remove(&stream);
            }
        }
        match frame {
            Frame::Open { stream, headers } => self.open(stream, &headers).await?,
            Frame::Headers(headers) => drop(self.codec.read(&headers)?),
            Frame::Reset { stream } => {
                self.data.remove(&stream);
                self.uplinks.remove(&stream);
                self.waiting.retain(|_, waiting| waiting.stream != stream);
                if let Some(pair) = self.running.remove(&stream) {
                    pair.abort();
                }
            }
            Frame::Ping(id) => self.send(frame::ping(id)).await?,
            Frame::Data { stream, data, last } => {
                if let Some(Some(up)) = self.data.get(&stream)
                    && !data.is_empty()
                {
                    // a connection that has ended takes nothing more
                    let _ = up.send(data).await;
                }
                if last && let Some(up) = self.data.get_mut(&stream) {
                    *up = None;
                }
            }
            Frame::GoAway | Frame::Other => {}
        }
        Ok(())
    }

    async fn open(&mut self, stream: u32, headers: &[u8]) -> io::Result<()> {
        let headers = self.codec.read(headers)?;
        let header = |name: &str| {
            headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value.as_str())
        };
        if self.data.len() + self.waiting.len() >= MOST {
            return Err(io::Error::other("too many streams"));
        }
        let errors = header("streamtype") == "error";
        let (port, request) = (header("port").to_owned(), header("requestid").to_owned());
        let nothing = self.codec.nothing()?;
        self.send(frame::reply(stream, &nothing)).await?;
        if !errors {
            let (up, uplink) = mpsc::channel(IN_FLIGHT);
            self.data.insert(stream, Some(up));
            self.uplinks.insert(stream, uplink);
        }
        let pair = match self.waiting.remove(&request) {
            Some(other) if other.errors != errors => {
                if errors {
                    (other.stream, stream)
                } else {
                    (stream, other.stream)
                }
            }
            _ => {
                self.waiting.insert(request, Waiting { stream, errors });
                return Ok(());
            }
        };
        let port = port.parse().map_err(io::Error::other)?;
        let Some(uplink) = self.uplinks.remove(&pair.0) else { return Ok(()) };
        let (forward, out) = (self.forward.clone(), self.out.clone());
        self.running.insert(pair.0, self.pairs.spawn(connect(forward, out, port, pair, uplink)));
        Ok(())
    }

    async fn send(&self, bytes: Bytes) -> io::Result<()> {
        self.out.send(bytes).await.map_err(io::Error::other)
    }
}

/// One connection to the pod, from its pair of streams to its end; returns the data stream.
async fn connect(
    forward: Forward,
    out: mpsc::Sender<Bytes>,
    port: u16,
    (data, errors): (u32, u32),
    uplink: mpsc::Receiver<Bytes>,
) -> u32 {
    match forward.dial(port).await {
        Ok(dialled) => {
            let down = |bytes: Bytes| {
                let out = out.clone();
                async move { out.send(frame::data(data, &bytes, false)).await.is_ok() }
            };
            carry(dialled, uplink, down).await;
        }
        Err(why) => drop(out.send(frame::data(errors, why.as_bytes(), false)).await),
    }
    for stream in [data, errors] {
        // the client may be gone
        let _ = out.send(frame::data(stream, &[], true)).await;
    }
    data
}
