//! The pod a port-forward leads to, and a connection to one of its ports.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use super::super::manifest::meta::hex;
use super::super::network::Via;
use super::super::process::{Dialled, dial};
use super::super::store::Store;

/// Once one direction has ended the other one gets this long, as the container runtime gives it.
const GRACE: Duration = Duration::from_secs(1);
const CHUNK: usize = 32 << 10;

/// A pod and its cluster.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Forward {
    pub store: Store,
    pub pod: Value,
}

impl Forward {
    /// Dials a port; else what the container runtime says.
    pub async fn dial(&self, port: u16) -> Result<Dialled, String> {
        dial(&self.store, &self.pod, port, Via::PortForward).await.ok_or_else(|| self.refusal(port))
    }

    fn refusal(&self, port: u16) -> String {
        let uid = self.pod["metadata"]["uid"].as_str().unwrap_or_default();
        let (sandbox, net) = (hex(&format!("{uid} sandbox"), 64), hex(&format!("{uid} network"), 32));
        let parts: Vec<&str> = [0..8, 8..12, 12..16, 16..20, 20..32].into_iter().filter_map(|at| net.get(at)).collect();
        format!(
            "error forwarding port {port} to pod {sandbox}, uid : failed to execute portforward in network namespace \
             \"/var/run/netns/cni-{}\": failed to connect to localhost:{port} inside namespace \"{sandbox}\", IPv4: dial \
             tcp4 127.0.0.1:{port}: connect: connection refused IPv6 dial tcp6: address localhost: no suitable address \
             found ",
            parts.join("-")
        )
    }
}

/// Carries bytes both ways until both directions have ended, or one has and the other's grace is over.
///
/// `down` takes what the pod says; false when nobody listens any more.
pub(super) async fn carry<F>(dialled: Dialled, mut up: mpsc::Receiver<Bytes>, down: impl Fn(Bytes) -> F)
where
    F: Future<Output = bool>,
{
    let Dialled { stream, served } = dialled;
    let (mut from_pod, mut to_pod) = tokio::io::split(stream);
    let upward = async {
        while let Some(bytes) = up.recv().await {
            if to_pod.write_all(&bytes).await.is_err() {
                break;
            }
        }
        let _ = to_pod.shutdown().await;
    };
    let downward = async {
        let mut chunk = vec![0; CHUNK];
        while let Ok(count @ 1..) = from_pod.read(&mut chunk).await {
            if !down(Bytes::copy_from_slice(&chunk[..count])).await {
                break;
            }
        }
    };
    let both = async {
        let (mut upward, mut downward) = (std::pin::pin!(upward), std::pin::pin!(downward));
        tokio::select! {
            () = &mut upward => drop(tokio::time::timeout(GRACE, downward).await),
            () = &mut downward => drop(tokio::time::timeout(GRACE, upward).await),
        }
    };
    let mut served = served;
    let mut both = std::pin::pin!(both);
    tokio::select! {
        () = &mut both => {}
        // dropping the pod's end lets its last words through
        () = &mut served => both.await,
    }
}
