//! The port of this machine the browser comes back to.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

use super::error::SsoError;
use super::page;
use crate::domain::Clock;

/// Where the browser is sent.
pub(super) const PATH: &str = "/auth/callback";
/// Connections at once: a browser opens some ahead.
const CONNECTIONS: usize = 16;
/// Bytes of a request's head that are read.
const HEAD: usize = 32 << 10;
/// The browser has so long to fetch the last page.
const FAREWELL: Duration = Duration::from_secs(2);

/// What the browser brought, and waits for a page to show.
pub(super) struct Visit {
    query: Vec<(String, String)>,
    page: oneshot::Sender<String>,
}

impl Visit {
    /// A parameter; empty where it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.query.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Shows a page.
    pub fn answer(self, page: String) {
        // a browser that has gone needs none
        _ = self.page.send(page);
    }
}

/// Listens on loopback alone.
pub(super) struct Callback {
    listeners: Vec<TcpListener>,
    connections: FuturesUnordered<BoxFuture<'static, ()>>,
    sender: mpsc::Sender<Visit>,
    visits: mpsc::Receiver<Visit>,
    /// The port, whichever was asked for.
    pub port: u16,
}

impl Callback {
    /// Opens a port; 0 for any. `dex` tells who sends the browser there, for the error.
    pub async fn open(port: u16, dex: bool) -> Result<Self, SsoError> {
        let failed = |error: &io::Error| match error.kind() {
            ErrorKind::AddrInUse => SsoError::PortTaken { port, dex },
            _ => SsoError::NoPort { port, why: error.to_string() },
        };
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| failed(&error))?;
        let port = first.local_addr().map_err(|error| failed(&error))?.port();
        let mut listeners = vec![first];
        // `localhost` is either; where there is no IPv6 nobody comes by it
        match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            Ok(second) => listeners.push(second),
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(failed(&error)),
            Err(_) => {}
        }
        let (sender, visits) = mpsc::channel(CONNECTIONS);
        Ok(Self { listeners, connections: FuturesUnordered::new(), sender, visits, port })
    }

    /// The next visit. Nobody else is served while it is attended to.
    pub async fn next(&mut self) -> Visit {
        loop {
            tokio::select! {
                accepted = accept(&self.listeners) => if let Ok((stream, _)) = accepted {
                    if self.connections.len() >= CONNECTIONS {
                        // whoever says nothing makes room for the one that is waited for
                        self.connections.clear();
                    }
                    self.connections.push(converse(stream, self.sender.clone()).boxed());
                },
                Some(()) = self.connections.next(), if !self.connections.is_empty() => {}
                Some(visit) = self.visits.recv() => return visit,
            }
        }
    }

    /// Lets the browser fetch what it was answered, and closes the port.
    pub async fn close(mut self, clock: &dyn Clock) {
        self.listeners.clear();
        let fetched = async { while self.connections.next().await.is_some() {} };
        tokio::select! {
            () = fetched => {}
            () = clock.sleep(FAREWELL) => {}
        }
    }
}

async fn accept(listeners: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    let accepting = listeners.iter().map(|listener| listener.accept().boxed());
    futures::future::select_all(accepting).await.0
}

async fn converse(stream: TcpStream, visits: mpsc::Sender<Visit>) {
    let service = service_fn(move |request: Request<Incoming>| respond(request, visits.clone()));
    let served = http1::Builder::new()
        .keep_alive(false)
        .header_read_timeout(None)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if served.is_err() {
        // what it says may quote what the browser brought
        tracing::debug!("a connection to the login's port broke off");
    }
}

async fn respond(request: Request<Incoming>, visits: mpsc::Sender<Visit>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() != Method::GET || request.uri().path() != PATH {
        return Ok(html(StatusCode::NOT_FOUND, page::nothing_here()));
    }
    let query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let (sender, page) = oneshot::channel();
    let page = match visits.send(Visit { query, page: sender }).await {
        Ok(()) => page.await.ok(),
        Err(_) => None,
    };
    Ok(html(StatusCode::OK, page.unwrap_or_else(page::over)))
}

fn html(status: StatusCode, page: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(page)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        // the address holds the code
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
