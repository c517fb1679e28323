//! The listeners of one argocd-server: one with TLS, and one without for whoever asks for plain text.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::super::door::{Door, Doors};
use super::super::tls::{Acceptor, Ca, Leaf};
use super::desk::{Desk, open};
use super::dex::Config;
use super::{dispatch, reply};

/// The first byte of whoever begins with TLS.
const HANDSHAKE: u8 = 0x16;

/// A running argocd-server. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    desk: Arc<Desk>,
    acceptor: Acceptor,
    ports: [u16; 2],
    doors: Doors,
}

impl Server {
    /// Starts serving on loopback, within the runtime of the caller.
    ///
    /// # Errors
    /// When no port is free or no certificate can be made.
    pub(in crate::sim) fn start(ca: &Ca, desk: Desk) -> io::Result<Self> {
        let (desk, acceptor) = (Arc::new(desk), ca.acceptor(Leaf::Valid)?);
        let (tasks, ports) = listen([0, 0], &desk, &acceptor)?;
        let server = Self { desk, acceptor, ports, doors: Doors::new(tasks) };
        if Config::read(&server.desk).is_some() {
            // Dex is known by the address of its server, and browsers are sent there
            let (desk, url) = (&server.desk, server.url());
            desk.store.update("ConfigMap", &desk.namespace, "argocd-cm", |map| map["data"]["url"] = json!(url));
        }
        Ok(server)
    }

    /// `https://127.0.0.1:port`, with the root path if there is one.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}{}", self.ports[0], self.desk.root_path())
    }

    /// `http://127.0.0.1:port`, for clients told to use plain text.
    #[must_use]
    pub fn plain_url(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.ports[1], self.desk.root_path())
    }

    /// What a caller has to know to come in: addresses, and for every account its password and a token.
    #[must_use]
    pub fn ready_line(&self) -> Value {
        let passwords = open(&self.desk.passwords).clone();
        let tokens: Map<String, Value> =
            passwords.keys().map(|name| (name.clone(), self.desk.login(name, true).into())).collect();
        let mut line = json!({"url": self.url(), "plainUrl": self.plain_url(), "user": "admin",
            "password": passwords.get("admin"), "passwords": passwords, "tokens": tokens});
        if Config::read(&self.desk).is_some() {
            let members = self.desk.dex.members().iter();
            let known: Map<String, Value> = members.map(|one| (one.name.clone(), json!(one.password))).collect();
            line["sso"] = json!(known);
        }
        line
    }

    /// Where the pods' port leads to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports[0]))
    }

    /// What the server knows.
    pub(in crate::sim) fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Closes the listeners and all connections, and waits until they are gone.
    pub async fn stop(&self) {
        self.doors.close().await;
    }

    /// Listens on the same ports again; nothing happens while the server runs.
    ///
    /// # Errors
    /// When a port was taken meanwhile.
    pub fn start_again(&self) -> io::Result<()> {
        self.doors.open_again(|| Ok(listen(self.ports, &self.desk, &self.acceptor)?.0))
    }
}

fn listen(ports: [u16; 2], desk: &Arc<Desk>, acceptor: &Acceptor) -> io::Result<(JoinSet<()>, [u16; 2])> {
    let mut tasks = JoinSet::new();
    let mut bound = ports;
    for (port, secure) in bound.iter_mut().zip([true, false]) {
        let door = Door::open(*port)?;
        *port = door.port();
        let (desk, acceptor) = (Arc::clone(desk), secure.then(|| acceptor.clone()));
        tasks.spawn(async move {
            let serve = |stream| connection(stream, Arc::clone(&desk), acceptor.clone());
            door.admit("the simulated argocd-server", serve).await;
        });
    }
    Ok((tasks, bound))
}

async fn connection(stream: TcpStream, desk: Arc<Desk>, acceptor: Option<Acceptor>) {
    let Some(acceptor) = acceptor.filter(|_| !desk.is_insecure()) else { return serve(stream, desk, false).await };
    let mut first = [0];
    if !matches!(stream.peek(&mut first).await, Ok(1..)) {
        return;
    }
    if first == [HANDSHAKE] {
        match acceptor.accept(stream).await {
            Ok(stream) => serve(stream, desk, false).await,
            Err(error) => tracing::debug!(%error, "TLS handshake failed"),
        }
    } else {
        // whoever comes in plain text is sent to the other door
        serve(stream, desk, true).await;
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, desk: Arc<Desk>, elsewhere: bool) {
    let service = service_fn(|request: Request<Incoming>| {
        let desk = Arc::clone(&desk);
        async move {
            if elsewhere {
                let host = request.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
                return Ok(reply::redirect(&format!("https://{host}{}", request.uri())));
            }
            dispatch::answer(&desk, request).await
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        // an idle connection is the client's to close, or its next request could meet a closed door
        .header_read_timeout(None)
        .max_buf_size(1 << 20)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "connection to the simulated argocd-server ended");
    }
}
