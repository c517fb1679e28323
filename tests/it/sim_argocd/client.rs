//! A bare HTTP client: one connection a request, the body as it comes.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Nothing in these tests takes this long, however busy the machine, unless it hangs.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// A question.
#[derive(Default, Clone)]
pub struct Ask {
    pub method: String,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Value>,
}

impl Ask {
    pub fn get(path: &str) -> Self {
        Self { method: "GET".to_owned(), path: path.to_owned(), ..Self::default() }
    }

    pub fn send(method: &str, path: &str, body: Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { method: method.to_owned(), path: path.to_owned(), headers, body: Some(body) }
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn token(self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }
}

pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    body: Incoming,
    read: Vec<u8>,
    _connection: JoinSet<()>,
}

/// Asks a port of loopback in plain text and waits for the head of the answer.
pub async fn ask(port: u16, ask: &Ask) -> Reply {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    over(stream, ask).await
}

/// Asks over a connection that is open.
pub async fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, ask: &Ask) -> Reply {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let mut task = JoinSet::new();
    task.spawn(async move { drop(connection.await) });
    let mut request = Request::builder().method(ask.method.as_str()).uri(&ask.path).header("host", "localhost");
    for (name, value) in &ask.headers {
        request = request.header(*name, value);
    }
    let body = ask.body.as_ref().map(Value::to_string).unwrap_or_default();
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let response = tokio::time::timeout(DEADLINE, sender.send_request(request)).await.expect("no answer").unwrap();
    let (head, body) = response.into_parts();
    Reply { status: head.status.as_u16(), headers: head.headers, body, read: Vec::new(), _connection: task }
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The whole body.
    pub async fn bytes(mut self) -> Vec<u8> {
        while self.more().await {}
        self.read
    }

    pub async fn text(self) -> String {
        String::from_utf8(self.bytes().await).unwrap()
    }

    pub async fn json(self) -> Value {
        let text = self.text().await;
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
    }

    /// The next line of a stream, without its end; none when the stream has ended.
    pub async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return Some(String::from_utf8(line[..end].to_vec()).unwrap());
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// The next frame of a plain stream.
    pub async fn frame(&mut self) -> Value {
        let line = self.line().await.expect("the stream ended");
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"))
    }

    async fn more(&mut self) -> bool {
        let frame = tokio::time::timeout(DEADLINE, self.body.frame()).await.expect("nothing more came");
        let Some(frame) = frame else { return false };
        self.read.extend_from_slice(&frame.unwrap().into_data().unwrap_or_default());
        true
    }
}
