//! Lists, whole and in part.

use crate::sim_kubernetes::world::{VERSION, World};

use super::recording::{ask, facts, list, versionless};

#[tokio::test]
async fn conformance_kubernetes_watch_future_list() {
    let world = World::new();
    world.store.advance(VERSION + 1);
    let facts = facts("watch-future-list");
    let reply = ask(&world, &facts).await;
    assert_eq!(reply.headers["retry-after"], "1");
    assert_eq!(reply.json().await, facts["body"]);
}

#[tokio::test]
async fn conformance_kubernetes_pod_protobuf_refused() {
    let facts = facts("pod-protobuf-refused");
    let body = ask(&World::new(), &facts).await.bytes().await;
    let text = String::from_utf8_lossy(&body);
    assert!(text.starts_with(facts["magic"].as_str().unwrap()));
    for words in facts["words"].as_array().unwrap() {
        assert!(text.contains(words.as_str().unwrap()), "{words} in {text}");
    }
}

#[tokio::test]
async fn conformance_kubernetes_applications_pages() {
    let world = World::new();
    let first = list(&world, &facts("applications-page-1")).await;
    world.store.advance(VERSION + 1);
    let mut second = facts("applications-page-2");
    let token = first["metadata"]["continue"].as_str().unwrap();
    let path = format!("{}&continue={token}", second["ask"]["path"].as_str().unwrap());
    second["ask"]["path"] = path.into();
    let second = list(&world, &second).await;
    // the version is that of the first page
    assert_eq!(second["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
}

#[tokio::test]
async fn conformance_kubernetes_applications_rv0() {
    list(&World::new(), &facts("applications-rv0")).await;
}

#[tokio::test]
async fn conformance_kubernetes_applications_metadata() {
    list(&World::new(), &facts("applications-metadata")).await;
}

#[tokio::test]
async fn conformance_kubernetes_label_selector() {
    list(&World::new(), &facts("label-selector")).await;
}

#[tokio::test]
async fn conformance_kubernetes_field_selector() {
    list(&World::new(), &facts("field-selector")).await;
}

#[tokio::test]
async fn conformance_kubernetes_crd() {
    let facts = facts("crd");
    let mut body = versionless(&ask(&World::new(), &facts).await.json().await);
    let metadata = body["metadata"].as_object_mut().unwrap();
    for own in ["uid", "creationTimestamp"] {
        assert!(metadata.remove(own).is_some_and(|value| value.is_string()), "{own}");
    }
    for entry in body["metadata"]["managedFields"].as_array_mut().unwrap() {
        assert!(entry.as_object_mut().unwrap().remove("time").is_some());
    }
    assert_eq!(body, facts["body"]);
}
