//! Who may do what.

use serde_json::{Value, json};

use crate::sim_kubernetes::world::World;

use super::recording::{ask, facts, keys};

#[tokio::test]
async fn conformance_kubernetes_ssar_admin() {
    access("ssar-admin").await;
}

#[tokio::test]
async fn conformance_kubernetes_ssar_developer() {
    access("ssar-developer").await;
}

/// Word for word, but for the time of the asking.
async fn access(name: &str) {
    let facts = facts(name);
    let mut answer = ask(&World::new(), &facts).await.json().await;
    for entry in answer["metadata"]["managedFields"].as_array_mut().unwrap() {
        assert!(entry.as_object_mut().unwrap().remove("time").is_some());
    }
    assert_eq!(answer, facts["body"]);
}

#[tokio::test]
async fn conformance_kubernetes_ssrr_admin() {
    rules("ssrr-admin").await;
}

#[tokio::test]
async fn conformance_kubernetes_ssrr_developer() {
    rules("ssrr-developer").await;
}

async fn rules(name: &str) {
    let facts = facts(name);
    let answer = ask(&World::new(), &facts).await.json().await;
    assert_eq!(json!(keys(&answer)), json!(keys(&facts["body"])));
    // their order follows from a map and means nothing
    for rules in ["resourceRules", "nonResourceRules"] {
        let sorted = |value: &Value| {
            let mut rules: Vec<String> =
                value["status"][rules].as_array().unwrap().iter().map(Value::to_string).collect();
            rules.sort();
            rules
        };
        assert_eq!(sorted(&answer), sorted(&facts["body"]));
    }
}
