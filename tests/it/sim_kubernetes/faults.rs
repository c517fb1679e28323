//! Trouble to order, and what clients see of it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use pilothouse::sim::fault::{Answer, Cut};
use pilothouse::sim::serve::{Cluster, Server};
use pilothouse::sim::tls::Leaf;

use super::client::Ask;
use super::world::World;

const APPS: &str = "/apis/argoproj.io/v1alpha1/applications";

fn ask(path: &str) -> Ask {
    Ask { path: path.to_owned(), token: Some("admin".to_owned()), ..Ask::default() }
}

#[tokio::test]
async fn answers_are_replaced_as_often_as_ordered() {
    let world = World::new();
    let client = world.client();
    let faults = world.server.faults();
    faults.answer("/version", Answer::Status(429, "{\"slow\":\"down\"}".to_owned()), Some(1));
    faults.answer("/readyz", Answer::Drop, Some(1));
    let reply = client.get("/version").await;
    assert_eq!(reply.headers["retry-after"], "1");
    assert_eq!((reply.status, reply.json().await["slow"].as_str()), (429, Some("down")));
    assert_eq!(client.get("/version").await.status, 200);
    assert!(client.send(&ask("/readyz")).await.is_err());
    assert_eq!(client.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn an_answer_breaks_off_where_it_is_told_to() {
    let world = World::new();
    world.server.faults().answer(APPS, Answer::Truncated(100), Some(1));
    let mut reply = world.client().get(APPS).await;
    assert_eq!(reply.status, 200);
    assert!(reply.raw_line().await.is_err(), "the connection breaks");
    assert_eq!(reply.unfinished().len(), 100);
    assert_eq!(world.client().json(APPS).await["items"].as_array().map(Vec::len), Some(9));
}

#[tokio::test]
async fn a_refusal_reads_like_a_servers() {
    let world = World::new();
    world.server.faults().answer("/", Answer::refusal(401, "Unauthorized", "Unauthorized"), None);
    for _ in 0..2 {
        let reply = world.client().get(APPS).await;
        assert_eq!((reply.status, reply.json().await["reason"].as_str()), (401, Some("Unauthorized")));
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error() {
    let world = World::new();
    let mut cluster = Cluster::new("second", world.store.clone(), Vec::new());
    cluster.port = Some(world.server.port());
    let error = Server::start(&world.ca, cluster).expect_err("one port, one server");
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn latency_holds_every_answer() {
    let world = World::new();
    world.server.faults().latency(Duration::from_millis(30));
    let start = Instant::now();
    assert_eq!(world.client().get("/version").await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(30));
    world.server.faults().clear();
}

#[tokio::test]
async fn an_open_watch_is_cut_in_the_middle_of_a_line() {
    let world = World::new();
    let mut watch = world.client().get(&format!("{APPS}?watch=1&resourceVersion=0")).await;
    for _ in 0..9 {
        assert!(watch.event().await.is_some());
    }
    world.server.faults().cut(APPS, Cut::HalfLine, Some(1));
    assert!(watch.raw_line().await.is_err(), "the connection breaks");
    assert!(watch.unfinished().starts_with(b"{\"type\":"));
    let mut next = world.client().get(&format!("{APPS}?watch=1&resourceVersion=0")).await;
    assert!(next.event().await.is_some(), "the next watch is well");
}

#[tokio::test]
async fn the_next_watch_is_given_odd_bytes() {
    let world = World::new();
    world.server.faults().cut(APPS, Cut::Raw(Bytes::from_static(b"\xff\xfe{\n")), Some(1));
    let mut watch = world.client().get(&format!("{APPS}?watch=1&resourceVersion=0")).await;
    assert_eq!(watch.raw_line().await.unwrap().unwrap(), b"\xff\xfe{");
    assert!(watch.event().await.is_some(), "and goes on");
    world.server.faults().cut(APPS, Cut::Close, Some(1));
    while watch.event().await.is_some() {}
}

#[tokio::test]
async fn a_silent_watch_stays_open_and_says_nothing() {
    let world = World::new();
    let from = world.store.resource_version();
    let path = format!("{APPS}?watch=1&resourceVersion={from}&timeoutSeconds=1");
    let mut silent = world.client().get(&path).await;
    let faults = world.server.faults();
    faults.cut(APPS, Cut::Silence, Some(1));
    world.store.delete("Application", "argocd", "backend-dev");
    // a second watch sees the change, ends, and only then is the first one looked at
    let mut well = world.client().get(&path).await;
    assert!(well.event().await.is_some());
    assert!(well.event().await.is_none());
    let quiet = tokio::time::timeout(Duration::from_millis(20), silent.raw_line()).await;
    assert!(quiet.is_err(), "neither a line nor an end");
}

#[tokio::test]
async fn a_stopped_server_drops_everyone_and_comes_back_on_its_port() {
    let world = World::new();
    let client = world.client();
    let mut watch = client.get(&format!("{APPS}?watch=1&resourceVersion=0")).await;
    assert!(watch.event().await.is_some());
    world.server.stop().await;
    while let Ok(Some(_)) = watch.raw_line().await {}
    assert!(client.send(&ask("/version")).await.is_err());
    world.server.start_again().unwrap();
    assert_eq!(client.get("/version").await.status, 200);
}

#[tokio::test]
async fn certificates_that_must_be_refused_are() {
    for leaf in [Leaf::Expired, Leaf::UnknownCa] {
        let world = World::with(|cluster| cluster.leaf = leaf);
        let error = world.client().send(&ask("/version")).await.err().expect("the handshake fails").to_string();
        let words = if leaf == Leaf::Expired { "Expired" } else { "UnknownIssuer" };
        assert!(error.to_lowercase().contains(&words.to_lowercase()) || error.contains("BadSignature"), "{error}");
    }
}
