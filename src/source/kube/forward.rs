//! A connection to one port of a pod, over the API server's port-forward.
//!
//! The pod's port is dialled as soon as the WebSocket opens (recorded): who calls this has somebody who wants to talk.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::channels::{ChannelError, Socket, next, open, ping, send};
use super::cluster::Cluster;
use super::request::escape;

const DATA: u8 = 0;
const ERROR: u8 = 1;
/// Read from the client at once, in bytes.
const CHUNK: usize = 32 << 10;
/// A refusal of the pod's port comes right behind the first messages; this long it is waited for.
const REFUSAL: Duration = Duration::from_millis(50);
/// The protocol knows no half-closed connections: when the client has said all, the pod may end its answer for this
/// long after its last byte.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The API server is asked this often whether it is there.
const PULSE: Duration = Duration::from_secs(20);

/// A way to a port of a pod that stands.
#[derive(Debug)]
pub struct Upstream {
    socket: Socket,
    early: VecDeque<Bytes>,
    cluster: Cluster,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// The client had enough.
    Left,
    /// The pod closed it, or is gone: which, only a look at the pod tells.
    Closed,
    /// The way broke.
    Broken(String),
}

/// Opens a connection to a port of a pod.
///
/// # Errors
/// See [`ChannelError`].
pub async fn dial(cluster: &Cluster, namespace: &str, pod: &str, port: u16) -> Result<Upstream, ChannelError> {
    let path = format!("/api/v1/namespaces/{}/pods/{}/portforward?ports={port}", escape(namespace), escape(pod));
    let mut socket = open(cluster, &path).await?;
    let clock = cluster.clock();
    let mut begun = [false; 2];
    let mut early = VecDeque::new();
    let mut calm = clock.sleep(Duration::from_secs(10));
    loop {
        let message = tokio::select! {
            message = next(&mut socket) => message,
            () = &mut calm => break,
        };
        let (channel, bytes) = match message {
            Some(message) => message?,
            None if begun == [true; 2] => break,
            None => return Err(ChannelError::Failed("the port-forward ended before it began".to_owned())),
        };
        match channel {
            // both channels begin with the number of the port
            DATA | ERROR if !begun[usize::from(channel)] => {
                begun[usize::from(channel)] = true;
                calm = clock.sleep(REFUSAL);
            }
            ERROR => return Err(refusal(&bytes, port)),
            DATA if !bytes.is_empty() => {
                early.push_back(bytes);
                break;
            }
            _ => {}
        }
    }
    if begun != [true; 2] {
        return Err(ChannelError::Failed("the port-forward did not begin in time".to_owned()));
    }
    Ok(Upstream { socket, early, cluster: cluster.clone() })
}

fn refusal(bytes: &[u8], port: u16) -> ChannelError {
    let said = crate::domain::text::clean(&String::from_utf8_lossy(bytes)).trim().to_owned();
    if said.contains("connection refused") {
        ChannelError::Refused(format!("nothing listens on port {port} of the pod"))
    } else if said.contains("not found") || said.contains("not running") {
        ChannelError::Gone(said)
    } else {
        ChannelError::Failed(said)
    }
}

impl Upstream {
    /// Carries bytes both ways until one side has ended. `first` was read from the client already; `up` and `down` count.
    pub async fn carry(
        self,
        local: impl AsyncRead + AsyncWrite + Unpin,
        first: &[u8],
        up: &AtomicU64,
        down: &AtomicU64,
    ) -> Carried {
        let Self { socket, mut early, cluster } = self;
        let clock = cluster.clock();
        let (mut sink, mut source) = socket.split();
        let (mut reader, mut writer) = tokio::io::split(local);
        let mut buffer = vec![0; CHUNK];
        let (mut client_done, mut unanswered) = (false, false);
        let mut pulse = clock.sleep(PULSE);
        let mut ended = async |early: &mut VecDeque<Bytes>| -> Carried {
            if !first.is_empty() {
                if let Err(error) = send(&mut sink, DATA, first).await {
                    return Carried::Broken(error.to_string());
                }
                up.fetch_add(first.len() as u64, Ordering::Relaxed);
            }
            while let Some(bytes) = early.pop_front() {
                down.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                if writer.write_all(&bytes).await.is_err() {
                    return Carried::Left;
                }
            }
            loop {
                tokio::select! {
                    message = next(&mut source) => {
                        unanswered = false;
                        let (channel, bytes) = match message {
                            Some(Ok(message)) => message,
                            Some(Err(error)) => return Carried::Broken(error.to_string()),
                            None => return Carried::Closed,
                        };
                        match channel {
                            DATA => {
                                down.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                                if writer.write_all(&bytes).await.is_err() {
                                    return Carried::Left;
                                }
                                if client_done {
                                    pulse = clock.sleep(LAST_WORDS);
                                }
                            }
                            ERROR => {
                                let said = crate::domain::text::clean(&String::from_utf8_lossy(&bytes)).into_owned();
                                return Carried::Broken(said);
                            }
                            _ => {}
                        }
                    }
                    read = reader.read(&mut buffer), if !client_done => match read {
                        Ok(0) => {
                            client_done = true;
                            pulse = clock.sleep(LAST_WORDS);
                        }
                        Ok(count) => {
                            up.fetch_add(count as u64, Ordering::Relaxed);
                            if let Err(error) = send(&mut sink, DATA, &buffer[..count]).await {
                                return Carried::Broken(error.to_string());
                            }
                        }
                        Err(_) => return Carried::Left,
                    },
                    () = &mut pulse => {
                        if client_done {
                            return Carried::Left;
                        }
                        if unanswered {
                            return Carried::Broken("the API server does not answer any more".to_owned());
                        }
                        if let Err(error) = ping(&mut sink).await {
                            return Carried::Broken(error.to_string());
                        }
                        unanswered = true;
                        pulse = clock.sleep(PULSE);
                    }
                }
            }
        };
        let ended = ended(&mut early).await;
        // whoever is still there is told; nobody waits for an answer
        _ = writer.shutdown().await;
        tokio::select! {
            _ = sink.close() => {}
            () = clock.sleep(LAST_WORDS) => {}
        }
        ended
    }
}
