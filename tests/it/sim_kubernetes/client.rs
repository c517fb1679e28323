//! A bare HTTPS client: one connection a request, the body as it comes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use pilothouse::sim::serve::Server;
use pilothouse::sim::tls::Ca;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Nothing in these tests takes this long, however busy the machine, unless it hangs.
pub const DEADLINE: Duration = Duration::from_mins(1);

pub struct Client {
    tls: TlsConnector,
    port: u16,
}

/// A question: path, who asks, and what for.
#[derive(Default, Clone)]
pub struct Ask {
    pub method: Option<String>,
    pub path: String,
    pub token: Option<String>,
    pub accept: Option<String>,
    /// What the body is; JSON when none.
    pub content: Option<String>,
    /// Who the client says it is, for `managedFields`.
    pub agent: Option<String>,
    pub body: Option<Value>,
}

pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    body: Incoming,
    read: Vec<u8>,
    _connection: JoinSet<()>,
}

impl Client {
    pub fn new(ca: &Ca, server: &Server) -> Self {
        Self::to(ca.pem().as_bytes(), server.port())
    }

    /// A client of a context of a kubeconfig, and its token.
    pub fn of(kubeconfig: &Path, context: &str) -> (Self, String) {
        let config: Value = serde_json::from_str(&std::fs::read_to_string(kubeconfig).unwrap()).unwrap();
        let named = |list: &str| {
            let all = config[list].as_array().unwrap();
            all.iter().find(|one| one["name"] == context).expect("the kubeconfig has the context").clone()
        };
        let (cluster, user) = (named("clusters"), named("users"));
        let ca = STANDARD.decode(cluster["cluster"]["certificate-authority-data"].as_str().unwrap()).unwrap();
        let port = cluster["cluster"]["server"].as_str().unwrap().rsplit_once(':').unwrap().1.parse().unwrap();
        (Self::to(&ca, port), user["user"]["token"].as_str().unwrap().to_owned())
    }

    fn to(ca: &[u8], port: u16) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { tls: TlsConnector::from(Arc::new(config)), port }
    }

    /// Asks and waits for the head of the answer.
    pub async fn send(&self, ask: &Ask) -> std::io::Result<Reply> {
        tokio::time::timeout(DEADLINE, self.try_send(ask)).await.expect("no answer")
    }

    /// A connection on which nothing was said yet.
    pub async fn stream(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let name = ServerName::try_from("localhost").unwrap();
        self.tls.connect(name, tcp).await
    }

    async fn try_send(&self, ask: &Ask) -> std::io::Result<Reply> {
        let stream = self.stream().await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
        let mut task = JoinSet::new();
        task.spawn(async move { drop(connection.await) });
        let method = ask.method.as_deref().unwrap_or("GET");
        let mut request = Request::builder().method(method).uri(&ask.path).header("host", "localhost");
        if let Some(token) = &ask.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(accept) = &ask.accept {
            request = request.header("accept", accept);
        }
        if ask.body.is_some() {
            request = request.header("content-type", ask.content.as_deref().unwrap_or("application/json"));
        }
        if let Some(agent) = &ask.agent {
            request = request.header("user-agent", agent);
        }
        let body = ask.body.as_ref().map(Value::to_string).unwrap_or_default();
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let (parts, body) = sender.send_request(request).await.map_err(std::io::Error::other)?.into_parts();
        Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body, read: Vec::new(), _connection: task })
    }

    /// Asks as the administrator.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(&Ask { path: path.to_owned(), token: Some("admin".to_owned()), ..Ask::default() }).await.unwrap()
    }

    /// The answer to the administrator as JSON.
    pub async fn json(&self, path: &str) -> Value {
        self.get(path).await.json().await
    }
}

impl Reply {
    pub fn content_type(&self) -> &str {
        self.headers["content-type"].to_str().unwrap()
    }

    /// The whole body.
    pub async fn bytes(mut self) -> Vec<u8> {
        while self.more().await.expect("the body ends well") {}
        self.read
    }

    pub async fn json(self) -> Value {
        let bytes = self.bytes().await;
        serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&bytes)))
    }

    /// The next line, without its end; none when the stream ended; an error when it broke.
    pub async fn raw_line(&mut self) -> Result<Option<Vec<u8>>, hyper::Error> {
        loop {
            if let Some(end) = self.read.iter().position(|b| *b == b'\n') {
                let mut line: Vec<u8> = self.read.drain(..=end).collect();
                line.pop();
                return Ok(Some(line));
            }
            if !self.more().await? {
                return Ok(None);
            }
        }
    }

    /// The next watch event; none when the stream ended.
    pub async fn event(&mut self) -> Option<Value> {
        let line = self.raw_line().await.expect("the stream goes on")?;
        Some(serde_json::from_slice(&line).unwrap())
    }

    /// What arrived of an unfinished line.
    pub fn unfinished(&self) -> &[u8] {
        &self.read
    }

    async fn more(&mut self) -> Result<bool, hyper::Error> {
        let frame = tokio::time::timeout(DEADLINE, self.body.frame()).await.expect("the stream stalls");
        let Some(frame) = frame.transpose()? else { return Ok(false) };
        if let Some(data) = frame.data_ref() {
            self.read.extend_from_slice(data);
        }
        Ok(true)
    }
}

/// Type, name and version of a watch event.
pub fn told(event: &Value) -> (String, String) {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    (text(&event["type"]), text(&event["object"]["metadata"]["name"]))
}
