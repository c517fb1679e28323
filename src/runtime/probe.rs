//! Whether a debugger answers on a port of a pod, asked in its own protocol: initialize, and leave again without ending
//! what it debugs. The only look at a debugger's port that dials it; a bare connection can cost debugpy its life.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use crate::debug::{Listening, Sockets, request, take};
use crate::source::kube::{ChannelError, Cluster, dial};

/// How long it may take to answer: an idle debugpy does in milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes on the way in each direction.
const IN_FLIGHT: usize = 64 << 10;

/// Asks what listens on a port of a pod.
pub async fn probe(cluster: &Cluster, namespace: &str, pod: &str, port: u16) -> Listening {
    let way = match dial(cluster, namespace, pod, port).await {
        Ok(way) => way,
        Err(ChannelError::Refused(_)) => return Listening::Seen(Sockets::default()),
        Err(error) => return Listening::Unknown(error.to_string()),
    };
    let (near, far) = tokio::io::duplex(IN_FLIGHT);
    let (up, down) = (AtomicU64::new(0), AtomicU64::new(0));
    let mut late = cluster.clock().sleep(PATIENCE);
    let asked = async {
        tokio::select! {
            answers = converse(near) => answers,
            () = &mut late => false,
        }
    };
    // whichever way the talk ends, its end of the line closes, and with it the way to the pod
    let (answers, _) = tokio::join!(asked, way.carry(far, &[], &up, &down));
    if answers { Listening::Answers } else { Listening::Mute }
}

/// Says who we are and leaves; whether both were answered.
async fn converse(mut line: DuplexStream) -> bool {
    let hello = json!({"adapterID": "debugpy", "clientID": "pilothouse", "linesStartAt1": true, "pathFormat": "path"});
    let goodbye = json!({"restart": false, "terminateDebuggee": false});
    let mut come = Vec::new();
    for (serial, command, arguments) in [(1, "initialize", &hello), (2, "disconnect", &goodbye)] {
        if line.write_all(&request(serial, command, arguments)).await.is_err() {
            return false;
        }
        if answer(&mut line, &mut come, command).await.is_none() {
            // it is told to leave anyway; who closes the line at goodbye has understood it
            return command == "disconnect";
        }
    }
    true
}

/// The answer to a request; none when the line ends, or somebody speaks another language.
async fn answer(line: &mut DuplexStream, come: &mut Vec<u8>, command: &str) -> Option<Value> {
    let mut chunk = [0; 4096];
    loop {
        while let Some(message) = take(come).ok()? {
            if message["type"] == "response" && message["command"] == command {
                return Some(message);
            }
        }
        let count = line.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        come.extend_from_slice(&chunk[..count]);
    }
}
