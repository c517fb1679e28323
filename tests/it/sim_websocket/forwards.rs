//! kubectl forwards ports of the world's pods.

use std::process::Stdio;

use pilothouse::sim::network::Speaks;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdout};
use tokio::task::JoinSet;

use super::scene::{NAMESPACE, POD, world};
use crate::sim_kubernetes::client::DEADLINE;
use crate::sim_kubernetes::kubectl::Kubectl;
use crate::sim_kubernetes::world::World;
use crate::wait::until;

struct Forward {
    child: Child,
    /// A kubectl whose output nobody takes ends.
    _output: Lines<BufReader<ChildStdout>>,
    port: u16,
    _kubectl: Kubectl,
}

/// Starts a forward and waits until kubectl listens.
async fn forward(world: &World, what: &str, port: u16, websockets: bool) -> Forward {
    let kubectl = Kubectl::new(world);
    let mut command = kubectl.command(&["port-forward", what, &format!(":{port}")]);
    if !websockets {
        command.env("KUBECTL_PORT_FORWARD_WEBSOCKETS", "false");
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = within(lines.next_line()).await.unwrap().expect("kubectl forwards");
    let local = line.strip_prefix("Forwarding from 127.0.0.1:").unwrap_or_else(|| panic!("{line}"));
    let port = local.split(' ').next().unwrap().parse().unwrap();
    Forward { child, _output: lines, port, _kubectl: kubectl }
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("nothing happens")
}

async fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut all = String::new();
    within(stream.read_to_string(&mut all)).await.unwrap();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_forwards_a_pod_and_a_service() {
    let world = world();
    world.store.put(json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "backend", "namespace": NAMESPACE},
        "spec": {"selector": {"app": "backend"}, "ports": [{"name": "http", "port": 80, "targetPort": 8000}]}}));
    for (what, port, websockets) in
        [(format!("pod/{POD}"), 8000, true), ("svc/backend".to_owned(), 80, true), (format!("pod/{POD}"), 8000, false)]
    {
        let forward = forward(&world, &what, port, websockets).await;
        let reply = get(forward.port, "/health").await;
        assert!(reply.starts_with("HTTP/1.1 200 OK") && reply.ends_with("{\"status\":\"ok\"}"), "{what}: {reply}");
    }
    let connections = world.store.network().connections();
    assert_eq!(connections.len(), 3);
    assert!(connections.iter().all(|one| one.port == 8000 && one.received > 40 && one.sent > 40), "{connections:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forward_carries_much_both_ways_and_half_closes() {
    let world = world();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut read, mut write) = stream.split();
        tokio::io::copy(&mut read, &mut write).await.unwrap();
    });
    world.store.network().order(&format!("{NAMESPACE}/backend*"), 8000, Some(Speaks::To(address)));
    let forward = forward(&world, &format!("pod/{POD}"), 8000, true).await;
    let stream = TcpStream::connect(("127.0.0.1", forward.port)).await.unwrap();
    let sent: Vec<u8> = (0..16_u32 << 20).map(|i| (i >> 8) as u8).collect();
    let (mut read, mut write) = stream.into_split();
    let writing = async {
        write.write_all(&sent).await.unwrap();
        write.shutdown().await.unwrap();
    };
    let mut back = Vec::new();
    let reading = read.read_to_end(&mut back);
    let ((), read) = within(async { tokio::join!(writing, reading) }).await;
    read.unwrap();
    assert!(back == sent, "{} of {} bytes came back", back.len(), sent.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_where_nothing_listens_is_refused() {
    let world = world();
    let mut forward = forward(&world, &format!("pod/{POD}"), 9, true).await;
    let mut stream = TcpStream::connect(("127.0.0.1", forward.port)).await.unwrap();
    let mut all = Vec::new();
    let _ = within(stream.read_to_end(&mut all)).await;
    assert_eq!(all, b"");
    let mut said = BufReader::new(forward.child.stderr.take().unwrap()).lines();
    let line = within(said.next_line()).await.unwrap().unwrap();
    let words = "IPv4: dial tcp4 127.0.0.1:9: connect: connection refused";
    assert!(line.contains("error forwarding port 9 to pod") && line.contains(words), "{line}");
    assert_eq!(world.store.network().connections(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_pod_ends_its_forwards() {
    let world = world();
    let mut forward = forward(&world, &format!("pod/{POD}"), 6379, true).await;
    let mut stream = TcpStream::connect(("127.0.0.1", forward.port)).await.unwrap();
    stream.write_all(b"PING\r\n").await.unwrap();
    let mut pong = [0; 7];
    within(stream.read_exact(&mut pong)).await.unwrap();
    assert_eq!(&pong, b"+PONG\r\n");
    world.store.delete("Pod", NAMESPACE, POD);
    let mut rest = Vec::new();
    let _ = within(stream.read_to_end(&mut rest)).await;
    assert_eq!(rest, b"");
    // kubectl says that it lost the pod and ends
    assert!(!within(forward.child.wait()).await.unwrap().success());
    let connections = world.store.network().connections();
    assert_eq!(connections.len(), 1);
    assert!(connections[0].closed.is_some());
    until("no session is left", || world.server.sessions() == 0).await;
}

struct Editor(BufReader<TcpStream>);

impl Editor {
    async fn attach_to(port: u16) -> Self {
        Self(BufReader::new(TcpStream::connect(("127.0.0.1", port)).await.unwrap()))
    }

    async fn ask(&mut self, command: &str) {
        let body = json!({"seq": 1, "type": "request", "command": command, "arguments": {}}).to_string();
        let text = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.0.get_mut().write_all(text.as_bytes()).await.unwrap();
    }

    /// The next message that is of this type and name.
    async fn hear(&mut self, kind: &str, name: &str) -> Value {
        loop {
            let mut head = String::new();
            within(self.0.read_line(&mut head)).await.unwrap();
            let length: usize = head.trim().strip_prefix("Content-Length: ").unwrap().parse().unwrap();
            within(self.0.read_line(&mut head)).await.unwrap();
            let mut body = vec![0; length];
            within(self.0.read_exact(&mut body)).await.unwrap();
            let message: Value = serde_json::from_slice(&body).unwrap();
            if message["type"] == kind && (message["command"] == name || message["event"] == name) {
                return message;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_debugger_attaches_through_a_forward() {
    let world = world();
    let forward = forward(&world, &format!("pod/{POD}"), 5678, true).await;
    let mut editor = Editor::attach_to(forward.port).await;
    editor.hear("event", "output").await;
    editor.ask("initialize").await;
    assert_eq!(editor.hear("response", "initialize").await["body"]["supportsConfigurationDoneRequest"], true);
    editor.ask("attach").await;
    editor.hear("event", "initialized").await;
    editor.ask("configurationDone").await;
    assert_eq!(editor.hear("response", "attach").await["success"], true);
    editor.ask("threads").await;
    assert_eq!(editor.hear("response", "threads").await["body"]["threads"][0]["name"], "MainThread");
    let mut second = Editor::attach_to(forward.port).await;
    second.ask("attach").await;
    assert_eq!(second.hear("response", "attach").await["success"], false);
    // others see who is connected
    let table = Kubectl::new(&world).run(&["exec", POD, "--", "cat", "/proc/net/tcp"]).await;
    let established = |line: &&str| line.contains(" 0100007F:162E 0100007F:") && line.contains(" 01 ");
    assert_eq!(table.lines().filter(established).count(), 2, "{table}");
    editor.ask("disconnect").await;
    assert_eq!(editor.hear("response", "disconnect").await["success"], true);
    second.ask("attach").await;
    second.hear("event", "initialized").await;
}
