//! Logs of pods, as a recorded API server and its kubelet answered, and as kubectl reads them.

use std::process::Stdio;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::client::{Ask, DEADLINE};
use super::kubectl::Kubectl;
use super::world::{NOW, World, ago};

const NAMESPACE: &str = "predator12-dev";
const BACKEND: &str = "predator12-dev/backend-5cf68d945c-plbj6";

fn facts() -> Value {
    serde_json::from_str(include_str!("../../fixtures/kubernetes/logs.json")).unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

/// A pod whose only container, `c`, is as `status` says.
fn crasher(world: &World, name: &str, status: &Value) {
    world.store.put(json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"nodeName": "node1", "containers": [{"name": "c", "command": ["sh", "-c", "node server.js"]}]},
        "status": {"phase": "Running", "containerStatuses": [status]},
    }));
}

/// In back-off: the second run is dead, the first was removed by the node.
fn in_back_off(world: &World, name: &str, removed: &str) {
    let dead = |id: &str, from: i64, to: i64| {
        json!({"terminated": {"exitCode": 1, "reason": "Error", "containerID": id,
            "startedAt": ago(from), "finishedAt": ago(to)}})
    };
    crasher(
        world,
        name,
        &json!({"name": "c", "restartCount": 0, "containerID": removed, "state": dead(removed, 90, 90)}),
    );
    crasher(
        world,
        name,
        &json!({"name": "c", "restartCount": 1, "containerID": "containerd://second",
        "state": dead("containerd://second", 60, 60), "lastState": dead(removed, 90, 90)}),
    );
}

#[tokio::test]
async fn conformance_crash_logs() {
    let (world, facts) = (World::new(), facts());
    in_back_off(&world, "crasher-565664fddf-9jcj9", facts["removed"].as_str().unwrap());
    for line in facts["lines"].as_array().unwrap() {
        let at = line[0].as_str().unwrap().parse().unwrap();
        assert!(world.store.logs().write(BACKEND, "main", line[1].as_str().unwrap(), at));
    }
    for case in facts["cases"].as_array().unwrap() {
        let reply = world.client().get(case["path"].as_str().unwrap()).await;
        assert_eq!(reply.status, case["status"], "{case}");
        assert_eq!(reply.content_type(), case["type"], "{case}");
        let body = reply.bytes().await;
        match &case["body"] {
            Value::String(text) => assert_eq!(String::from_utf8(body).unwrap(), *text, "{case}"),
            status => assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), *status, "{case}"),
        }
    }
}

#[tokio::test]
async fn what_has_no_log_says_why() {
    let world = World::new();
    crasher(
        &world,
        "young",
        &json!({"name": "c", "restartCount": 0, "state": {"waiting": {"reason": "ContainerCreating"}}}),
    );
    crasher(&world, "running", &json!({"name": "c", "restartCount": 0, "state": {"running": {"startedAt": ago(9)}}}));
    world.store.put(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "two", "namespace": NAMESPACE},
        "spec": {"nodeName": "node1", "containers": [{"name": "a"}, {"name": "b"}], "initContainers": [{"name": "i"}]},
    }));
    world.store.put(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "homeless", "namespace": NAMESPACE},
        "spec": {"containers": [{"name": "a"}]},
    }));
    let refusals = [
        ("young", 400, "container \"c\" in pod \"young\" is waiting to start: ContainerCreating"),
        ("running/log?previous=true", 400, "previous terminated container \"c\" in pod \"running\" not found"),
        (
            "two",
            400,
            "a container name must be specified for pod two, choose one of: [a b] or one of the init containers: [i]",
        ),
        ("two/log?container=a", 400, "container \"a\" in pod \"two\" is not available"),
        ("nobody", 404, "pods \"nobody\" not found"),
        (
            "running/log?tailLines=-1",
            422,
            "PodLogOptions \"running\" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0",
        ),
    ];
    for (path, status, message) in refusals {
        let log = if path.contains("/log") { "" } else { "/log" };
        let reply = world.client().get(&format!("/api/v1/namespaces/{NAMESPACE}/pods/{path}{log}")).await;
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(reply.json().await["message"], message);
    }
    let reply = world.client().get(&format!("/api/v1/namespaces/{NAMESPACE}/pods/homeless/log")).await;
    assert_eq!((reply.status, reply.bytes().await.len()), (204, 0));
    let ask = Ask {
        path: format!("/api/v1/namespaces/{NAMESPACE}/pods/running/log"),
        token: Some("shop".to_owned()),
        ..Ask::default()
    };
    assert_eq!(world.client().send(&ask).await.unwrap().status, 200, "who reads everything reads logs");
    let ask = Ask { token: Some("dev-user".to_owned()), ..ask };
    let reply = world.client().send(&ask).await.unwrap();
    assert_eq!(reply.status, 403);
    assert_eq!(
        reply.json().await["message"],
        "pods \"running\" is forbidden: User \"dev-user\" cannot get resource \"pods/log\" in API group \"\" in the namespace \"predator12-dev\""
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_reads_logs() {
    let world = World::new();
    let kubectl = Kubectl::new(&world);
    in_back_off(&world, "crasher", "containerd://first");
    for (ago, line) in [(50, "one"), (40, "two"), (30, "three")] {
        let at = Timestamp::from_second(NOW - ago).unwrap();
        assert!(world.store.logs().write(BACKEND, "main", line, at));
    }
    let pod = "backend-5cf68d945c-plbj6";
    assert_eq!(kubectl.run(&["logs", pod]).await, "one\ntwo\nthree\n");
    assert_eq!(kubectl.run(&["logs", pod, "--tail=2", "-c", "main"]).await, "two\nthree\n");
    let since = format!("--since-time={}", ago(40));
    assert_eq!(kubectl.run(&["logs", pod, &since]).await, "two\nthree\n");
    assert_eq!(kubectl.run(&["logs", pod, "--since=35s"]).await, "three\n");
    let stamped = kubectl.run(&["logs", pod, "--tail=1", "--timestamps"]).await;
    assert_eq!(stamped, "2026-11-23T06:42:56.000000000Z three\n");
    assert_eq!(
        kubectl.run(&["logs", pod, "--all-containers", "--prefix", "--tail=1"]).await,
        format!("[pod/{pod}/main] three\n")
    );
    assert_eq!(kubectl.run(&["logs", "crasher"]).await, "Error: listen EADDRINUSE: address already in use :::3000\n");
    assert_eq!(
        kubectl.run(&["logs", "crasher", "-p"]).await,
        "unable to retrieve container logs for containerd://first"
    );
    let refused = kubectl.run(&["logs", pod, "-p"]).await;
    assert!(refused.contains("previous terminated container \"main\" in pod"), "{refused}");
    let refused = kubectl.run(&["logs", pod, "-c", "nope"]).await;
    assert!(refused.contains("container nope is not valid for pod"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_follows_until_the_pod_is_gone() {
    let world = World::new();
    let kubectl = Kubectl::new(&world);
    let pod = "backend-5cf68d945c-plbj6";
    let mut child = kubectl.command(&["logs", "-f", pod]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = async || tokio::time::timeout(DEADLINE, lines.next_line()).await.expect("kubectl hangs").unwrap();
    for n in 0..3 {
        assert!(world.store.logs().write(BACKEND, "main", &format!("line {n}"), now()));
        assert_eq!(next().await, Some(format!("line {n}")));
    }
    world.store.logs().write(BACKEND, "main", "last words", now());
    world.store.delete("Pod", NAMESPACE, pod);
    assert_eq!(next().await.as_deref(), Some("last words"));
    assert_eq!(next().await, None);
    assert!(child.wait().await.unwrap().success());
}
