//! Watches and their bookmarks.

use pilothouse::sim::store::Store;
use serde_json::{Value, json};

use crate::sim_kubernetes::client::Ask;
use crate::sim_kubernetes::world::{VERSION, World};

use super::recording::{facts, list, same};

#[tokio::test]
async fn conformance_kubernetes_watch_expired() {
    // the recorded server remembered 5539 and newer
    let store = Store::new();
    store.advance(5539);
    store.compact();
    same(&World::with(|cluster| cluster.store = store), "watch-expired").await;
}

/// The recorded events, written as core events, come back under their new names.
#[tokio::test]
async fn conformance_kubernetes_events_v1() {
    let facts = facts("events-v1");
    let world = World::new();
    let old = [
        ("regarding", "involvedObject"),
        ("note", "message"),
        ("reportingController", "reportingComponent"),
        ("deprecatedSource", "source"),
        ("deprecatedFirstTimestamp", "firstTimestamp"),
        ("deprecatedLastTimestamp", "lastTimestamp"),
        ("deprecatedCount", "count"),
    ];
    let recorded = facts["items"].as_array().unwrap();
    for (i, event) in recorded.iter().chain(recorded).enumerate() {
        let mut core = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"name": format!("event-{i}"), "namespace": "predator12-dev"},
        });
        for (key, value) in event.as_object().unwrap() {
            let name = old.iter().find(|(new, _)| new == key).map_or(key.as_str(), |(_, old)| old);
            core[name] = value.clone();
        }
        world.store.put(core);
    }
    let mut shape = facts.clone();
    // how many more there were is not the point
    shape["remaining"] = 2.into();
    let body = list(&world, &shape).await;
    for (item, recorded) in body["items"].as_array().unwrap().iter().zip(recorded) {
        let mut item = item.clone();
        item.as_object_mut().unwrap().remove("metadata");
        assert_eq!(item, *recorded);
    }
}

/// The recorded changes and bookmarks, in the recorded order; a shorter watch has only the last bookmark.
#[tokio::test]
async fn conformance_kubernetes_watch_bookmarks() {
    let facts = facts("watch-bookmarks");
    let world = World::new();
    let path = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications";
    let mut watch = world
        .client()
        .get(&format!("{path}?watch=1&allowWatchBookmarks=true&timeoutSeconds=4&resourceVersion={VERSION}"))
        .await;
    assert_eq!(watch.content_type(), facts["type"]);
    let refresh = "argocd.argoproj.io/refresh";
    let lines = facts["lines"].as_array().unwrap();
    let (changes, bookmarks): (Vec<&Value>, Vec<&Value>) = lines.iter().partition(|line| line["type"] == "MODIFIED");
    let patches = [
        json!({"metadata": {"annotations": {refresh: "normal"}}}),
        json!({"status": {"reconciledAt": "2026-11-23T06:43:32Z"}}),
        json!({"metadata": {"annotations": {refresh: null}}}),
    ];
    let before = world.store.get("Application", "argocd", "frontend-prod").unwrap()["metadata"]["generation"].clone();
    let counted = before.as_u64().unwrap();
    let recorded_before = changes[0]["object"]["generation"].as_u64().unwrap();
    for (change, patch) in changes.into_iter().zip(patches) {
        let ask = Ask {
            method: Some("PATCH".to_owned()),
            path: format!("{path}/frontend-prod"),
            token: Some("admin".to_owned()),
            content: Some("application/merge-patch+json".to_owned()),
            body: Some(patch),
            ..Ask::default()
        };
        assert_eq!(world.client().send(&ask).await.unwrap().status, 200);
        let told = watch.event().await.unwrap();
        let (metadata, recorded) = (&told["object"]["metadata"], &change["object"]);
        assert_eq!(told["type"], change["type"]);
        assert_eq!(metadata["name"], recorded["name"]);
        assert_eq!(metadata["annotations"], recorded["annotations"]);
        let moved = metadata["generation"].as_u64().unwrap() - counted;
        assert_eq!(moved, recorded["generation"].as_u64().unwrap() - recorded_before);
    }
    for bookmark in bookmarks.iter().take(2) {
        let mut told = watch.event().await.unwrap();
        let version = told["object"]["metadata"]["resourceVersion"].take();
        assert_eq!(version, world.store.resource_version().to_string());
        told["object"]["metadata"]["resourceVersion"] = "<version>".into();
        assert_eq!(told, **bookmark);
    }
    assert_eq!(watch.event().await, None, "the watch ends when its time is up");
}

#[tokio::test]
async fn conformance_kubernetes_watch_list_refused() {
    let facts = facts("watch-list-refused");
    let world = World::with(|cluster| cluster.streaming_lists = false);
    let path = "/apis/argoproj.io/v1alpha1/applications\
                ?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut watch = world.client().get(path).await;
    assert_eq!(watch.status, facts["status"]);
    assert_eq!(watch.event().await, Some(facts["line"].clone()));
    assert_eq!(watch.event().await, None);
}
