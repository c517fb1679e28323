//! What is told when a source cannot be read, and how it comes back.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use pilothouse::domain::{Link, time};
use pilothouse::sim::access::{Access, User};
use pilothouse::sim::fault::{Answer, Cut};
use pilothouse::sim::tls::Leaf;

use super::harness::{ADMIN, APPLICATIONS, World, cluster, start, start_at};
use crate::clock::ManualClock;
use crate::told::Told;

fn is_down(told: &Told) -> bool {
    matches!(told.link, Link::Down { .. })
}

#[tokio::test]
async fn a_wrong_token_is_an_auth_matter() {
    let world = World::with(1);
    let told = start(world.spec_as("wrong")).until(|t| t.link.word() == "auth").await;
    assert!(told.why().contains("401"), "{}", told.why());
    assert!(told.facts.hint.is_some());
    assert_eq!(told.facts.server, world.server.url());
}

#[tokio::test]
async fn no_right_anywhere_is_denied_in_the_servers_words() {
    let mut cluster = cluster(1);
    cluster.users.push(User::new("nobody", "nobody", Access::nothing()));
    let world = World::of(cluster);
    let told = start(world.spec_as("nobody")).until(|t| t.link.word() == "denied").await;
    assert!(told.why().contains("applications.argoproj.io is forbidden"), "{}", told.why());
    assert!(told.why().contains("in the namespace \"argocd\""), "{}", told.why());
}

#[tokio::test]
async fn certificates_that_must_be_refused_are_told_apart() {
    for (leaf, words) in [(Leaf::Expired, "has expired"), (Leaf::UnknownCa, "a CA we do not know")] {
        let mut cluster = cluster(1);
        cluster.leaf = leaf;
        let world = World::of(cluster);
        let told = start(world.spec()).until(is_down).await;
        assert!(told.why().contains(words), "{}", told.why());
        assert!(told.facts.hint.is_some());

        let mut insecure = world.spec();
        insecure.insecure = true;
        start(insecure).until_live().await;
    }
}

#[tokio::test]
async fn the_name_in_the_certificate_may_be_given() {
    let world = World::with(1);
    let named =
        |name: &str| world.spec_with(|config| config["clusters"][0]["cluster"]["tls-server-name"] = name.into());
    start(named("localhost")).until_live().await;
    let told = start(named("kubernetes.example")).until(is_down).await;
    assert!(told.why().contains("another name"), "{}", told.why());
}

#[tokio::test]
async fn a_cluster_without_argocd_says_so() {
    let world = World::with(0);
    world.server.faults().answer("/apis/argoproj.io", Answer::Status(404, "404 page not found\n".into()), None);
    let told = start(world.spec()).until(is_down).await;
    assert_eq!(told.why(), "no Argo CD Applications in this cluster");
    assert!(told.facts.hint.unwrap().contains("context"));
}

#[tokio::test]
async fn what_the_kubeconfig_lacks_is_told_with_the_nearest_name() {
    let world = World::with(0);
    let mut spec = world.spec();
    spec.context = Some("wordl".into());
    let told = start(spec).until(is_down).await;
    assert!(told.why().ends_with("did you mean `world`?"), "{}", told.why());
    let told = start(
        world.spec_with(|config| config["clusters"][0]["cluster"]["server"] = "https://no-such-host.invalid".into()),
    )
    .until(is_down)
    .await;
    assert!(told.why().contains("not known to DNS"), "{}", told.why());
}

#[tokio::test]
async fn a_source_that_stops_keeps_its_rows_and_comes_back_by_itself() {
    let world = World::with(5);
    let mut source = start(world.spec());
    source.until_live().await;
    world.server.stop().await;
    let told = source.until(is_down).await;
    assert_eq!((told.why(), told.rows.len()), ("connection refused", 5));
    let Link::Down { retry_at, since, .. } = told.link else { unreachable!() };
    assert!(time::elapsed(since, retry_at) < Duration::from_secs(10), "{since} {retry_at}");
    world.put("argocd", "meanwhile", "Healthy");
    world.server.start_again().unwrap();
    let told = source.until(|t| t.row("meanwhile").is_some() && t.is_live()).await;
    assert!(!told.log.contains(&"replace".to_owned()), "the watch is taken up where it ended: {:?}", told.log);
    assert_eq!(told.facts.hint, None);
}

#[tokio::test]
async fn dead_and_mute_sources_delay_nobody() {
    let world = World::with(50);
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let mute = format!("https://{}", mute.local_addr().unwrap());
    let dead = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("https://{}", listener.local_addr().unwrap())
    };
    let mut mute = start(world.home.spec(&world.ca, &mute, ADMIN));
    let mut dead = start(world.home.spec(&world.ca, &dead, ADMIN));
    let mut live = start(world.spec());
    live.until_live().await;
    dead.until(is_down).await;
    mute.until(|t| matches!(t.link, Link::Connecting { loaded: 0 }) || is_down(t)).await;
}

#[tokio::test]
async fn silence_for_75_seconds_is_stale_and_a_new_connection_is_tried() {
    let world = World::with(3);
    let clock = ManualClock::new();
    let mut source = start_at(world.spec(), Arc::new(clock.clone()));
    source.until_live().await;
    world.server.faults().cut(APPLICATIONS, Cut::Silence, Some(1));
    clock.advance(Duration::from_secs(74));
    world.server.faults().answer(APPLICATIONS, Answer::Silence, Some(1));
    clock.advance(Duration::from_secs(2));
    let told = source.until(|t| t.link.word() == "stale").await;
    assert_eq!(told.rows.len(), 3);
    // nobody answers the new connection either
    let mut waited = told;
    while !is_down(&waited) {
        clock.advance(Duration::from_secs(5));
        tokio::task::yield_now().await;
        waited = source.now();
    }
    assert!(waited.why().contains("not a byte for 30 s"), "{}", waited.why());
    clock.advance(Duration::from_secs(5));
    source.until_live().await;
}

#[tokio::test]
async fn a_source_can_come_late() {
    let world = World::with(2);
    world.server.stop().await;
    let clock = ManualClock::new();
    let mut source = start_at(world.spec(), Arc::new(clock.clone()));
    source.until(is_down).await;
    world.server.start_again().unwrap();
    clock.advance(Duration::from_secs(2));
    let told = source.until_live().await;
    assert_eq!(told.rows.len(), 2);
}
