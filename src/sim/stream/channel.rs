//! Kubernetes' channels: the first byte of a binary WebSocket message says which stream the rest belongs to.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// A WebSocket over an upgraded connection.
pub(in crate::sim) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// How long a client may take to answer a close.
const PARTING: Duration = Duration::from_secs(5);

/// The writing half.
pub(super) struct Sender(pub SplitSink<Socket, Message>);

/// The reading half.
pub(super) struct Receiver(pub SplitStream<Socket>);

impl Sender {
    /// Sends one message; false when the client is gone.
    pub async fn send(&mut self, channel: u8, data: &[u8]) -> bool {
        let mut message = BytesMut::with_capacity(data.len() + 1);
        message.put_u8(channel);
        message.extend_from_slice(data);
        self.0.send(Message::Binary(message.freeze())).await.is_ok()
    }

    /// Says goodbye.
    pub async fn close(&mut self) {
        let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        let _ = self.0.send(Message::Close(Some(frame))).await;
    }
}

impl Receiver {
    /// The next message: channel and data; none when the client is gone.
    pub async fn next(&mut self) -> Option<(u8, Bytes)> {
        loop {
            let mut data = match self.0.next().await?.ok()? {
                Message::Binary(data) => data,
                Message::Text(text) => Bytes::from(text),
                Message::Close(_) => return None,
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
            };
            if !data.is_empty() {
                let channel = data.split_to(1)[0];
                return Some((channel, data));
            }
        }
    }

    /// Reads on until the client has closed too: bytes nobody reads would reset the connection, and with it the last
    /// words on their way.
    pub async fn part(&mut self) {
        let _ = tokio::time::timeout(PARTING, async { while self.next().await.is_some() {} }).await;
    }
}
