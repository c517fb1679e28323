//! Watches: what they tell, from when on, and in which form.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::client::{Ask, Reply, told};
use super::world::{World, application};

const APPS: &str = "/apis/argoproj.io/v1alpha1/applications";

fn pair(r#type: &str, name: &str) -> (String, String) {
    (r#type.to_owned(), name.to_owned())
}

fn version(event: &Value) -> u64 {
    event["object"]["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

async fn watch(world: &World, query: &str) -> Reply {
    let reply = world.client().get(&format!("{APPS}?watch=1&{query}")).await;
    assert_eq!(reply.status, 200);
    reply
}

/// Asks for a write; the version it brought.
async fn write(world: &World, method: &str, path: &str, body: Option<Value>) -> u64 {
    let content = (method == "PATCH").then(|| "application/merge-patch+json".to_owned());
    let (method, token) = (Some(method.to_owned()), Some("admin".to_owned()));
    let ask = Ask { method, path: path.to_owned(), token, content, body, ..Ask::default() };
    let reply = world.client().send(&ask).await.unwrap();
    assert!(reply.status < 300, "{path}: {}", reply.status);
    reply.bytes().await;
    world.store.resource_version()
}

fn app_path(name: &str) -> String {
    format!("/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/{name}")
}

async fn touch(world: &World, name: &str, label: &str) -> u64 {
    let patch = json!({"metadata": {"labels": {"environment": label}}});
    write(world, "PATCH", &app_path(name), Some(patch)).await
}

#[tokio::test]
async fn a_watch_from_a_version_tells_all_that_came_after() {
    let world = World::new();
    let from = world.store.resource_version();
    let changed = touch(&world, "backend-dev", "x").await;
    let mut new = application("new-dev");
    // one that holds it would have it go in two steps
    new["metadata"].as_object_mut().unwrap().remove("finalizers");
    write(&world, "POST", app_path("").trim_end_matches('/'), Some(new)).await;
    let mut watch = watch(&world, &format!("resourceVersion={from}")).await;
    let first = watch.event().await.unwrap();
    assert_eq!((told(&first), version(&first)), (pair("MODIFIED", "backend-dev"), changed));
    assert_eq!(told(&watch.event().await.unwrap()), pair("ADDED", "new-dev"));
    write(&world, "DELETE", &app_path("new-dev"), None).await;
    let gone = watch.event().await.unwrap();
    assert_eq!((told(&gone), version(&gone)), (pair("DELETED", "new-dev"), world.store.resource_version()));
}

#[tokio::test]
async fn a_watch_without_a_version_begins_with_what_is_there() {
    let world = World::new();
    for query in ["", "resourceVersion=0"] {
        let mut watch = watch(&world, query).await;
        for _ in 0..9 {
            assert_eq!(watch.event().await.unwrap()["type"], "ADDED");
        }
    }
    let mut old =
        world.client().get("/apis/argoproj.io/v1alpha1/watch/namespaces/argocd/applications/backend-dev").await;
    assert_eq!(told(&old.event().await.unwrap()), pair("ADDED", "backend-dev"));
    touch(&world, "backend-prod", "x").await;
    touch(&world, "backend-dev", "x").await;
    assert_eq!(told(&old.event().await.unwrap()), pair("MODIFIED", "backend-dev"));
}

#[tokio::test]
async fn a_streamed_list_ends_with_a_marked_bookmark_and_goes_on() {
    let world = World::new();
    let query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion=";
    let mut watch = watch(&world, query).await;
    for _ in 0..9 {
        assert_eq!(watch.event().await.unwrap()["type"], "ADDED");
    }
    let end = watch.event().await.unwrap();
    assert_eq!(end["type"], "BOOKMARK");
    assert_eq!(end["object"]["metadata"]["annotations"], json!({"k8s.io/initial-events-end": "true"}));
    assert_eq!(version(&end), world.store.resource_version());
    touch(&world, "backend-dev", "x").await;
    assert_eq!(told(&watch.event().await.unwrap()), pair("MODIFIED", "backend-dev"));
}

#[tokio::test]
async fn an_object_that_leaves_the_selector_is_gone_for_the_watch() {
    let world = World::new();
    let from = world.store.resource_version();
    let mut watch = watch(&world, &format!("resourceVersion={from}&labelSelector=environment%3Ddev")).await;
    touch(&world, "backend-prod", "dev").await;
    assert_eq!(told(&watch.event().await.unwrap()), pair("ADDED", "backend-prod"));
    let left = touch(&world, "backend-prod", "prod").await;
    let gone = watch.event().await.unwrap();
    assert_eq!((told(&gone), version(&gone)), (pair("DELETED", "backend-prod"), left));
    // it is told as it was when it still belonged
    assert_eq!(gone["object"]["metadata"]["labels"]["environment"], "dev");
    touch(&world, "frontend-prod", "test").await;
    touch(&world, "frontend-dev", "dev2").await;
    assert_eq!(told(&watch.event().await.unwrap()), pair("DELETED", "frontend-dev"));
}

#[tokio::test]
async fn a_watch_that_falls_behind_the_history_expires_within_the_stream() {
    let world = World::new();
    let from = world.store.resource_version();
    touch(&world, "backend-dev", "x").await;
    world.store.compact();
    let mut watch = watch(&world, &format!("resourceVersion={from}")).await;
    let error = watch.event().await.unwrap();
    assert_eq!((&error["type"], &error["object"]["code"]), (&json!("ERROR"), &json!(410)));
    assert_eq!(watch.event().await, None);
}

#[tokio::test]
async fn table_and_metadata_watches_tell_rows_and_metadata() {
    let world = World::new();
    let from = world.store.resource_version();
    let open = async |form: &str| {
        let ask = Ask {
            path: format!("{APPS}?watch=1&resourceVersion={from}"),
            token: Some("admin".to_owned()),
            accept: Some(format!("application/json;as={form};g=meta.k8s.io;v=v1")),
            ..Ask::default()
        };
        world.client().send(&ask).await.unwrap()
    };
    let (mut table, mut metadata) = (open("Table").await, open("PartialObjectMetadata").await);
    touch(&world, "backend-dev", "x").await;
    touch(&world, "backend-dev", "y").await;
    let first = table.event().await.unwrap()["object"].take();
    assert_eq!(first["rows"][0]["cells"].as_array().unwrap()[..3], ["backend-dev", "Synced", "Healthy"]);
    assert!(first["columnDefinitions"].is_array());
    let second = table.event().await.unwrap()["object"].take();
    assert!(second["columnDefinitions"].is_null(), "only the first event names the columns");
    let object = metadata.event().await.unwrap()["object"].take();
    assert_eq!((&object["kind"], object.get("spec")), (&json!("PartialObjectMetadata"), None));
}

#[tokio::test]
async fn events_are_watched_in_both_spellings() {
    let world = World::new();
    let from = world.store.resource_version();
    let mut new = world.client().get(&format!("/apis/events.k8s.io/v1/events?watch=1&resourceVersion={from}")).await;
    let mut old = world
        .client()
        .get(&format!("/api/v1/events?watch=1&resourceVersion={from}&fieldSelector=involvedObject.name%3Dweb"))
        .await;
    for name in ["other", "web"] {
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": "default"},
            "involvedObject": {"kind": "Pod", "name": name, "namespace": "default"}, "message": "hello",
        });
        write(&world, "POST", "/api/v1/namespaces/default/events", Some(event)).await;
    }
    assert_eq!(new.event().await.unwrap()["object"]["note"], "hello");
    let event = old.event().await.unwrap()["object"].take();
    assert_eq!((&event["apiVersion"], &event["involvedObject"]["name"]), (&json!("v1"), &json!("web")));
}

/// Whoever lists and then follows, with a selector or without, ends up with what a fresh list says.
#[tokio::test]
async fn following_a_watch_keeps_up_with_the_lists() {
    let world = World::new();
    let mut random = fastrand::Rng::with_seed(7);
    for selector in ["", "labelSelector=environment%3Ddev", "labelSelector=environment%21%3Dprod&limit=1000"] {
        let list = world.client().json(&format!("{APPS}?{selector}")).await;
        let mut known: BTreeMap<String, Value> = by_name(list["items"].as_array().unwrap());
        let from = list["metadata"]["resourceVersion"].as_str().unwrap();
        let mut watch = watch(&world, &format!("{selector}&allowWatchBookmarks=true&resourceVersion={from}")).await;
        // so many that asking for each would take longer than what is looked at
        for _ in 0..300 {
            let name = format!("app{}-dev", random.u8(..12));
            match random.u8(..4) {
                0 => drop(world.store.delete("Application", "argocd", &name)),
                1 => drop(world.store.put(application(&name))),
                _ if world.store.get("Application", "argocd", &name).is_none() => {}
                _ => {
                    let label = ["dev", "prod", "test"][random.usize(..3)];
                    let relabel = |app: &mut Value| app["metadata"]["labels"]["environment"] = label.into();
                    assert!(world.store.update("Application", "argocd", &name, relabel).is_some());
                }
            }
        }
        // the last write is seen by every selector, and tells that all before it was
        world.store.delete("Application", "argocd", "end-dev");
        world.store.put(application("end-dev"));
        loop {
            let event = watch.event().await.unwrap();
            let (r#type, name) = told(&event);
            let object = event["object"].clone();
            match r#type.as_str() {
                "ADDED" => assert!(known.insert(name.clone(), object).is_none(), "{name} was known"),
                "MODIFIED" => assert!(known.insert(name.clone(), object).is_some(), "{name} was not known"),
                "DELETED" => assert!(known.remove(&name).is_some(), "{name} was not known"),
                other => panic!("{other}"),
            }
            if r#type == "ADDED" && name == "end-dev" {
                break;
            }
        }
        let list = world.client().json(&format!("{APPS}?{selector}")).await;
        assert_eq!(known, by_name(list["items"].as_array().unwrap()), "{selector}");
    }
}

fn by_name(items: &[Value]) -> BTreeMap<String, Value> {
    items.iter().map(|i| (i["metadata"]["name"].as_str().unwrap().to_owned(), i.clone())).collect()
}
