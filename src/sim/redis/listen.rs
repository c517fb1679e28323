//! The listener of one Redis.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::super::server::Desk;
use super::keys::Keys;
use super::session;

/// A running Redis. Dropping it stops it.
pub struct Server {
    desk: Arc<Desk>,
    keys: Arc<Keys>,
    password: String,
    port: u16,
    tasks: Mutex<Option<JoinSet<()>>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("port", &self.port).finish_non_exhaustive()
    }
}

impl Server {
    /// Starts serving on loopback, within the runtime of the caller.
    ///
    /// # Errors
    /// When no port is free.
    pub(in crate::sim) fn start(desk: &Arc<Desk>, password: &str) -> io::Result<Self> {
        let (desk, keys) = (Arc::clone(desk), Arc::new(Keys::new(Arc::clone(desk))));
        let (tasks, port) = listen(0, &desk, &keys, password)?;
        Ok(Self { desk, keys, password: password.to_owned(), port, tasks: Mutex::new(Some(tasks)) })
    }

    /// `redis://:password@127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://:{}@127.0.0.1:{}", self.password, self.port)
    }

    /// Where the pods' port leads to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Closes the listener and all connections, and waits until they are gone.
    pub async fn stop(&self) {
        let tasks = self.tasks().take();
        if let Some(mut tasks) = tasks {
            tasks.shutdown().await;
        }
    }

    /// Listens on the same port again; nothing happens while the server runs.
    ///
    /// # Errors
    /// When the port was taken meanwhile.
    pub fn start_again(&self) -> io::Result<()> {
        let mut tasks = self.tasks();
        if tasks.is_none() {
            *tasks = Some(listen(self.port, &self.desk, &self.keys, &self.password)?.0);
        }
        Ok(())
    }

    /// Does what the words say, `stop` or `start`; the answer is a sentence.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what there is.
    pub async fn order(&self, words: &[&str]) -> Result<String, String> {
        match words {
            ["stop"] => {
                self.stop().await;
                Ok("redis is stopped".to_owned())
            }
            ["start"] => {
                self.start_again().map_err(|error| format!("redis cannot listen again: {error}"))?;
                Ok("redis listens again".to_owned())
            }
            _ => Err(format!("there is no order `{}` for redis; there are: stop, start", words.join(" "))),
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Option<JoinSet<()>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn listen(port: u16, desk: &Arc<Desk>, keys: &Arc<Keys>, password: &str) -> io::Result<(JoinSet<()>, u16)> {
    let listener = StdListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port();
    let listener = TcpListener::from_std(listener)?;
    let mut tasks = JoinSet::new();
    tasks.spawn(accept(listener, Arc::clone(desk), Arc::clone(keys), password.to_owned()));
    Ok((tasks, port))
}

async fn accept(listener: TcpListener, desk: Arc<Desk>, keys: Arc<Keys>, password: String) {
    let mut connections = JoinSet::new();
    let mut count = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    count += 1;
                    let _ = stream.set_nodelay(true);
                    let (desk, keys, password) = (Arc::clone(&desk), Arc::clone(&keys), password.clone());
                    connections.spawn(async move {
                        if let Err(error) = session::serve(stream, desk, keys, password, count).await {
                            tracing::debug!(%error, "connection to the simulated Redis ended");
                        }
                    });
                }
                // out of file descriptors, most likely: others must end first
                Err(error) => {
                    tracing::warn!(%error, "the simulated Redis cannot accept");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}
