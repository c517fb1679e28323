//! Kubernetes' channels within WebSocket messages: the first byte of a message says which channel the rest belongs to.

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use http::Request;
use hyper_util::rt::TokioIo;
use kube::client::UpgradeConnectionError;
use thiserror::Error;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

use super::cluster::Cluster;
use super::fault::{Fault, Kind};
use crate::domain::text::clean;

/// A WebSocket to the API server.
pub(super) type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

/// How long making a WebSocket may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// Why a conversation with a pod did not come about, or broke.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChannelError {
    /// The pod is not there, or does not run (any more).
    #[error("{0}")]
    Gone(String),
    /// We may not.
    #[error("{0}")]
    Denied(String),
    /// Something between us and the API server does not let WebSockets through.
    #[error("{0}")]
    NoWebSockets(String),
    /// Nothing listens on that port of the pod.
    #[error("{0}")]
    Refused(String),
    /// Everything else: it may pass.
    #[error("{0}")]
    Failed(String),
}

impl ChannelError {
    fn of(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => {
                let said = clean(&status.message).into_owned();
                match status.code {
                    403 => Self::Denied(said),
                    404 => Self::Gone(said),
                    400 if said.contains("websocket") || said.contains("pgrade") => Self::NoWebSockets(said),
                    429 => Self::Failed("the server is busy".to_owned()),
                    code => Self::Failed(format!("the server answered {code}: {said}")),
                }
            }
            kube::Error::UpgradeConnection(error) => {
                let why = match error {
                    UpgradeConnectionError::ProtocolSwitch(status) => {
                        format!("a WebSocket was asked for and answered with {status}")
                    }
                    other => format!("a WebSocket was asked for and not made: {}", clean(&other.to_string())),
                };
                Self::NoWebSockets(why)
            }
            error => Self::Failed(Fault::from(error).why),
        }
    }
}

impl From<Fault> for ChannelError {
    fn from(fault: Fault) -> Self {
        match fault.kind {
            Kind::Denied => Self::Denied(fault.why),
            _ => Self::Failed(fault.why),
        }
    }
}

/// Opens a WebSocket on a path of the API. Credentials that are refused are got anew once.
pub(super) async fn open(cluster: &Cluster, path: &str) -> Result<Socket, ChannelError> {
    let mut renewed = false;
    loop {
        let reached = cluster.reach().await?;
        let request = Request::get(path).body(Vec::new());
        let request = request.map_err(|error| ChannelError::Failed(error.to_string()))?;
        let answer = tokio::select! {
            answer = reached.client.connect(request) => answer,
            () = cluster.clock().sleep(PATIENCE) => {
                let fault = Fault::new(Kind::Down, format!("no answer in {} s", PATIENCE.as_secs()));
                cluster.give_up(&reached, &fault).await;
                return Err(fault.into());
            }
        };
        match answer {
            Ok(connection) => return Ok(connection.into_stream()),
            Err(kube::Error::Api(status)) if status.code == 401 => {
                let fault = Fault::new(Kind::Auth, "the server does not accept our credentials (401)");
                cluster.give_up(&reached, &fault).await;
                if std::mem::replace(&mut renewed, true) {
                    return Err(fault.into());
                }
            }
            Err(error @ (kube::Error::Api(_) | kube::Error::UpgradeConnection(_))) => {
                return Err(ChannelError::of(error));
            }
            Err(error) => {
                // the next one is tried over a connection of its own
                cluster.give_up(&reached, &Fault::new(Kind::Down, "")).await;
                return Err(ChannelError::of(error));
            }
        }
    }
}

/// The next message and its channel; nothing at the end.
pub(super) async fn next(
    source: &mut (impl futures::Stream<Item = Result<Message, SocketError>> + Unpin),
) -> Option<Result<(u8, Bytes), ChannelError>> {
    loop {
        match source.next().await? {
            Ok(Message::Binary(mut bytes)) if !bytes.is_empty() => {
                let channel = bytes.split_to(1)[0];
                return Some(Ok((channel, bytes)));
            }
            Ok(Message::Close(_)) => return None,
            // an answer to our ping: a message of no channel, for those who watch whether anybody is there
            Ok(Message::Pong(_)) => return Some(Ok((u8::MAX, Bytes::new()))),
            Ok(_) => {}
            Err(error) => return Some(Err(broken(&error))),
        }
    }
}

/// Sends bytes on a channel.
pub(super) async fn send(
    sink: &mut (impl futures::Sink<Message, Error = SocketError> + Unpin),
    channel: u8,
    bytes: &[u8],
) -> Result<(), ChannelError> {
    let mut message = Vec::with_capacity(bytes.len() + 1);
    message.push(channel);
    message.extend_from_slice(bytes);
    sink.send(Message::binary(message)).await.map_err(|error| broken(&error))
}

/// Asks whether anybody is there.
pub(super) async fn ping(
    sink: &mut (impl futures::Sink<Message, Error = SocketError> + Unpin),
) -> Result<(), ChannelError> {
    sink.send(Message::Ping(Bytes::new())).await.map_err(|error| broken(&error))
}

fn broken(error: &SocketError) -> ChannelError {
    ChannelError::Failed(match error {
        SocketError::ConnectionClosed | SocketError::AlreadyClosed | SocketError::Protocol(_) => {
            "the connection to the API server was cut".to_owned()
        }
        other => Fault::of_connection(other).why,
    })
}
