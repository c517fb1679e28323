//! What watches tell while a client writes: the recorded requests, in the recorded order, against a whole world.

use std::collections::BTreeMap;

use serde_json::Value;

use super::client::{Ask, Client};
use super::conformance::facts;
use crate::sim_process::Process;

/// The recorded Application and the set that made it; its project and the rest are the world's own.
const SCENARIO: &str = r#"name = "predator12"
repository = "https://git.example.com/small.git"
[[source]]
name = "here"
nodes = ["node1"]
[[environment]]
name = "prod"
source = "here"
branch = "v1.0.0"
[[service]]
name = "frontend"
team = "core"
release = [{ environment = "prod", version = "1", age = "2d" }]
[[service.workload]]
kind = "Deployment"
container = "web"
ports = { http = 8000 }
"#;
const WATCHED: [&str; 3] = [
    "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications",
    "/apis/argoproj.io/v1alpha1/namespaces/argocd/applicationsets",
    "/api/v1/namespaces/argocd/events",
];
fn version(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

/// An event of a watch in the fixture's words.
fn words(event: &Value) -> String {
    let (kind, object) = (event["type"].as_str().unwrap(), &event["object"]);
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let name = text("/metadata/name");
    match text("/kind") {
        "Event" => format!(
            "{} {} {}/{} {}: {}",
            text("/type"),
            text("/reason"),
            text("/involvedObject/kind"),
            text("/involvedObject/name"),
            text("/source/component"),
            text("/message")
        ),
        "ApplicationSet" => {
            let conditions = object["status"]["conditions"].as_array().unwrap().iter();
            let each =
                conditions.map(|one| ["type", "status", "reason"].map(|field| one[field].as_str().unwrap()).join(" "));
            format!("{kind} ApplicationSet/{name} {}", each.collect::<Vec<_>>().join(", "))
        }
        of => {
            let note = object["metadata"]["annotations"]["note"].as_str().unwrap_or("-");
            format!("{kind} {of}/{name} note {note}")
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn conformance_kubernetes_watch() {
    let recorded = include_str!("../../fixtures/kubernetes/watch.txt");
    let lines = recorded.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let world = Process::still(SCENARIO).await;
    let (client, token) = Client::of(&world.kubeconfig, "here");
    let get =
        async |path: String| client.send(&Ask { path, token: Some(token.clone()), ..Ask::default() }).await.unwrap();
    let mut watches = Vec::new();
    for path in WATCHED {
        let listed = get(path.to_owned()).await.json().await;
        let from = version(&listed);
        watches.push((from, get(format!("{path}?watch=1&resourceVersion={from}")).await));
    }
    let (mut expected, mut now) = (Vec::new(), 0);
    for line in lines {
        let (at, rest) = line.split_once(' ').unwrap();
        let (what, rest) = rest.split_once(' ').unwrap();
        if what == "told" {
            expected.push(rest.to_owned());
            continue;
        }
        let at: u64 = at.parse().unwrap();
        world.pass(at - now).await;
        now = at;
        let facts = facts(rest);
        let text = |field: &str| facts["ask"][field].as_str().map(str::to_owned);
        let ask = Ask {
            method: text("method"),
            path: text("path").unwrap(),
            token: Some(token.clone()),
            content: text("content"),
            agent: Some("python-requests/2.32.5".to_owned()),
            body: facts["ask"].get("body").cloned(),
            ..Ask::default()
        };
        let reply = client.send(&ask).await.unwrap();
        assert_eq!(reply.status, facts["status"], "{rest}");
    }
    // whatever else this brings about has come by then
    world.pass(1_000).await;
    let mut told = BTreeMap::new();
    for (path, (from, mut watch)) in WATCHED.iter().zip(watches) {
        let mut heard = from;
        let list = get((*path).to_owned()).await.json().await;
        let last = list["items"].as_array().unwrap().iter().map(version).max().unwrap_or_default();
        while heard < last {
            let event = watch.event().await.expect("the watch goes on");
            heard = version(&event["object"]);
            told.insert(heard, words(&event));
        }
    }
    assert_eq!(told.into_values().collect::<Vec<_>>(), expected);
}
