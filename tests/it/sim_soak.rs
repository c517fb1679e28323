//! Ten hours of the world under every fault: nothing leaks, and every watcher ends with what the store has.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::Request;
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use kube::api::{Api, ApiResource, DynamicObject, ListParams, WatchEvent, WatchParams};
use kube::client::Body;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::sim_process::{PATIENCE, Process, SMALL, client};
use crate::wait::found_within;

/// A watch that says nothing for so long may be a half-closed one.
const STALE: Duration = Duration::from_millis(400);
/// World-hours; `PILOTHOUSE_SOAK_HOURS` has it go on for longer.
const HOURS: usize = 10;
const STEPS: usize = 12;
/// What the small world has besides, so that everything happens that happens in the large one.
const MORE: &str = r#"
[[source]]
name = "there"
[[environment]]
name = "prod"
source = "there"
branch = "prod"
[[service]]
name = "worker"
team = "a"
release = [{ environment = "dev", version = "1", age = "2d" }, { environment = "prod", version = "1", age = "2d" }]
[[service.workload]]
kind = "Deployment"
container = "worker"
ports = { http = 8000 }
[[crash]]
app = "worker-dev"
restarts = 1
next = "10s"
[[deploy]]
app = "web-dev"
after = "5m"
every = "11m"
"#;
const SOURCES: [&str; 2] = ["here", "there"];
const KINDS: [(&str, &str, &str); 4] =
    [("argoproj.io", "v1alpha1", "Application"), ("", "v1", "Pod"), ("", "v1", "Event"), ("apps", "v1", "Deployment")];

/// What goes wrong all the time.
const LASTING: &[&str] = &[
    "latency 1ms",
    "drop every 11",
    "401 every 13",
    "403 every 17",
    "409 every 2",
    "410 every 19",
    "429 1 every 23",
    "500 every 29",
    "503 every 31",
    "truncate 300 every 7",
    "slow-list 4000000 every 5",
    "watch-half-line every 9",
    "watch-close every 5",
];
/// What goes wrong once, one a step.
const PASSING: &[&[&str]] = &[
    &["fault all watch-silence"],
    &["fault all watch-expired"],
    &["fault all old-store", "fault all watch-close"],
    &["fault all certificate expired"],
    &["fault all certificate unknown"],
    &["fault all certificate valid"],
    &["fault all logged-out", "login"],
    &["source stop here"],
    &["source start here"],
    &["fault all skew ahead 10m"],
    &["fault all skew behind 10m"],
    &["fault all dead every 6"],
];

async fn api(
    kubeconfig: &Path,
    source: &str,
    (group, version, kind): (&str, &str, &str),
) -> Option<Api<DynamicObject>> {
    let client = client(kubeconfig, source).await?;
    let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let resource = ApiResource {
        group: group.into(),
        version: version.into(),
        api_version,
        kind: kind.into(),
        plural: format!("{}s", kind.to_lowercase()),
    };
    Some(Api::all_with(client, &resource))
}

/// Names and versions of what there is.
type Known = BTreeMap<String, String>;

fn key(object: &DynamicObject) -> String {
    format!("{}/{}", object.metadata.namespace.as_deref().unwrap_or_default(), object.metadata.name.as_deref().unwrap())
}

fn version(object: &DynamicObject) -> String {
    object.metadata.resource_version.clone().unwrap_or_default()
}

async fn list(api: &Api<DynamicObject>) -> Option<(Known, String)> {
    let asked = tokio::time::timeout(STALE * 5, api.list(&ListParams::default())).await.ok()?.ok()?;
    let all = asked.items.iter().map(|object| (key(object), version(object))).collect();
    Some((all, asked.metadata.resource_version.unwrap_or_default()))
}

/// A client that keeps up with one kind, whatever happens.
async fn follow(
    kubeconfig: PathBuf,
    source: &'static str,
    kind: (&'static str, &'static str, &'static str),
    known: Arc<Mutex<Known>>,
) {
    loop {
        // a new login may be in the file by now
        if let Some(api) = api(&kubeconfig, source, kind).await {
            while let Some((all, at)) = list(&api).await {
                *known.lock().unwrap() = all;
                watch(&api, at, &known).await;
            }
        }
        // a client that is refused comes again, but not at once
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Watches from one version on until the world no longer knows it or refuses.
async fn watch(api: &Api<DynamicObject>, mut at: String, known: &Mutex<Known>) {
    loop {
        let opened = tokio::time::timeout(STALE, api.watch(&WatchParams::default(), &at)).await;
        let Ok(Ok(stream)) = opened else { return };
        let mut stream = std::pin::pin!(stream);
        while let Ok(Some(event)) = tokio::time::timeout(STALE, stream.next()).await {
            let mut known = known.lock().unwrap();
            match event {
                Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) => {
                    at = version(&object);
                    known.insert(key(&object), at.clone());
                }
                Ok(WatchEvent::Deleted(object)) => {
                    at = version(&object);
                    known.remove(&key(&object));
                }
                Ok(WatchEvent::Bookmark(mark)) => at = mark.metadata.resource_version,
                Ok(WatchEvent::Error(_)) => return,
                Err(_) => break,
            }
        }
    }
}

/// What people do in pods.
const SESSIONS: [&str; 3] = ["exec", "portforward", "log"];

/// A client that comes into pods again and again, by one of the ways, and counts how often it was heard.
async fn visit(kubeconfig: PathBuf, source: &'static str, way: &'static str, heard: Arc<AtomicUsize>) {
    loop {
        if let Some(api) = api(&kubeconfig, source, KINDS[1]).await
            && let Ok(Ok(pods)) = tokio::time::timeout(STALE * 5, api.list(&ListParams::default())).await
            && let Some(pod) = pods.items.into_iter().find(is_ready)
        {
            let (namespace, name) = (pod.metadata.namespace.unwrap(), pod.metadata.name.unwrap());
            let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
            // a session that says nothing may be a half-closed one
            let session = tokio::time::timeout(STALE * 5, session(&kubeconfig, source, way, &path)).await;
            if let Ok(Some(true)) = session {
                heard.fetch_add(1, Ordering::Relaxed);
            }
        }
        // people come again and again, and not all the time
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether an app of the scenario runs in a pod, and well.
fn is_ready(pod: &DynamicObject) -> bool {
    key(pod).starts_with("small-") && pod.data["status"]["containerStatuses"][0]["ready"] == true
}

/// One session; whether what was asked was answered, none when it broke.
async fn session(kubeconfig: &Path, source: &str, way: &str, path: &str) -> Option<bool> {
    let client = client(kubeconfig, source).await?;
    if way == "log" {
        let request = Request::get(format!("{path}/log?follow=true&timestamps=true")).body(Body::empty()).unwrap();
        let mut answer = client.send(request).await.ok()?;
        let frame = answer.frame().await?.ok()?;
        return Some(answer.status().is_success() && !frame.into_data().ok()?.is_empty());
    }
    let (rest, protocol, say, expect) = match way {
        "exec" => ("exec?stdin=true&stdout=true&command=cat", "v5.channel.k8s.io", &b"\0ping"[..], &b"\x01ping"[..]),
        _ => ("portforward?ports=8000", "v4.channel.k8s.io", &b"\0GET / HTTP/1.0\r\n\r\n"[..], &b"\0HTTP/1."[..]),
    };
    let request = Request::get(format!("{path}/{rest}"))
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==")
        .header("sec-websocket-protocol", protocol);
    let response = client.send(request.body(Body::empty()).unwrap()).await.ok()?;
    if response.status().as_u16() != 101 {
        return None;
    }
    let upgraded = hyper::upgrade::on(response).await.ok()?;
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Client, None).await;
    socket.send(Message::Binary(Bytes::from_static(say))).await.ok()?;
    while let Some(Ok(message)) = socket.next().await {
        if message.into_data().starts_with(expect) {
            return Some(true);
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_soak_under_all_faults_leaks_nothing() {
    let small = SMALL.replace("branch = \"main\"", "branch = \"main\"\nauto_sync = { self_heal = true }");
    let world = Process::still(&format!("{small}{MORE}")).await;
    let asked = std::env::var("PILOTHOUSE_SOAK_HOURS").ok().and_then(|hours| hours.parse().ok());
    let hours = asked.map_or(HOURS, |hours: usize| hours.max(HOURS));
    let running = async || world.state().await["tasks"].as_u64().unwrap();
    let before = running().await;
    let mut tasks = JoinSet::new();
    let mut followed = Vec::new();
    for source in SOURCES {
        for kind in KINDS {
            let known = Arc::new(Mutex::new(Known::new()));
            tasks.spawn(follow(world.kubeconfig.clone(), source, kind, Arc::clone(&known)));
            followed.push((source, kind, known));
        }
    }
    let mut visitors = JoinSet::new();
    let mut visits = Vec::new();
    for source in SOURCES {
        for way in SESSIONS {
            let heard = Arc::new(AtomicUsize::new(0));
            visitors.spawn(visit(world.kubeconfig.clone(), source, way, Arc::clone(&heard)));
            visits.push((source, way, heard));
        }
    }
    let mut measured = Vec::new();
    for hour in 1..=hours {
        for fault in LASTING {
            world.ctl(&format!("fault all {fault}")).await;
        }
        for step in 0..STEPS {
            for order in PASSING[step % PASSING.len()] {
                world.ctl(order).await;
            }
            world.ctl(&format!("clock advance {}m", 60 / STEPS)).await;
        }
        world.ctl("fault all clear").await;
        world.ctl("login").await;
        for (source, kind, known) in &followed {
            let what = format!("{source} {kind:?} is what the store has");
            let count = found_within(PATIENCE, &what, async || {
                let api = api(&world.kubeconfig, source, *kind).await.ok_or("no client")?;
                let (there, _) = list(&api).await.ok_or("no list")?;
                if there == *known.lock().unwrap() { Ok(there.len()) } else { Err("something else is known") }
            });
            assert!(count.await > 0 || kind.2 == "Event");
        }
        // people come into the pods while nothing is wrong, and meanwhile
        for (source, way, heard) in &visits {
            let before = heard.load(Ordering::Relaxed);
            found_within(PATIENCE, &format!("{source} {way} is answered in hour {hour}"), async || {
                if heard.load(Ordering::Relaxed) > before { Ok(()) } else { Err("nobody was heard") }
            })
            .await;
        }
        let state = world.state().await;
        measured.push((hour, world.memory(), state["tasks"].as_u64().unwrap()));
    }
    // the first hours fill what is bounded: histories and Events of an hour, logs, the allocator's spare pages
    let (settled, last) = (measured[3].1, measured[hours - 1].1);
    assert!(last <= settled + settled / 16, "memory grows: {measured:?}");
    // nobody is there any more: whatever was begun for a client has to end
    visitors.shutdown().await;
    tasks.shutdown().await;
    let open = async || {
        let state = world.state().await;
        SOURCES.map(|source| state["sources"][source]["sessions"].as_u64().unwrap()).iter().sum::<u64>()
    };
    found_within(PATIENCE, "nothing is left of what was begun", async || {
        let left = (open().await, running().await);
        let why = || format!("{left:?} sessions and tasks, of once {before}: {measured:?}");
        if left.0 == 0 && left.1 <= before { Ok(()) } else { Err(why()) }
    })
    .await;
    println!("hour, MiB, tasks: {measured:?}; {before} tasks before and after");
}
