//! `kubectl port-forward` as a child, for where our own way does not get through.
//!
//! A child is started for the pod that answers when somebody connects, and leads to a port of its own that only we dial.
//! It ends with us whatever ends us: a shell beside it holds a pipe of ours, and kills it when the pipe closes.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::Mutex;

use crate::domain::text::clean;
use crate::source::kube::{Cluster, KubeconfigPlace};

/// Starts what follows it, and kills that as soon as its input ends: even a killed parent closes a pipe.
const KEEPER: &str = "exec 3<&0; \"$@\" 3<&- </dev/null & kept=$!; \
                      { cat <&3 >/dev/null; kill \"$kept\"; } 2>/dev/null & exec 3<&-; wait \"$kept\"";
/// How long kubectl may take until it listens.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// Children by pod and port.
#[derive(Debug, Default)]
pub(super) struct Children(Mutex<BTreeMap<(String, u16), Kept>>);

#[derive(Debug)]
struct Kept {
    port: u16,
    child: Child,
    /// While this is open the child lives.
    _pipe: Option<ChildStdin>,
    /// A kubectl whose output nobody takes ends.
    _output: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
}

impl Children {
    /// Connects to a port of a pod through its child, which is started if there is none. Children for other pods end.
    pub async fn dial(&self, cluster: &Cluster, namespace: &str, pod: &str, port: u16) -> Result<TcpStream, String> {
        let mut children = self.0.lock().await;
        children.retain(|(of, _), kept| of == pod && matches!(kept.child.try_wait(), Ok(None)));
        let key = (pod.to_owned(), port);
        if !children.contains_key(&key) {
            children.insert(key.clone(), start(cluster, namespace, pod, port).await?);
        }
        let local = children.get(&key).map(|kept| kept.port).ok_or("kubectl is gone")?;
        drop(children);
        TcpStream::connect((Ipv4Addr::LOCALHOST, local)).await.map_err(|error| format!("kubectl's end: {error}"))
    }
}

async fn start(cluster: &Cluster, namespace: &str, pod: &str, port: u16) -> Result<Kept, String> {
    let spec = cluster.spec();
    let context = spec.context.as_deref().ok_or("kubectl needs a context, and this cluster is reached without one")?;
    let mut command = Command::new("sh");
    command.args(["-c", KEEPER, "sh", "kubectl", "port-forward"]);
    // one word each: a name that begins with a dash is no option
    command.arg(format!("--context={context}")).arg(format!("--namespace={namespace}")).arg("--address=127.0.0.1");
    if spec.insecure {
        command.arg("--insecure-skip-tls-verify");
    }
    command.arg(format!("pod/{pod}")).arg(format!(":{port}"));
    if let KubeconfigPlace::Files(files) = &spec.kubeconfig
        && let Ok(joined) = std::env::join_paths(files)
    {
        command.env("KUBECONFIG", joined);
    }
    // SPDY gets through where WebSockets do not
    command.env("KUBECTL_PORT_FORWARD_WEBSOCKETS", "false");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "there is no sh in PATH to keep kubectl".to_owned(),
        _ => format!("kubectl cannot be started: {error}"),
    })?;
    let pipe = child.stdin.take();
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err("kubectl has no output".to_owned());
    };
    let mut lines = BufReader::new(stdout).lines();
    let listening = tokio::select! {
        line = lines.next_line() => line.ok().flatten(),
        () = cluster.clock().sleep(PATIENCE) => None,
    };
    let listening = listening.as_deref().and_then(|line| line.strip_prefix("Forwarding from 127.0.0.1:"));
    let number = listening.and_then(|rest| rest.split(' ').next()?.parse().ok());
    if let Some(port) = number {
        return Ok(Kept { port, child, _pipe: pipe, _output: lines });
    }
    drop(pipe);
    let mut said = BufReader::new(stderr).lines();
    let line = tokio::select! {
        line = said.next_line() => line.ok().flatten(),
        () = cluster.clock().sleep(std::time::Duration::from_secs(1)) => None,
    };
    let said = line.map_or_else(|| "it says nothing".to_owned(), |line| clean(&line).into_owned());
    if said.contains("not found") && said.contains("kubectl") {
        return Err("kubectl is not installed: there is none in PATH".to_owned());
    }
    Err(format!("kubectl does not forward: {said}"))
}
