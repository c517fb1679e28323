//! The world answers as a recorded API server did: each test holds one recording's facts against it.

use pilothouse::sim::store::Store;
use serde_json::{Value, json};

use super::client::{Ask, Reply};
use super::world::{VERSION, World, recorded};

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
fn versionless(object: &Value) -> Value {
    let mut object = object.clone();
    let version = object["metadata"].as_object_mut().unwrap().remove("resourceVersion").expect("a version");
    assert!(version.as_str().unwrap().parse::<u64>().is_ok(), "{version}");
    object
}

/// The recorded object of this name, as the form has it.
fn expected(name: &Value, kind: &Value) -> Value {
    let all = recorded("applications");
    let one = all.iter().find(|one| one["metadata"]["name"] == *name).unwrap_or_else(|| panic!("{name}"));
    if *kind == "ApplicationList" {
        return one.clone();
    }
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": one["metadata"]})
}

/// The answer is a list of the recorded shape, with the recorded objects, whole.
async fn list(world: &World, facts: &Value) -> Value {
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

macro_rules! same {
    ($($test:ident: $name:literal;)*) => {$(
        #[tokio::test]
        async fn $test() {
            same(&World::new(), $name).await;
        }
    )*};
}

same! {
    conformance_kubernetes_anonymous: "anonymous";
    conformance_kubernetes_bad_token: "bad-token";
    conformance_kubernetes_forbidden: "forbidden";
    conformance_kubernetes_not_found: "not-found";
    conformance_kubernetes_status_subresource: "status-subresource";
    conformance_kubernetes_bad_continue: "bad-continue";
    conformance_kubernetes_field_selector_bad: "field-selector-bad";
    conformance_kubernetes_label_selector_bad: "label-selector-bad";
    conformance_kubernetes_version: "version";
}

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

#[tokio::test]
async fn conformance_kubernetes_readyz() {
    let facts = facts("readyz");
    assert_eq!(ask(&World::new(), &facts).await.bytes().await, facts["body"].as_str().unwrap().as_bytes());
}

#[tokio::test]
async fn conformance_kubernetes_watch_expired() {
    // the recorded server remembered 5539 and newer
    let store = Store::new();
    store.advance(5539);
    store.compact();
    same(&World::with(|cluster| cluster.store = store), "watch-expired").await;
}

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

#[tokio::test]
async fn conformance_kubernetes_applications_table() {
    table("applications-table").await;
}

#[tokio::test]
async fn conformance_kubernetes_applications_table_none() {
    table("applications-table-none").await;
}

#[tokio::test]
async fn conformance_kubernetes_pods_table() {
    table("pods-table").await;
}

async fn table(name: &str) {
    let facts = facts(name);
    let body = ask(&World::new(), &facts).await.json().await;
    assert_eq!(json!(keys(&body)), facts["keys"]);
    let column = |c: &Value| json!([c["name"], c["type"], c["format"], c["priority"]]);
    let columns: Vec<Value> = body["columnDefinitions"].as_array().unwrap().iter().map(column).collect();
    assert_eq!(json!(columns), facts["columns"]);
    let rows = body["rows"].as_array().unwrap();
    let cells: Vec<&Value> = rows.iter().map(|r| &r["cells"]).collect();
    assert_eq!(json!(cells), facts["cells"]);
    assert_eq!(body["metadata"], json!({"resourceVersion": VERSION.to_string()}));
    let beside = if name == "pods-table" { "pods" } else { "applications" };
    for (row, recorded) in rows.iter().zip(recorded(beside)) {
        let object = &row["object"];
        if facts["object"].is_null() {
            assert!(object.is_null());
            continue;
        }
        let metadata = if recorded["metadata"].is_object() { recorded["metadata"].clone() } else { recorded };
        let (kind, version) = (&facts["object"]["kind"], &facts["object"]["apiVersion"]);
        assert_eq!(versionless(object), json!({"kind": kind, "apiVersion": version, "metadata": metadata}));
    }
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
