//! What the control endpoint brings about.

use kube::api::ListParams;
use pilothouse::sim::control;
use pilothouse::sim::world::SimOptions;
use serde_json::Value;

use super::client::{applications, client, start, text};
use crate::wait::until;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_stops_and_comes_back_on_its_port() {
    let world = start(SimOptions::default());
    let url = world.url("predator-cloud").unwrap();
    let act = |words: &'static str| {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let control = world.control().to_owned();
        async move { control::send(&control, &words).await }
    };
    let cloud = applications(client(&world, "predator-cloud").await);
    assert_eq!(cloud.list(&ListParams::default()).await.unwrap().items.len(), 14);
    act("source stop predator-cloud").await.unwrap();
    assert!(cloud.list(&ListParams::default()).await.is_err());
    let other = applications(client(&world, "minikube").await);
    assert_eq!(other.list(&ListParams::default()).await.unwrap().items.len(), 7);
    let state: Value = serde_json::from_str(&act("state").await.unwrap()).unwrap();
    assert_eq!(state["sources"]["predator-cloud"]["listening"], false);
    act("source start predator-cloud").await.unwrap();
    assert_eq!(world.url("predator-cloud").unwrap(), url);
    assert_eq!(cloud.list(&ListParams::default()).await.unwrap().items.len(), 14);

    let refused = act("source stop predator-clod").await.unwrap_err().to_string();
    assert_eq!(refused, "there is no source `predator-clod`; there are: minikube, predator-cloud");
    assert!(act("dance").await.unwrap_err().to_string().contains("there are: source stop|start NAME"));
    let stranger = world.control().split("token=").next().unwrap().to_owned() + "token=guessed";
    let stranger = control::send(&stranger, &["state".to_owned()]).await.unwrap_err().to_string();
    assert_eq!(stranger, "the token is not this world's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_pod_is_replaced() {
    let world = start(SimOptions { speed: 10.0, ..SimOptions::default() });
    let store = world.store("minikube").unwrap();
    let backend = || -> Vec<Value> {
        let pods = store.list("Pod", Some("predator12-dev"));
        pods.into_iter().filter(|pod| text(pod, "/metadata/labels/app.kubernetes.io~1name") == "backend").collect()
    };
    let before = text(&backend()[0], "/metadata/name").to_owned();
    control::send(world.control(), &["kill-pod".to_owned(), format!("predator12-dev/{before}")]).await.unwrap();
    until("another pod is ready", || {
        let now = backend();
        now.len() == 1
            && text(&now[0], "/metadata/name") != before
            && now[0]["status"]["containerStatuses"][0]["ready"] == true
    })
    .await;
    let deployment = || store.get("Deployment", "predator12-dev", "backend").unwrap();
    until("the Deployment is whole again", || deployment()["status"]["readyReplicas"] == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_can_be_advanced_and_the_crash_goes_on() {
    let world = start(SimOptions::default());
    let store = world.store("minikube").unwrap();
    let restarts = || {
        let pods = store.list("Pod", Some("predator12-dev"));
        let celery = pods.iter().find(|pod| text(pod, "/metadata/name").starts_with("celery-"));
        celery.and_then(|pod| pod["status"]["containerStatuses"][0]["restartCount"].as_i64()).unwrap_or_default()
    };
    assert_eq!(restarts(), 6);
    control::send(world.control(), &["clock", "advance", "12m"].map(str::to_owned)).await.unwrap();
    until("three more restarts", || restarts() == 9).await;
    let events = store.list("Event", Some("predator12-dev"));
    let back_off: Vec<_> = events.iter().filter(|event| event["reason"] == "BackOff").collect();
    assert_eq!(back_off.len(), 1, "counted into one event");
    assert_eq!(back_off[0]["type"], "Warning");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_successor_of_a_crashing_pod_crashes_too() {
    let world = start(SimOptions { speed: 20.0, ..SimOptions::default() });
    let store = world.store("minikube").unwrap();
    let celery = || {
        let pods = store.list("Pod", Some("predator12-dev"));
        pods.into_iter().find(|pod| text(pod, "/metadata/name").starts_with("celery-"))
    };
    let before = text(&celery().unwrap(), "/metadata/name").to_owned();
    control::send(world.control(), &["kill-pod".to_owned(), format!("predator12-dev/{before}")]).await.unwrap();
    until("another pod that restarts", || {
        celery().is_some_and(|pod| {
            text(&pod, "/metadata/name") != before
                && (1..6).contains(&pod["status"]["containerStatuses"][0]["restartCount"].as_i64().unwrap_or_default())
        })
    })
    .await;
}
