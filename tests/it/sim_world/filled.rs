//! Many Applications, every kind of object, and a long run.

use futures::{StreamExt, TryStreamExt};
use kube::api::{ListParams, WatchEvent, WatchParams};
use pilothouse::sim::kinds::KINDS;
use pilothouse::sim::world::SimOptions;
use pilothouse::sim::write::{Address, Patch, Validation, Writer};
use serde_json::{Value, json};
use std::time::Duration;

use super::client::{applications, client, start, text};
use crate::wait::{DEADLINE, found_within, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generated_applications_fill_the_first_source_and_change() {
    let options = SimOptions { apps: Some(300), changes_per_second: 200.0, ..SimOptions::default() };
    let world = start(options);
    let apps = applications(client(&world, "minikube").await);
    let listed = apps.list(&ListParams::default()).await.unwrap();
    assert_eq!(listed.items.len(), 300, "the scenario's own apps are left out");
    assert_eq!(world.store("predator-cloud").unwrap().len("Application"), 0);
    let from = listed.metadata.resource_version.unwrap();
    let changes = apps.watch(&WatchParams::default(), &from).await.unwrap();
    let changes = changes.try_filter(|event| std::future::ready(matches!(event, WatchEvent::Modified(_))));
    let changes = tokio::time::timeout(DEADLINE, changes.take(20).try_collect::<Vec<_>>()).await;
    assert_eq!(changes.expect("twenty changes").unwrap().len(), 20);

    let named = SimOptions { apps: Some(5), scenario: Some("predator12".to_owned()), ..SimOptions::default() };
    assert_eq!(start(named).store("minikube").unwrap().len("Application"), 7 + 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_object_is_one_its_own_type_allows() {
    let options = SimOptions { apps: Some(20), scenario: Some("predator12".to_owned()), ..SimOptions::default() };
    let world = start(options);
    let mut wrong = Vec::new();
    for source in world.contexts() {
        let store = world.store(&source).unwrap();
        let writer = Writer::new(store, "client").validating(Validation::Strict).dry_run(true);
        for kind in KINDS.iter().filter(|kind| kind.is_stored() && !kind.is_alias()) {
            for mut object in store.list(kind.kind, None) {
                let place =
                    (text(&object, "/metadata/namespace").to_owned(), text(&object, "/metadata/name").to_owned());
                let address = Address::new(kind.kind, &place.0, &place.1).unwrap();
                let patch = Patch::Merge(json!({"metadata": {"labels": {"tried": "yes"}}}));
                let patched = writer.patch(&address, &patch).err();
                // sent as new it has to be refused, but only for its name
                object["metadata"]["resourceVersion"].take();
                let created = writer.create(object).err().filter(|failure| failure.reason != "AlreadyExists");
                // the world goes on meanwhile: what is gone was no worse for it
                if store.get(kind.kind, &place.0, &place.1).is_some() {
                    let failures = patched.into_iter().chain(created);
                    wrong.extend(failures.map(|failure| format!("{source} {} {place:?}: {failure:?}", kind.kind)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_run_does_not_pile_up() {
    let world = start(SimOptions::default());
    let store = world.store("minikube").unwrap();
    let rows = || {
        let app = store.get("Application", "argocd", "frontend-dev").unwrap();
        app["status"]["history"].as_array().unwrap().last().unwrap()["id"].as_i64().unwrap()
    };
    // a deployment every six minutes
    world.clock().advance(Duration::from_mins(75));
    // an hour and more of everything that happens in two clusters
    let rows = async || if rows() < 14 { Err(rows()) } else { Ok(()) };
    found_within(5 * DEADLINE, "a dozen more deployments", rows).await;
    world.clock().advance(Duration::from_mins(5));
    let limit = world.clock().now() - Duration::from_mins(70);
    until("old events are forgotten", || {
        let events = store.list("Event", None);
        let last = |event: &Value| {
            let last = text(event, "/lastTimestamp").to_owned();
            if last.is_empty() { text(event, "/eventTime").to_owned() } else { last }
        };
        events.iter().all(|event| last(event) > limit.to_string())
    })
    .await;
    until("few old ReplicaSets stay", || {
        let sets = store.list("ReplicaSet", Some("predator12-dev"));
        sets.iter().filter(|set| text(set, "/metadata/name").starts_with("frontend-")).count() <= 4
    })
    .await;
    let app = store.get("Application", "argocd", "frontend-dev").unwrap();
    assert_eq!(app["status"]["history"].as_array().unwrap().len(), 10);
    assert_eq!(text(&store.get("Application", "argocd", "backend-dev").unwrap(), "/status/health/status"), "Healthy");
}
