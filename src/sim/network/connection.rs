//! Connections to the pods' ports: the open ones and what is remembered of the rest.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use super::table::Network;

/// The road a connection came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// `kubectl port-forward` and what speaks like it: dialled from within the pod.
    PortForward,
    /// The API server's proxy of a service or pod.
    Proxy,
}

impl Via {
    /// As `sim ctl connections` shows it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::PortForward => "port-forward",
            Self::Proxy => "proxy",
        }
    }
}

/// What is known of one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Counted from 1 in the order of opening.
    pub number: u64,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub pod: String,
    /// The pod's uid.
    pub uid: String,
    /// The port that was dialled.
    pub port: u16,
    /// The port it was dialled from.
    pub from: u16,
    /// The road it came.
    pub via: Via,
    /// When it was opened, in the world's time.
    pub opened: Timestamp,
    /// When it was closed; none while it is open.
    pub closed: Option<Timestamp>,
    /// Bytes the pod received.
    pub received: u64,
    /// Bytes the pod sent.
    pub sent: u64,
    /// Whether a debugger has attached through it.
    pub attached: bool,
}

/// Counters of one connection while it is open.
#[derive(Debug, Default)]
pub(super) struct Meter {
    pub received: AtomicU64,
    pub sent: AtomicU64,
    pub attached: AtomicBool,
}

/// The pod's end of a connection: counts what goes through and is noted as closed when it is dropped.
#[derive(Debug)]
pub struct Line {
    stream: DuplexStream,
    meter: Arc<Meter>,
    network: Network,
    number: u64,
}

impl Line {
    pub(super) fn new(stream: DuplexStream, meter: Arc<Meter>, network: Network, number: u64) -> Self {
        Self { stream, meter, network, number }
    }

    /// Bytes received so far.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.meter.received.load(Ordering::Relaxed)
    }

    /// A debugger attaches; false when another one is attached to the same port.
    #[must_use]
    pub fn attach(&self) -> bool {
        self.network.attach(self.number)
    }

    /// The debugger lets go.
    pub fn detach(&self) {
        self.meter.attached.store(false, Ordering::Relaxed);
    }

    /// From now on nothing answers on this port of this pod.
    pub fn ruin(&self) {
        self.network.ruin(self.number);
    }

    /// Whether the port was ruined before.
    #[must_use]
    pub fn is_ruined(&self) -> bool {
        self.network.is_ruined(self.number)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.network.close(self.number);
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, out);
        let count = out.filled().len() - before;
        self.meter.received.fetch_add(count as u64, Ordering::Relaxed);
        polled
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = polled {
            self.meter.sent.fetch_add(count as u64, Ordering::Relaxed);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
