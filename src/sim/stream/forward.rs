//! port-forward over channels: two for every port, data and errors, each opened by the port's number.

use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::mpsc;

use super::super::process::ended;
use super::channel::{Receiver, Sender, Socket};
use super::target::{Forward, carry};

/// Messages on the way in each direction.
const IN_FLIGHT: usize = 32;

/// Carries `ports` over a socket until all have ended, the client leaves or the pod is gone.
pub(in crate::sim) async fn forward(socket: Socket, forward: Forward, ports: Vec<u16>) {
    let (sink, source) = socket.split();
    let (mut sender, mut receiver) = (Sender(sink), Receiver(source));
    let gone = ended(forward.store.clone(), forward.pod.clone(), None);
    let (out, mut outgoing) = mpsc::channel::<(u8, Bytes)>(IN_FLIGHT);
    let mut ups = Vec::new();
    let mut carried = Vec::new();
    for (index, port) in ports.iter().copied().enumerate() {
        // checked when the request was read: there are few enough ports
        let data = u8::try_from(index * 2).unwrap_or(u8::MAX - 1);
        let (up, uplink) = mpsc::channel(IN_FLIGHT);
        ups.push(up);
        let (forward, out) = (forward.clone(), out.clone());
        carried.push(async move {
            match forward.dial(port).await {
                Ok(dialled) => {
                    let down = |bytes| async { out.send((data, bytes)).await.is_ok() };
                    carry(dialled, uplink, down).await;
                }
                Err(why) => drop(out.send((data + 1, why.into())).await),
            }
        });
    }
    drop(out);
    let writing = async {
        for (index, port) in ports.iter().enumerate() {
            let data = u8::try_from(index * 2).unwrap_or(u8::MAX - 1);
            for channel in [data, data + 1] {
                if !sender.send(channel, &port.to_le_bytes()).await {
                    return;
                }
            }
        }
        while let Some((channel, bytes)) = outgoing.recv().await {
            if !sender.send(channel, &bytes).await {
                return;
            }
        }
    };
    let reading = async {
        while let Some((channel, bytes)) = receiver.next().await {
            let up = ups.get(usize::from(channel / 2)).filter(|_| channel % 2 == 0);
            if let Some(up) = up {
                // a port that has ended takes nothing more
                let _ = up.send(bytes).await;
            }
        }
    };
    tokio::select! {
        _ = async { tokio::join!(futures::future::join_all(carried), writing) } => {}
        () = reading => return,
        () = gone => {}
    }
    sender.close().await;
    receiver.part().await;
}
