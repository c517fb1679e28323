//! What kinds there are.

use serde_json::{Value, json};

use crate::sim_kubernetes::world::World;

use super::recording::{ask, facts, keys};

#[tokio::test]
async fn conformance_kubernetes_readyz() {
    let facts = facts("readyz");
    assert_eq!(ask(&World::new(), &facts).await.bytes().await, facts["body"].as_str().unwrap().as_bytes());
}

#[tokio::test]
async fn conformance_kubernetes_api() {
    let facts = facts("api");
    let body = ask(&World::new(), &facts).await.json().await;
    for (key, value) in facts["holds"].as_object().unwrap() {
        assert_eq!(body[key], *value, "{key}");
    }
}

#[tokio::test]
async fn conformance_kubernetes_apis() {
    let facts = facts("apis");
    let body = ask(&World::new(), &facts).await.json().await;
    assert_eq!(json!(keys(&body)), facts["keys"]);
    same_rows(&body["groups"], &facts["groups"], "/name");
}

#[tokio::test]
async fn conformance_kubernetes_api_v1() {
    resources("api-v1").await;
}

#[tokio::test]
async fn conformance_kubernetes_argoproj() {
    resources("argoproj").await;
}

async fn resources(name: &str) {
    let facts = facts(name);
    let body = ask(&World::new(), &facts).await.json().await;
    assert_eq!(json!(keys(&body)), facts["keys"]);
    same_rows(&body["resources"], &facts["resources"], "/name");
}

#[tokio::test]
async fn conformance_kubernetes_apis_aggregated() {
    let facts = facts("apis-aggregated");
    let body = ask(&World::new(), &facts).await.json().await;
    assert_eq!(json!(keys(&body)), facts["keys"]);
    let (found, recorded) = (body["items"].as_array().unwrap(), facts["items"].as_array().unwrap());
    for group in recorded {
        let own = found.iter().find(|f| f["metadata"] == group["metadata"]).expect("the group is served");
        let versions = |of: &Value| of["versions"].as_array().unwrap().clone();
        for (own, recorded) in versions(own).iter().zip(versions(group)) {
            assert_eq!(own["version"], recorded["version"]);
            assert_eq!(own["freshness"], recorded["freshness"]);
            same_rows(&own["resources"], &recorded["resources"], "/resource");
        }
        assert_eq!(versions(own).len(), versions(group).len());
    }
    assert_eq!(found.len(), recorded.len());
}

/// Both hold the same rows, whatever their order.
fn same_rows(found: &Value, recorded: &Value, key: &str) {
    let sorted = |rows: &Value| {
        let mut rows = rows.as_array().unwrap().clone();
        rows.sort_by_key(|r| r.pointer(key).unwrap().to_string());
        rows
    };
    for (found, recorded) in sorted(found).iter().zip(sorted(recorded)) {
        assert_eq!(*found, recorded);
    }
    assert_eq!(found.as_array().unwrap().len(), recorded.as_array().unwrap().len());
}
