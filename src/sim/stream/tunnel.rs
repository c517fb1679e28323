//! port-forward as kubectl speaks it: SPDY, on its own or within binary WebSocket messages.

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

use super::super::process::ended;
use super::channel::Socket;
use super::spdy;
use super::target::Forward;

/// Bytes on the way in each direction.
const IN_FLIGHT: usize = 64 << 10;

/// Carries SPDY within WebSocket messages until the client leaves or the pod is gone.
pub(in crate::sim) async fn tunnel(socket: Socket, forward: Forward) {
    let (mut sink, mut source) = socket.split();
    let (near, far) = tokio::io::duplex(IN_FLIGHT);
    let (mut from, mut to) = tokio::io::split(near);
    let inward = async {
        while let Some(Ok(message)) = source.next().await {
            match message {
                Message::Binary(bytes) if to.write_all(&bytes).await.is_err() => return,
                Message::Close(_) => return,
                _ => {}
            }
        }
    };
    let outward = async {
        let mut chunk = vec![0; IN_FLIGHT];
        while let Ok(count @ 1..) = from.read(&mut chunk).await {
            if sink.send(Message::Binary(Bytes::copy_from_slice(&chunk[..count]))).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = inward => {}
        () = outward => {}
        () = bare(far, forward) => {}
    }
}

/// Carries SPDY on the connection itself.
pub(in crate::sim) async fn raw(upgraded: Upgraded, forward: Forward) {
    bare(TokioIo::new(upgraded), forward).await;
}

async fn bare(io: impl tokio::io::AsyncRead + tokio::io::AsyncWrite, forward: Forward) {
    let gone = ended(forward.store.clone(), forward.pod.clone(), None);
    tokio::select! {
        served = spdy::serve(io, forward) => if let Err(error) = served {
            tracing::debug!(%error, "a port-forward broke off");
        },
        () = gone => {}
    }
}
