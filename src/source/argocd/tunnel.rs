//! argocd-server without an address: a port-forward to its pod through the Kubernetes API, each connection a stream within
//! this program and none of them a port others could come in by.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response, Uri, header};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::client::legacy::{Client as Http, Error as HttpError, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kube::client::{Body, ConfigExt as _};
use kube::{Client, Config};
use rustls::pki_types::ServerName;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower_service::Service;

use super::super::kube::component::running_pod;
use super::super::kube::connect::{CONNECT, SourceSpec, certificates};
use super::super::kube::{ChannelError, Cluster, dial};
use crate::domain::Clock;

/// What marks the pods of argocd-server, and the port it listens on within them.
const PODS: &str = "app.kubernetes.io/name=argocd-server";
const PORT: u16 = 8080;
/// A name that stands in every certificate argocd-server makes for itself.
const NAME: &str = "argocd-server";
/// Bytes on their way in each direction.
const PIPE: usize = 1 << 16;

/// The cluster an argocd-server is reached in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Through {
    /// How its API server is reached.
    pub cluster: SourceSpec,
    /// The namespace its pods are in.
    pub namespace: String,
}

/// Why no connection came about.
#[derive(Debug, Error)]
#[error("argocd-server cannot be reached by port-forward: {0}")]
struct NoWay(String);

/// Makes connections.
#[derive(Clone)]
struct Tunnel {
    cluster: Cluster,
    namespace: Arc<str>,
    tls: TlsConnector,
    clock: Arc<dyn Clock>,
}

/// A client whose connections go through `through`. Certificates are checked against `ca` where there is one: what
/// argocd-server makes for itself no CA has signed, and `argocd --port-forward` takes it as it is.
///
/// # Errors
/// In one line, what is wrong with the CA.
pub(super) fn client(
    through: &Through,
    base: &Uri,
    ca: Option<&[u8]>,
    clock: &Arc<dyn Clock>,
) -> Result<Client, String> {
    let mut config = Config::new(base.clone());
    config.root_cert = ca.map(certificates).transpose()?;
    config.accept_invalid_certs = ca.is_none();
    let tls = config.rustls_client_config().map_err(|error| error.to_string())?;
    let tunnel = Tunnel {
        cluster: Cluster::new(through.cluster.clone(), Arc::clone(clock)),
        namespace: through.namespace.as_str().into(),
        tls: TlsConnector::from(Arc::new(tls)),
        clock: Arc::clone(clock),
    };
    let http = Http::builder(TokioExecutor::new()).build(tunnel);
    Ok(Client::new(Based { http, path: base.path().trim_end_matches('/').into() }, "default"))
}

impl Tunnel {
    async fn connect(self) -> io::Result<TokioIo<Stream>> {
        let made = async {
            let name = ServerName::try_from(NAME).map_err(io::Error::other)?;
            match self.tls.connect(name, self.pipe().await?).await {
                Ok(stream) => Ok(Stream::Secure(Box::new(stream))),
                // `server.insecure`: it leaves TLS to what stands before it
                Err(error) if is_plain(&error) => self.pipe().await.map(Stream::Plain),
                Err(error) => Err(error),
            }
        };
        tokio::select! {
            stream = made => stream.map(TokioIo::new),
            () = self.clock.sleep(CONNECT * 2) => Err(io::Error::other(NoWay("it does not answer".to_owned()))),
        }
    }

    async fn pipe(&self) -> io::Result<Pipe> {
        let no_way = |why: String| io::Error::other(NoWay(why));
        let namespace = &*self.namespace;
        let pod = running_pod(&self.cluster, namespace, PODS, "argocd-server").await.map_err(no_way)?;
        let upstream = dial(&self.cluster, namespace, &pod, PORT).await.map_err(|error| match error {
            ChannelError::Denied(_) => no_way(format!("may not create pods/portforward in {namespace}")),
            error => no_way(error.to_string()),
        })?;
        let (near, far) = tokio::io::duplex(PIPE);
        let pump = async move {
            let (up, down) = (AtomicU64::new(0), AtomicU64::new(0));
            // how it ended is seen by whoever reads: there is no more to come
            upstream.carry(far, &[], &up, &down).await;
        };
        Ok(Pipe { near, pump: Some(pump.boxed()) })
    }
}

/// Whether it was no TLS that answered.
fn is_plain(error: &io::Error) -> bool {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(tls, Some(rustls::Error::InvalidMessage(_)))
}

impl Service<Uri> for Tunnel {
    type Response = TokioIo<Stream>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<TokioIo<Stream>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        self.clone().connect().boxed()
    }
}

/// One connection to the pod. Whoever reads or writes keeps its bytes going: there is no task for it.
struct Pipe {
    near: DuplexStream,
    pump: Option<BoxFuture<'static, ()>>,
}

impl Pipe {
    fn pump(&mut self, context: &mut Context<'_>) {
        if let Some(pump) = &mut self.pump
            && pump.poll_unpin(context).is_ready()
        {
            self.pump = None;
        }
    }
}

impl AsyncRead for Pipe {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.pump(context);
        Pin::new(&mut self.near).poll_read(context, into)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.near).poll_write(context, bytes);
        // where the pipe was full this makes room, and whoever waits for that is woken
        self.pump(context);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pump(context);
        Pin::new(&mut self.near).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.near).poll_shutdown(context);
        self.pump(context);
        shut
    }
}

/// What requests go over.
enum Stream {
    Plain(Pipe),
    Secure(Box<TlsStream<Pipe>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(pipe) => Pin::new(pipe).poll_read(context, into),
            Self::Secure(stream) => Pin::new(stream).poll_read(context, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(pipe) => Pin::new(pipe).poll_write(context, bytes),
            Self::Secure(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(pipe) => Pin::new(pipe).poll_flush(context),
            Self::Secure(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(pipe) => Pin::new(pipe).poll_shutdown(context),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

/// Sends paths to where the tunnel ends, below the root path if there is one.
struct Based {
    http: Http<Tunnel, Body>,
    path: Box<str>,
}

impl Service<Request<Body>> for Based {
    type Response = Response<Incoming>;
    type Error = HttpError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HttpError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> ResponseFuture {
        let asked = request.uri().path_and_query().map_or("/", |asked| asked.as_str());
        // TLS is the tunnel's business, so that it can do without
        if let Ok(whole) = format!("http://{NAME}{}{asked}", self.path).parse() {
            *request.uri_mut() = whole;
        }
        let agent = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
        request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(agent));
        self.http.request(request)
    }
}
