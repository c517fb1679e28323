//! The world answers as a recorded API server and kubelet did: each test replays one recording against it.

use pilothouse::sim::network::Speaks;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::scene::{NAMESPACE, POD, world};
use super::socket::{Got, Socket};
use crate::sim_kubernetes::world::World;

fn recording(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/websocket/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))).unwrap()
}

fn bytes(step: &Value) -> Vec<u8> {
    if let Some(hex) = step["hex"].as_str() {
        return (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    }
    step["text"].as_str().unwrap().as_bytes().to_vec()
}

/// Ids of sandboxes and network namespaces are nobody's words.
fn without_ids(text: &str) -> String {
    let ids = regex::Regex::new("[0-9a-f]{64}|cni-[0-9a-f-]+").unwrap();
    ids.replace_all(text, "ID").into_owned()
}

/// Where a message ends is the kernel's business, but for the empty one that says the streams are there: what the
/// server said on one channel without a break is one step.
fn joined(steps: &[Value]) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    let said = |step: &Value| step["from"] == "server" && step["text"].as_str().is_some_and(|text| !text.is_empty());
    for step in steps {
        match all.last_mut().filter(|last| said(last) && said(step) && last["channel"] == step["channel"]) {
            Some(last) => {
                last["text"] = (last["text"].as_str().unwrap().to_owned() + step["text"].as_str().unwrap()).into();
            }
            None => all.push(step.clone()),
        }
    }
    all
}

/// Asks as recorded and holds everything that was said against what was recorded.
async fn replay(world: &World, name: &str) {
    let recording = recording(name);
    let offers: Vec<&str> = recording["offers"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let opened = Socket::open(world, recording["path"].as_str().unwrap(), &offers).await;
    let refused = &recording["refused"];
    if refused.is_object() {
        let answer = opened.err().expect("it is refused");
        assert_eq!(answer.status, refused["status"]);
        let header = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("content-type"), refused["type"].as_str());
        assert_eq!(header("connection"), refused["connection"].as_str());
        if refused["type"] == "application/json" {
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(body, serde_json::from_str::<Value>(refused["body"].as_str().unwrap()).unwrap());
        } else {
            assert_eq!(answer.body, refused["body"].as_str().unwrap());
        }
        return;
    }
    let mut socket = opened.unwrap_or_else(|refused| panic!("{} {}", refused.status, refused.body));
    let accepted = recording["accepted"].as_str();
    assert_eq!(socket.accepted.as_deref().map(str::to_lowercase).as_deref(), accepted);
    let steps = joined(recording["steps"].as_array().unwrap());
    for (index, step) in steps.iter().enumerate() {
        if let Some(code) = step["close"].as_u64() {
            assert_eq!(socket.next().await, Got::Close(code as u16));
            continue;
        }
        let channel = step["channel"].as_u64().unwrap() as u8;
        if step["from"] == "client" {
            socket.send(channel, &bytes(step)).await;
            continue;
        }
        let Some(length) = step["length"].as_u64() else {
            let wanted = bytes(step);
            let mut got = Vec::new();
            loop {
                match socket.next().await {
                    Got::Message(on, data) if on == channel => got.extend_from_slice(&data),
                    other => panic!("step {index}: {other:?} instead of {step}"),
                }
                if got.len() >= wanted.len() {
                    break;
                }
            }
            assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(&wanted), "step {index}");
            continue;
        };
        // the recording kept the beginning and the length
        let Got::Message(on, data) = socket.next().await else { panic!("step {index}: {step}") };
        let (text, begins) = (String::from_utf8(data.to_vec()).unwrap(), step["begins"].as_str().unwrap());
        assert_eq!((on, text.len() as u64), (channel, length), "{text}");
        let begins = without_ids(begins);
        // a recorded beginning may stop within an id
        let stop = begins.rfind("\\\"").filter(|at| begins.len() - at < 80).unwrap_or(begins.len());
        assert!(without_ids(&text).starts_with(&begins[..stop]), "{text}\n{begins}");
    }
}

macro_rules! replay {
    ($($test:ident: $name:literal;)*) => {$(
        #[tokio::test]
        async fn $test() {
            replay(&world(), $name).await;
        }
    )*};
}

/// Replays what was carried to a port, with the recorded process behind it: one that answers every request with the
/// recorded messages and closes, as `httpd` does.
async fn replay_port(name: &str) {
    let world = world();
    let mut replies: Vec<Vec<u8>> = Vec::new();
    let recording = recording(name);
    let steps = recording["steps"].as_array().unwrap();
    let asked = steps.iter().position(|step| step["from"] == "client").unwrap();
    for step in steps[asked..].iter().filter(|step| step["from"] == "server") {
        let mut reply = step["begins"].as_str().map_or_else(|| bytes(step), |begins| begins.as_bytes().to_vec());
        reply.resize(step["length"].as_u64().map_or(reply.len(), |length| length as usize), b'.');
        replies.push(reply);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        for reply in replies {
            stream.write_all(&reply).await.unwrap();
        }
    });
    world.store.network().order(&format!("{NAMESPACE}/{POD}"), 8000, Some(Speaks::To(address)));
    replay(&world, name).await;
}

#[tokio::test]
async fn conformance_websocket_portforward() {
    replay_port("portforward").await;
}

#[tokio::test]
async fn conformance_websocket_portforward_two_ports() {
    replay_port("portforward-two-ports").await;
}

replay! {
    conformance_websocket_portforward_bad_port: "portforward-bad-port";
    conformance_websocket_portforward_closed_port: "portforward-closed-port";
    conformance_websocket_portforward_no_ports: "portforward-no-ports";
    conformance_websocket_portforward_tunnel: "portforward-tunnel";

    conformance_websocket_exec_no_subprotocol: "exec-no-subprotocol";
    conformance_websocket_exec_no_such_command: "exec-no-such-command";
    conformance_websocket_exec_no_such_container: "exec-no-such-container";
    conformance_websocket_exec_no_such_pod: "exec-no-such-pod";
    conformance_websocket_exec_tty_resize: "exec-tty-resize";
    conformance_websocket_exec_unknown_subprotocol: "exec-unknown-subprotocol";
    conformance_websocket_exec_v4_stdin: "exec-v4-stdin";
    conformance_websocket_exec_v4: "exec-v4";
    conformance_websocket_exec_v5_stdin: "exec-v5-stdin";
    conformance_websocket_exec_v5: "exec-v5";
}
