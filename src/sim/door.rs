//! Listeners on loopback: how every server of the world lets connections in, closes, and opens again.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A port that is listened on.
#[derive(Debug)]
pub(in crate::sim) struct Door {
    listener: TcpListener,
    address: SocketAddr,
}

impl Door {
    /// Listens on a port of loopback, any free one for 0; to be called within a Tokio runtime.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn open(port: u16) -> io::Result<Self> {
        let listener = StdListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener: TcpListener::from_std(listener)?, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Which port that is.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Lets connections in for ever; what serves them ends with this. `whose` is for the log.
    pub async fn admit<F>(self, whose: &str, mut serve: impl FnMut(TcpStream) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let _ = stream.set_nodelay(true);
                        connections.spawn(serve(stream));
                    }
                    // out of file descriptors, most likely: others must end first
                    Err(error) => {
                        tracing::warn!(%error, "{whose} cannot accept");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

/// What lets people in at a server's doors; nothing while they are closed. Dropping it closes them.
#[derive(Debug)]
pub(in crate::sim) struct Doors(Mutex<Option<JoinSet<()>>>);

impl Doors {
    /// Doors at which these tasks let people in.
    pub fn new(tasks: JoinSet<()>) -> Self {
        Self(Mutex::new(Some(tasks)))
    }

    /// Closes the doors and all connections, and waits until they are gone.
    pub async fn close(&self) {
        let tasks = self.tasks().take();
        if let Some(mut tasks) = tasks {
            tasks.shutdown().await;
        }
    }

    /// Opens them again; nothing happens while they are open.
    ///
    /// # Errors
    /// What `open` fails with.
    pub fn open_again(&self, open: impl FnOnce() -> io::Result<JoinSet<()>>) -> io::Result<()> {
        let mut tasks = self.tasks();
        if tasks.is_none() {
            *tasks = Some(open()?);
        }
        Ok(())
    }

    /// Whether they are open.
    pub fn are_open(&self) -> bool {
        self.tasks().is_some()
    }

    fn tasks(&self) -> MutexGuard<'_, Option<JoinSet<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
