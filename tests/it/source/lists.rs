//! What is read: lists, changes, and input that is not what it should be.

use pilothouse::domain::{Fullness, Health, Link};
use pilothouse::sim::access::{Access, User};
use pilothouse::sim::fault::{Answer, Cut};

use super::harness::{APPLICATIONS, World, cluster, start};

#[tokio::test]
async fn the_first_list_is_progressive_and_goes_on_as_a_watch() {
    let world = World::with(600);
    let mut source = start(world.spec());
    let told = source.until_live().await;
    assert_eq!(told.rows.len(), 600);
    assert!(told.rows.values().all(|r| r.fullness == Fullness::Full && r.environment.as_deref() == Some("dev")));
    assert_eq!(told.facts.road, "streaming list");
    assert_eq!(&*told.facts.argocd_namespace, "argocd");
    assert_eq!((told.facts.server, told.facts.user), (world.server.url(), "world".to_owned()));
    let progress: Vec<_> = told.log.iter().filter(|l| *l == "connecting").collect();
    assert!(progress.len() >= 3, "{:?}", told.log);
    let steps: Vec<_> = told.log.iter().filter(|l| *l != "connecting").map(String::as_str).collect();
    assert_eq!(steps, ["begin", "settle", "live"]);

    world.put("argocd", "app-0007", "Degraded");
    world.server.store().delete("Application", "argocd", "app-0008");
    world.put("elsewhere", "new", "Healthy");
    let told = source.until(|t| t.row("new").is_some()).await;
    assert_eq!(told.row("app-0007").unwrap().health, Health::Degraded);
    assert!(told.row("app-0008").is_none());
}

#[tokio::test]
async fn sketches_stand_in_while_details_are_slow() {
    let world = World::with(3);
    world.server.faults().answer(&format!("{APPLICATIONS}?watch"), Answer::Silence, Some(1));
    let mut source = start(world.spec());
    let told = source.until(|t| t.sketches == 3).await;
    let row = told.row("app-0001").unwrap();
    assert_eq!((row.fullness, row.health, &*row.project), (Fullness::Sketch, Health::Healthy, "default"));
    assert_eq!(row.environment, None);
    assert!(matches!(told.link, Link::Connecting { loaded: 0 }), "{:?}", told.link);
}

#[tokio::test]
async fn a_server_without_streaming_lists_is_read_in_pages() {
    let mut cluster = cluster(450);
    cluster.streaming_lists = false;
    let world = World::of(cluster);
    let mut source = start(world.spec());
    let told = source.until_live().await;
    assert_eq!((told.rows.len(), &*told.facts.road), (450, "paged list"));
    assert!(!told.log.contains(&"down".to_owned()), "{:?}", told.log);
    world.put("argocd", "app-0001", "Missing");
    source.until(|t| t.row("app-0001").is_some_and(|r| r.health == Health::Missing)).await;
}

#[tokio::test]
async fn a_page_token_that_expired_starts_the_list_again() {
    let mut cluster = cluster(450);
    cluster.streaming_lists = false;
    let world = World::of(cluster);
    let gone = r#"{"kind":"Status","status":"Failure","reason":"Expired","message":"The provided continue parameter is too old","code":410}"#;
    world.server.faults().answer(
        &format!("{APPLICATIONS}?limit=200&continue"),
        Answer::Status(410, gone.into()),
        Some(1),
    );
    let told = start(world.spec()).until_live().await;
    assert_eq!(told.rows.len(), 450);
    assert_eq!(told.log.iter().filter(|l| *l == "begin").count(), 2, "{:?}", told.log);
}

#[tokio::test]
async fn an_expired_version_is_listed_anew_and_swapped_in_as_one() {
    for streaming in [true, false] {
        let mut cluster = cluster(250);
        cluster.streaming_lists = streaming;
        let world = World::of(cluster);
        let mut source = start(world.spec());
        source.until_live().await;
        world.server.stop().await;
        world.server.store().delete("Application", "argocd", "app-0000");
        world.put("argocd", "brand-new", "Healthy");
        world.server.store().compact();
        world.server.start_again().unwrap();
        let before = source.now().upserts;
        let told = source.until(|t| t.row("brand-new").is_some() && t.is_live()).await;
        assert_eq!(told.rows.len(), 250);
        assert!(told.row("app-0000").is_none());
        assert_eq!(told.log.iter().filter(|l| *l == "replace").count(), 1, "{:?}", told.log);
        assert_eq!(told.log.iter().filter(|l| *l == "begin").count(), 1, "{:?}", told.log);
        assert_eq!(told.upserts, before, "rows of a relist do not trickle in");
    }
}

#[tokio::test]
async fn without_cluster_wide_rights_the_argocd_namespace_is_read() {
    let mut cluster = cluster(3);
    cluster.users.push(User::new("dev", "dev", Access::read_only_within(&["argocd"])));
    cluster.users.push(User::new("team", "team", Access::read_only_within(&["argocd", "team-argo"])));
    let world = World::of(cluster);
    world.put("team-argo", "theirs", "Healthy");
    let told = start(world.spec_as("dev")).until_live().await;
    assert_eq!((told.rows.len(), &*told.facts.road), (3, "streaming list, namespace argocd only"));

    let mut spec = world.spec_as("team");
    spec.argocd_namespace = Some("team-argo".into());
    let told = start(spec).until_live().await;
    assert_eq!(told.names(), ["theirs"]);
    assert_eq!(&*told.facts.argocd_namespace, "team-argo");
}

#[tokio::test]
async fn the_contexts_own_namespace_is_read_when_it_holds_the_applications() {
    let mut cluster = cluster(0);
    cluster.users.push(User::new("team", "team", Access::read_only_within(&["argocd", "gitops"])));
    let world = World::of(cluster);
    world.put("gitops", "theirs", "Healthy");
    let spec = world.home.spec_with(&world.ca, &world.server.url(), "team", |config| {
        config["contexts"][0]["context"]["namespace"] = "gitops".into();
    });
    let told = start(spec).until_live().await;
    assert_eq!((told.names(), &*told.facts.road), (vec!["theirs".to_owned()], "streaming list, namespace gitops only"));
}

#[tokio::test]
async fn a_line_cut_in_half_loses_nothing() {
    let world = World::with(3);
    let mut source = start(world.spec());
    source.until_live().await;
    world.server.faults().cut(APPLICATIONS, Cut::HalfLine, Some(1));
    world.put("argocd", "after", "Healthy");
    let told = source.until(|t| t.row("after").is_some()).await;
    assert!(!told.log.contains(&"down".to_owned()), "{:?}", told.log);
    assert_eq!(told.log.iter().filter(|l| *l == "begin").count(), 1);
}

#[tokio::test]
async fn odd_objects_are_counted_and_the_stream_goes_on() {
    let world = World::with(3);
    let mut source = start(world.spec());
    source.until_live().await;
    let raw = |bytes: &[u8]| world.server.faults().cut(APPLICATIONS, Cut::Raw(bytes.to_vec().into()), Some(1));

    raw(b"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"odd\",\"namespace\":\"argocd\"},\"status\":7}}\n");
    let told = source.until(|t| t.facts.odd == 1).await;
    assert!(told.row("odd").is_some());
    assert_eq!(told.facts.odd_example.as_deref(), Some("argocd/odd: status is a number where an object belongs"));

    raw(b"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"namespace\":\"argocd\"}}}\n");
    source.until(|t| t.facts.odd == 2).await;

    raw(b"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"latin-1\",\"namespace\":\"argocd\"},\"spec\":{\"project\":\"caf\xe9\"}}}\n");
    let told = source.until(|t| t.facts.odd == 3).await;
    assert_eq!(&*told.row("latin-1").unwrap().project, "caf\u{fffd}");
    assert_eq!(told.log.iter().filter(|l| *l == "live").count(), 1, "{:?}", told.log);

    // a garbled line is asked for again on a new connection
    raw(b"{\"type\":\"MODIFIED\",\"object\":{\"met\n");
    source.until(|t| t.facts.odd == 4).await;
    world.put("argocd", "after", "Healthy");
    let told = source.until(|t| t.row("after").is_some()).await;
    assert!(!told.log.contains(&"down".to_owned()), "{:?}", told.log);
}

#[tokio::test]
async fn a_watch_that_ends_is_taken_up_again() {
    let world = World::with(3);
    let mut source = start(world.spec());
    source.until_live().await;
    for n in 0..3 {
        world.server.faults().cut(APPLICATIONS, Cut::Close, Some(1));
        world.put("argocd", &format!("after-{n}"), "Healthy");
        source.until(|t| t.row(&format!("after-{n}")).is_some()).await;
    }
    let log = source.now().log;
    assert!(!log.contains(&"replace".to_owned()), "{log:?}");
}

#[tokio::test]
async fn a_garbled_list_is_asked_for_once_more_and_then_taken_as_it_is() {
    let world = World::with(3);
    let garbage = Cut::Raw("{\"type\":\"ADDED\",\"obj\n".into());
    world.server.faults().cut(APPLICATIONS, garbage, None);
    let told = start(world.spec()).until_live().await;
    assert_eq!((told.rows.len(), told.facts.odd), (3, 2));
    assert!(!told.log.contains(&"down".to_owned()), "{:?}", told.log);
}
