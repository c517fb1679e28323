//! A WebSocket client that shows everything: how it was refused, each message, the close.

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Empty};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::sim_kubernetes::client::DEADLINE;
use crate::sim_kubernetes::world::World;

pub struct Socket {
    pub accepted: Option<String>,
    stream: WebSocketStream<TokioIo<Upgraded>>,
    _connection: JoinSet<()>,
}

pub struct Refused {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

/// What the server sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Got {
    Message(u8, Bytes),
    Close(u16),
    /// The connection broke without a close.
    End,
}

impl Socket {
    pub async fn open(world: &World, path: &str, offers: &[&str]) -> Result<Self, Refused> {
        tokio::time::timeout(DEADLINE, Self::try_open(world, path, offers)).await.expect("no answer")
    }

    async fn try_open(world: &World, path: &str, offers: &[&str]) -> Result<Self, Refused> {
        let stream = world.client().stream().await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        let mut task = JoinSet::new();
        task.spawn(async move { drop(connection.with_upgrades().await) });
        let mut request = Request::get(path)
            .header("host", "localhost")
            .header("authorization", "Bearer admin")
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==");
        if !offers.is_empty() {
            request = request.header("sec-websocket-protocol", offers.join(", "));
        }
        let response = sender.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        if status != 101 {
            let headers = response.headers().clone();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            return Err(Refused { status, headers, body: String::from_utf8(body.to_vec()).unwrap() });
        }
        let accepted = response.headers().get("sec-websocket-protocol").map(|v| v.to_str().unwrap().to_owned());
        let upgraded = hyper::upgrade::on(response).await.unwrap();
        let stream = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Client, None).await;
        Ok(Self { accepted, stream, _connection: task })
    }

    pub async fn send(&mut self, channel: u8, data: &[u8]) {
        self.stream.send(Message::Binary([&[channel], data].concat().into())).await.unwrap();
    }

    pub async fn next(&mut self) -> Got {
        let next = tokio::time::timeout(DEADLINE, self.stream.next()).await.expect("the server says nothing");
        match next {
            Some(Ok(Message::Binary(data))) => Got::Message(data[0], data.slice(1..)),
            Some(Ok(Message::Close(frame))) => Got::Close(frame.map_or(1005, |frame| frame.code.into())),
            Some(Ok(other)) => panic!("{other:?}"),
            Some(Err(_)) | None => Got::End,
        }
    }
}
