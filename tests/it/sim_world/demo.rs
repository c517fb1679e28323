//! What a newcomer sees without touching anything.

use pilothouse::sim::control;
use pilothouse::sim::world::SimOptions;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

use super::client::{start, text};
use crate::wait::until;

/// What a newcomer is to see within two minutes without touching anything, on the world's clock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_minutes_of_the_demo_show_what_it_is_about() {
    let world = start(SimOptions::default());
    let store = world.store("minikube").unwrap();
    let end = world.clock().now() + Duration::from_secs(120);
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let wanted = [
        "a sync waits for a wave",
        "a sync waits for a hook",
        "a commit is rolled out",
        "a deployment ends well",
        "an edit by hand differs",
        "it is undone",
        "a hook fails",
        "a container crash-loops",
    ];
    loop {
        control::send(world.control(), &["clock", "advance", "1s"].map(str::to_owned)).await.unwrap();
        let now = world.clock().now();
        if now > end || seen.len() == wanted.len() {
            break;
        }
        for app in store.list("Application", None) {
            let (name, message) = (text(&app, "/metadata/name"), text(&app, "/status/operationState/message"));
            let phase = text(&app, "/status/operationState/phase");
            if phase == "Running" && message.starts_with("waiting for healthy state of") {
                seen.insert(wanted[0]);
            }
            if phase == "Running" && message.starts_with("waiting for completion of hook") {
                seen.insert(wanted[1]);
            }
            if name == "frontend-dev" && text(&app, "/status/health/status") == "Progressing" {
                seen.insert(wanted[2]);
            }
            let rows = app["status"]["history"].as_array().map_or(0, Vec::len);
            if name == "qdrant-dev" && phase == "Succeeded" && rows == 3 {
                seen.insert(wanted[3]);
            }
            let results = app["status"]["operationState"]["syncResult"]["resources"].as_array();
            if results.into_iter().flatten().any(|row| row["hookPhase"] == "Failed") {
                seen.insert(wanted[6]);
            }
        }
        let replicas = store.get("StatefulSet", "predator12-dev", "postgres").unwrap()["spec"]["replicas"].clone();
        if replicas == 2 {
            seen.insert(wanted[4]);
        }
        let events = store.list("Event", Some("argocd"));
        let healed = |one: &Value| {
            text(one, "/involvedObject/name") == "postgres-dev"
                && text(one, "/message").starts_with("Partial sync operation to ")
        };
        if replicas == 1 && events.iter().any(healed) {
            // it may be edited and undone within one second
            seen.extend([wanted[4], wanted[5]]);
        }
        for pod in store.list("Pod", Some("predator12-dev")) {
            if pod["status"]["containerStatuses"][0]["restartCount"].as_i64().unwrap_or_default() > 6 {
                seen.insert(wanted[7]);
            }
        }
    }
    let missed: Vec<&str> = wanted.into_iter().filter(|one| !seen.contains(one)).collect();
    assert!(missed.is_empty(), "not seen in two minutes: {missed:?}");
}

/// What a newcomer is to see in the first minutes without touching anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn syncs_finish_hooks_fail_and_drift_is_healed() {
    let world = start(SimOptions::default());
    let store = world.store("minikube").unwrap();
    let app = |name: &str| store.get("Application", "argocd", name).unwrap();
    let said = |app: &str, words: &str| {
        let events = store.list("Event", Some("argocd"));
        events.iter().any(|one| text(one, "/involvedObject/name") == app && text(one, "/message").contains(words))
    };
    world.clock().advance(Duration::from_secs(80));
    until("the sync that ran goes through its waves", || {
        let app = app("qdrant-dev");
        text(&app, "/status/operationState/phase") == "Succeeded"
            && app["status"]["history"].as_array().unwrap().len() == 3
    })
    .await;
    until("a scaled workload is scaled back", || said("postgres-dev", "Partial sync operation to ")).await;
    assert_eq!(store.get("StatefulSet", "predator12-dev", "postgres").unwrap()["spec"]["replicas"], 1);
    until("a commit is rolled out", || said("frontend-dev", "Updated health status: Healthy -> Progressing")).await;
    world.clock().advance(Duration::from_secs(30));
    until("a hook fails, and the sync with it", || {
        let app = app("opensearch-dev");
        let rows = app["status"]["operationState"]["syncResult"]["resources"].as_array().cloned().unwrap_or_default();
        rows.iter().any(|row| row["hookType"] == "PreSync" && row["hookPhase"] == "Failed")
    })
    .await;
    world.clock().advance(Duration::from_mins(4));
    until("another commit puts it right", || {
        said("opensearch-dev", "(retried 2 times)") && text(&app("opensearch-dev"), "/status/sync/status") == "Synced"
    })
    .await;
    // nobody undoes what was done by hand where self-heal is off
    let staging = world.store("predator-cloud").unwrap().get("Application", "argocd", "frontend-staging").unwrap();
    assert_eq!(text(&staging, "/status/sync/status"), "OutOfSync");
}
