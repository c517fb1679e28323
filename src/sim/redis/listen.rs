//! The listener of one Redis.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::task::JoinSet;

use super::super::door::{Door, Doors};
use super::super::server::Desk;
use super::command::Served;
use super::keys::Keys;
use super::session;

/// A running Redis. Dropping it stops it.
pub struct Server {
    desk: Arc<Desk>,
    keys: Arc<Keys>,
    password: String,
    port: u16,
    doors: Doors,
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
        Ok(Self { desk, keys, password: password.to_owned(), port, doors: Doors::new(tasks) })
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
        self.doors.close().await;
    }

    /// Listens on the same port again; nothing happens while the server runs.
    ///
    /// # Errors
    /// When the port was taken meanwhile.
    pub fn start_again(&self) -> io::Result<()> {
        self.doors.open_again(|| Ok(listen(self.port, &self.desk, &self.keys, &self.password)?.0))
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
}

fn listen(port: u16, desk: &Arc<Desk>, keys: &Arc<Keys>, password: &str) -> io::Result<(JoinSet<()>, u16)> {
    let door = Door::open(port)?;
    let port = door.port();
    let (desk, keys, password) = (Arc::clone(desk), Arc::clone(keys), password.to_owned());
    let counted = Arc::new(Served::default());
    let serve = move |stream| {
        let session =
            session::serve(stream, Arc::clone(&desk), Arc::clone(&keys), password.clone(), Arc::clone(&counted));
        async move {
            if let Err(error) = session.await {
                tracing::debug!(%error, "connection to the simulated Redis ended");
            }
        }
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(door.admit("the simulated Redis", serve));
    Ok((tasks, port))
}
