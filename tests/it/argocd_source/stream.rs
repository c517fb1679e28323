//! Applications through argocd-server: the list, changes, and what comes of it when something breaks.

use std::sync::Arc;
use std::time::Duration;

use pilothouse::domain::{Health, Link, Sync};
use pilothouse::sim::store::Store;
use pilothouse::source::argocd::{ServerSpec, TokenRoad, keep, log_in};
use serde_json::json;

use super::running::{start, start_at};
use super::scene::{SOURCE, Scene};
use crate::clock::ManualClock;
use crate::told::Told;
use crate::wait::found;

const STREAM: &str = "/api/v1/stream/applications";

fn store(scene: &Scene) -> &Store {
    scene.world.store(SOURCE).unwrap()
}

/// Changes an Application in the cluster.
fn change(scene: &Scene, name: &str, change: impl FnOnce(&mut serde_json::Value)) {
    let mut app = store(scene).get("Application", "argocd", name).unwrap();
    change(&mut app);
    store(scene).put(app);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_as_the_cluster_has_them_and_follow_changes() {
    let scene = Scene::new();
    let mut running = start(scene.spec("admin"));
    let told = running.until_live().await;
    assert_eq!(told.rows.len(), 9);
    assert_eq!(told.log.iter().filter(|word| *word == "settle").count(), 1);
    let row = told.row("backend-dev").unwrap();
    assert_eq!((row.sync, row.health), (Sync::Synced, Health::Healthy));
    assert_eq!((&*row.service, row.environment.as_deref()), ("backend", Some("dev")));
    assert!(row.auto_sync.enabled && row.auto_sync.self_heal && row.deployed.is_some() && row.resources > 0);
    assert!(row.workloads.iter().any(|workload| &*workload.kind == "Deployment"));
    assert_eq!((&*told.facts.user, &*told.facts.argocd_namespace), ("admin", "argocd"));
    assert!(told.facts.road.starts_with("argocd-server stream, token from "), "{}", told.facts.road);

    change(&scene, "frontend-prod", |app| app["status"]["health"] = json!({"status": "Degraded", "message": "x"}));
    let worse = |told: &Told| told.row("frontend-prod").unwrap().health == Health::Degraded;
    running.until_so("degraded", worse).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_through_argocd_server_is_the_row_of_the_kubernetes_api() {
    use pilothouse::source::kube::Decoder;
    let scene = Scene::new();
    let told = start(scene.spec("admin")).until_live().await;
    let mut decoder = Decoder::new("web".into(), std::sync::Arc::default());
    for (key, row) in &told.rows {
        let object = store(&scene).get("Application", "argocd", &key.name).unwrap();
        let page = json!({"metadata": {}, "items": [object]}).to_string();
        let mut whole = decoder.page(page.as_bytes()).unwrap().rows.remove(0);
        // the world goes on between the two looks
        whole.reconciled = row.reconciled;
        assert_eq!(*row, whole);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_cut_is_taken_up_and_what_went_meanwhile_is_gone() {
    let scene = Scene::new();
    // one that no ApplicationSet makes anew
    let mut extra = store(&scene).get("Application", "argocd", "frontend-prod").unwrap();
    extra["metadata"] = json!({"name": "extra", "namespace": "argocd"});
    store(&scene).put(extra);
    let mut running = start(scene.spec("admin"));
    running.until_live().await;
    scene.order(&format!("fault 503 path {STREAM} times 1")).await;
    scene.order(&format!("fault watch-half-line path {STREAM} times 1")).await;
    let down = running.until_so("down", |told| matches!(told.link, Link::Down { .. })).await;
    assert_eq!(down.rows.len(), 10, "what is known stays");
    store(&scene).delete("Application", "argocd", "extra");
    let told = running.until_so("live without it", |told| told.is_live() && told.rows.len() == 9).await;
    assert!(told.row("extra").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_leaves_what_is_known_and_a_login_brings_it_back() {
    let scene = Scene::new();
    let spec = scene.spec("admin");
    let TokenRoad::File(file) = &spec.tokens[0] else { panic!("a file") };
    let file = file.clone();
    let mut running = start(spec);
    running.until_live().await;
    scene.order("revoke all").await;
    scene.order(&format!("fault watch-close path {STREAM} times 1")).await;
    let told = running.until_so("auth", |told| matches!(told.link, Link::Auth { .. })).await;
    assert!(told.why().contains("token is revoked, please re-login"), "{}", told.why());
    assert_eq!(told.rows.len(), 9);
    assert!(told.facts.hint.unwrap().contains("log in again"));
    let new = scene.world.ready_line()["sources"][SOURCE]["argocd"]["tokens"]["admin"].as_str().unwrap().to_owned();
    std::fs::write(&file, new).unwrap();
    running.until_live().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_outlives_its_token_is_no_longer_believed_within_a_minute() {
    let scene = Scene::new();
    let clock = ManualClock::new();
    let mut running = start_at(scene.spec("admin"), Arc::new(clock.clone()));
    running.until_live().await;
    scene.order("revoke all").await;
    for second in [15, 30, 45, 60] {
        // it goes on: every change is told
        let word = format!("after {second} s");
        change(&scene, "frontend-prod", |app| app["status"]["health"]["message"] = json!(word));
        let heard = |told: &Told| told.row("frontend-prod").unwrap().health_message.as_deref() == Some(&*word);
        running.until_so("told", |told| heard(told) || told.link.word() == "auth").await;
        clock.advance(Duration::from_secs(15));
    }
    let told = running.until_so("auth", |told| told.link.word() == "auth").await;
    assert!(told.why().contains("token is revoked"), "{}", told.why());
    assert_eq!((told.rows.len(), told.log.iter().any(|word| word == "stale")), (9, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_said_and_waited_for() {
    let scene = Scene::new();
    let address = "https://127.0.0.1:9".parse().unwrap();
    let told = start(ServerSpec { address, ..scene.spec("admin") })
        .until_so("down", |told| matches!(told.link, Link::Down { .. }))
        .await;
    assert_eq!(told.why(), "connection refused");
    assert!(told.facts.hint.unwrap().contains("URL of argocd-server"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_missed_signs_of_life_are_stale_and_a_new_stream_is_tried() {
    let scene = Scene::new();
    let clock = ManualClock::new();
    let mut running = start_at(scene.spec("admin"), Arc::new(clock.clone()));
    running.until_live().await;
    // a stream that never told anything has no signs of life that could be missed
    change(&scene, "frontend-prod", |app| app["status"]["health"] = json!({"status": "Suspended"}));
    running.until_so("begun", |told| told.row("frontend-prod").unwrap().health == Health::Suspended).await;
    scene.order(&format!("fault watch-silence path {STREAM} times 1")).await;
    clock.advance(Duration::from_secs(34));
    let stale = |told: &Told| told.log.iter().any(|word| word == "stale");
    let told = running.until_so("stale", stale).await;
    assert_eq!(told.rows.len(), 9);
    // the fault is that of the stream which is looked at first: where it is the new one, time has to go on for it, too
    found("live again", async || {
        clock.advance(Duration::from_millis(100));
        let told = running.now();
        if stale(&told) && told.is_live() { Ok(()) } else { Err(format!("{:?}", told.log)) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_stream_is_denied_in_the_servers_words() {
    let scene = Scene::new();
    scene.order(&format!("fault 403 path {STREAM} times 1")).await;
    let told = start(scene.spec("admin")).until_so("denied", |told| told.link.word() == "denied").await;
    assert_eq!(told.why(), "permission denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    let scene = Scene::new();
    scene.order("fault truncate 900 path /api/v1/applications times 1").await;
    let mut running = start(scene.spec("admin"));
    running.until_so("down", |told| matches!(told.link, Link::Down { .. })).await;
    let told = running.until_live().await;
    assert_eq!((told.rows.len(), told.log.iter().filter(|word| *word == "settle").count()), (9, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_token_is_taken_and_kept() {
    let scene = Scene::new();
    let mut settings = store(&scene).get("ConfigMap", "argocd", "argocd-cm").unwrap();
    // sessions are renewed in their last five minutes
    settings["data"]["users.session.duration"] = json!("4m");
    store(&scene).put(settings);
    let token = log_in(&scene.server("admin"), "admin", &scene.argocd("password")).await.unwrap();
    let path = scene.folder.path().join("kept");
    keep(&token, &path).unwrap();
    let before = std::fs::read_to_string(&path).unwrap();
    let mut running = start(ServerSpec { tokens: vec![TokenRoad::Saved(path.clone())], ..scene.spec("admin") });
    running.until_live().await;
    assert_ne!(std::fs::read_to_string(&path).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_see_nothing_sees_an_empty_list_that_is_live() {
    let scene = Scene::new();
    let mut policy = store(&scene).get("ConfigMap", "argocd", "argocd-rbac-cm").unwrap();
    policy["data"] = json!({"policy.default": ""});
    store(&scene).put(policy);
    // the stream sends no head before its first frame: the cheap question tells
    let told = start(scene.spec("developer")).until_live().await;
    assert_eq!(told.rows.len(), 0);
}
