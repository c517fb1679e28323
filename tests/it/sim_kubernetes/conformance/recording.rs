//! A recording, held against what the world answers.

use serde_json::{Value, json};

use crate::sim_kubernetes::client::{Ask, Reply};
use crate::sim_kubernetes::world::{World, recorded};

pub fn facts(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/kubernetes/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))).unwrap()
}

/// Asks what was asked in the recording, and holds status and content type against it.
pub async fn ask(world: &World, facts: &Value) -> Reply {
    let text = |field: &str| facts["ask"][field].as_str().map(str::to_owned);
    let ask = Ask {
        method: text("method"),
        path: text("path").unwrap(),
        token: text("user"),
        accept: text("accept"),
        content: text("content"),
        agent: Some("python-requests/2.32.5".to_owned()),
        body: facts["ask"].get("body").cloned(),
    };
    let reply = world.client().send(&ask).await.unwrap();
    assert_eq!(reply.status, facts["status"], "status");
    assert_eq!(reply.content_type(), facts["type"], "content type");
    reply
}

pub fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The answer is the recorded one, word for word.
pub async fn same(world: &World, name: &str) {
    let facts = facts(name);
    assert_eq!(ask(world, &facts).await.json().await, facts["body"], "{name}");
}

/// An object without its version, which is the answering cluster's own; that it has one is checked.
pub(super) fn versionless(object: &Value) -> Value {
    let mut object = object.clone();
    let version = object["metadata"].as_object_mut().unwrap().remove("resourceVersion").expect("a version");
    assert!(version.as_str().unwrap().parse::<u64>().is_ok(), "{version}");
    object
}

/// The recorded object of this name, as the form has it.
pub(super) fn expected(name: &Value, kind: &Value) -> Value {
    let all = recorded("applications");
    let one = all.iter().find(|one| one["metadata"]["name"] == *name).unwrap_or_else(|| panic!("{name}"));
    if *kind == "ApplicationList" {
        return one.clone();
    }
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": one["metadata"]})
}

/// The answer is a list of the recorded shape, with the recorded objects, whole.
pub(super) async fn list(world: &World, facts: &Value) -> Value {
    let body = ask(world, facts).await.json().await;
    assert_eq!(json!(keys(&body)), facts["keys"]);
    assert_eq!(json!(keys(&body["metadata"])), facts["metadata_keys"]);
    assert_eq!(body["kind"], facts["kind"]);
    assert_eq!(body["apiVersion"], facts["apiVersion"]);
    let items = body["items"].as_array().unwrap();
    if let Some(names) = facts.get("names") {
        let found: Vec<Value> = items.iter().map(versionless).collect();
        let names = names.as_array().unwrap();
        let recorded: Vec<Value> = names.iter().map(|name| expected(name, &facts["kind"])).collect();
        assert_eq!(found, recorded);
    }
    if let Some(expected) = facts.get("item_keys") {
        assert_eq!(json!(keys(&items[0])), *expected);
    }
    assert_eq!(body["metadata"].get("remainingItemCount"), facts.get("remaining"));
    body
}
