//! Nothing is missed and nothing is told twice: streams that break amid changes, and changes a server kept to itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pilothouse::domain::Health;
use pilothouse::source::argocd::ServerSpec;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::running::{start, start_at};
use super::scene::{SOURCE, Scene};
use crate::clock::ManualClock;
use crate::told::Told;
use crate::wait::until;

const STREAM: &str = "/api/v1/stream/applications";
/// Changes, and after how many of them a stream breaks.
const CHANGES: usize = 60;
const BREAKS: [(usize, &str); 3] = [(10, "watch-half-line"), (25, "watch-close"), (40, "watch-half-line")];

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_break_amid_changes_lose_nothing_and_tell_nothing_twice() {
    let scene = Scene::new();
    let store = scene.world.store(SOURCE).unwrap();
    // one that nobody but us changes
    let mut extra = store.get("Application", "argocd", "frontend-prod").unwrap();
    extra["metadata"] = json!({"name": "extra", "namespace": "argocd", "labels": {"n": "0"}});
    store.put(extra);
    let mut running = start(scene.spec("admin"));
    running.until_live().await;
    let label = |told: &Told| told.row("extra").unwrap().labels.first().map(|(_, n)| n.to_string());
    for n in 1..=CHANGES {
        let mut app = store.get("Application", "argocd", "extra").unwrap();
        app["metadata"]["labels"]["n"] = json!(n.to_string());
        store.put(app);
        if let Some((_, how)) = BREAKS.iter().find(|(at, _)| *at == n) {
            let before = running.now().log.len();
            scene.order(&format!("fault {how} path {STREAM} times 1")).await;
            // the rest goes on while there is no stream, or a new one begins
            running.until_so("broken", |told| told.log[before..].iter().any(|word| word == "down")).await;
        }
    }
    let last = CHANGES.to_string();
    let told = running.until_so("as it ended", |told| told.is_live() && label(told).as_ref() == Some(&last)).await;
    assert!(told.log.iter().filter(|word| *word == "down").count() >= BREAKS.len(), "{:?}", told.log);
    let of = |name: &str| told.history.iter().filter(|row| &*row.key.name == name).collect::<Vec<_>>();
    let numbers: Vec<usize> = of("extra").iter().map(|row| row.labels[0].1.parse().unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "told twice, or backwards: {numbers:?}");
    // what did not change is told once, however often a stream began anew
    let mut rows = BTreeMap::new();
    for row in &told.history {
        let before = rows.insert(&row.key, row);
        assert!(before != Some(row), "told twice: {}", row.key.name);
    }
    assert_eq!(rows.len(), 10);
}

/// Answers as argocd-server would that made its list before `a` changed, and whose stream stood only after that.
async fn serve(mut stream: TcpStream, opened: Arc<AtomicUsize>, census: Arc<AtomicUsize>) {
    let mut head = Vec::new();
    loop {
        head.clear();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { return };
            head.push(byte);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let path = head.split(' ').nth(1).unwrap_or_default();
        let app = |version: &str, health: &str| {
            json!({"metadata": {"name": "a", "namespace": "argocd", "resourceVersion": version},
                "status": {"sync": {"status": "Synced"}, "health": {"status": health}}})
        };
        let body: Value = if path.starts_with("/api/v1/session/userinfo") {
            json!({"loggedIn": true, "username": "somebody"})
        } else if path.starts_with("/api/v1/applications/a?") {
            app("2", "Degraded")
        } else if path.starts_with("/api/v1/applications?") {
            census.fetch_add(1, Ordering::SeqCst);
            json!({"items": [app("", "Degraded")]})
        } else if path == "/api/v1/applications" {
            json!({"items": [app("1", "Healthy")]})
        } else {
            opened.fetch_add(1, Ordering::SeqCst);
            // nothing changes any more: not even a head
            return std::future::pending().await;
        };
        let body = body.to_string();
        let text = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_between_a_servers_list_and_its_changes_is_asked_for_by_itself() {
    let scene = Scene::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let (opened, census) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    let (streams, asked) = (Arc::clone(&opened), Arc::clone(&census));
    tasks.spawn(async move {
        let mut serving = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            serving.spawn(serve(stream, Arc::clone(&streams), Arc::clone(&asked)));
        }
    });
    let clock = ManualClock::new();
    let mut running = start_at(ServerSpec { address, ca: None, ..scene.spec("admin") }, Arc::new(clock.clone()));
    let told = running.until_live().await;
    assert_eq!(told.row("a").unwrap().health, Health::Healthy);
    clock.advance(Duration::from_secs(3));
    let told = running.until_so("mended", |told| told.row("a").unwrap().health == Health::Degraded).await;
    // the stream is asked for first, and may be asked for slowly
    until("a stream is asked for", || opened.load(Ordering::SeqCst) > 0).await;
    assert_eq!((told.history.len(), opened.load(Ordering::SeqCst)), (2, 1), "one stream, one change");
    assert!(told.is_live() && !told.log.iter().any(|word| word == "stale"), "{:?}", told.log);
    assert_eq!(census.load(Ordering::SeqCst), 1);
}
