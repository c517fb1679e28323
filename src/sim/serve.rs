//! One cluster's API server: a TLS listener on loopback.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::access::User;
use super::api;
use super::door::{Door, Doors};
use super::fault::Faults;
use super::store::Store;
use super::tls::{Acceptor, Ca, Leaf};

/// What a server serves.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Name for logs.
    pub name: String,
    /// The objects.
    pub store: Store,
    /// Who may come in.
    pub users: Vec<User>,
    /// The port on loopback; any free one when none.
    pub port: Option<u16>,
    /// Whether lists may be streamed (`sendInitialEvents`), as with etcd 3.5 and newer.
    pub streaming_lists: bool,
    /// What the certificate is like.
    pub leaf: Leaf,
}

impl Cluster {
    /// A cluster with streaming lists on any free port.
    #[must_use]
    pub fn new(name: &str, store: Store, users: Vec<User>) -> Self {
        Self { name: name.to_owned(), store, users, port: None, streaming_lists: true, leaf: Leaf::Valid }
    }
}

/// A running API server. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    api: Arc<api::Api>,
    /// One a kind of certificate.
    acceptors: [(Leaf, Acceptor); 3],
    /// The certificate that is shown.
    leaf: Mutex<Leaf>,
    port: u16,
    doors: Doors,
}

impl Server {
    /// Starts serving on loopback, within the runtime of the caller.
    ///
    /// # Errors
    /// When the port is taken or no certificate can be made.
    pub fn start(ca: &Ca, cluster: Cluster) -> io::Result<Self> {
        let leaf = cluster.leaf;
        let made = |leaf| io::Result::Ok((leaf, ca.acceptor(leaf)?));
        let acceptors = [made(Leaf::Valid)?, made(Leaf::Expired)?, made(Leaf::UnknownCa)?];
        let wanted = cluster.port.unwrap_or(0);
        let api = Arc::new(api::Api::new(cluster));
        let (tasks, port) = listen(wanted, &api, acceptor(&acceptors, leaf))?;
        Ok(Self { api, acceptors, leaf: Mutex::new(leaf), port, doors: Doors::new(tasks) })
    }

    /// `https://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The port on loopback; the same after [`Server::start_again`].
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The objects served.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.api.store
    }

    /// What goes wrong on order.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.api.faults
    }

    /// Closes the listener and all connections, and waits until they are gone.
    pub async fn stop(&self) {
        self.doors.close().await;
        self.api.sessions.shutdown().await;
    }

    /// Listens on the same port again; nothing happens while the server runs.
    ///
    /// # Errors
    /// When the port was taken meanwhile.
    pub fn start_again(&self) -> io::Result<()> {
        let listen = || listen(self.port, &self.api, acceptor(&self.acceptors, self.leaf()));
        self.doors.open_again(|| Ok(listen()?.0))
    }

    /// The certificate that is shown.
    #[must_use]
    pub fn leaf(&self) -> Leaf {
        *self.leaf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows another certificate from now on; who is connected is dropped, as when a server is started again.
    ///
    /// # Errors
    /// When the port was taken meanwhile.
    pub async fn show(&self, leaf: Leaf) -> io::Result<()> {
        let running = self.is_running();
        self.stop().await;
        *self.leaf.lock().unwrap_or_else(PoisonError::into_inner) = leaf;
        if running { self.start_again() } else { Ok(()) }
    }

    /// How many exec and port-forward sessions are open.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.api.sessions.len()
    }

    /// Whether the listener is open.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.doors.are_open()
    }
}

/// The acceptor that shows a certificate.
fn acceptor(acceptors: &[(Leaf, Acceptor); 3], leaf: Leaf) -> &Acceptor {
    let [first, ..] = acceptors;
    acceptors.iter().find(|(kind, _)| *kind == leaf).map_or(&first.1, |(_, acceptor)| acceptor)
}

fn listen(port: u16, api: &Arc<api::Api>, acceptor: &Acceptor) -> io::Result<(JoinSet<()>, u16)> {
    let door = Door::open(port)?;
    let port = door.port();
    let (api, acceptor) = (Arc::clone(api), acceptor.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let whose = format!("the simulated API server of {}", api.name);
        door.admit(&whose, |stream| connection(stream, port, Arc::clone(&api), acceptor.clone())).await;
    });
    Ok((tasks, port))
}

async fn connection(stream: TcpStream, port: u16, api: Arc<api::Api>, acceptor: Acceptor) {
    let stream = match acceptor.accept(stream).await {
        Ok(stream) => stream,
        Err(error) => return tracing::debug!(cluster = %api.name, %error, "TLS handshake failed"),
    };
    let service = service_fn(|request: Request<Incoming>| {
        let api = Arc::clone(&api);
        async move { api.answer(port, request).await }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        // an idle connection is the client's to close, or its next request could meet a closed door
        .header_read_timeout(None)
        .max_buf_size(1 << 20)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(cluster = %api.name, %error, "connection ended");
    }
}
