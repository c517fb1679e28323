//! Lists: versions, pages, and what happens to them when the cluster moves on.

use serde_json::Value;

use super::world::{World, application};

const APPS: &str = "/apis/argoproj.io/v1alpha1/applications";

fn names(list: &Value) -> Vec<String> {
    let name = |i: &Value| i["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    list["items"].as_array().unwrap().iter().map(name).collect()
}

fn token(list: &Value) -> &str {
    list["metadata"]["continue"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn pages_are_of_one_version_whatever_happens_between_them() {
    let world = World::new();
    let client = world.client();
    let expected = names(&client.json(APPS).await);
    let mut found = Vec::new();
    let mut page = client.json(&format!("{APPS}?limit=4")).await;
    let version = page["metadata"]["resourceVersion"].clone();
    loop {
        found.extend(names(&page));
        world.store.delete(
            "Application",
            "argocd",
            &format!("frontend-{}", ["dev", "prod", "staging"][found.len() % 3]),
        );
        world.store.put(application(&format!("new{}-dev", found.len())));
        if token(&page).is_empty() {
            break;
        }
        page = client.json(&format!("{APPS}?limit=4&continue={}", token(&page))).await;
        assert_eq!(page["metadata"]["resourceVersion"], version);
    }
    assert_eq!(found, expected);
}

#[tokio::test]
async fn an_expired_page_says_so_and_offers_to_go_on() {
    let world = World::new();
    let client = world.client();
    let page = client.json(&format!("{APPS}?limit=4")).await;
    world.store.delete("Application", "argocd", "frontend-prod");
    world.store.compact();
    let reply = client.get(&format!("{APPS}?limit=4&continue={}", token(&page))).await;
    assert_eq!(reply.status, 410);
    let status = reply.json().await;
    assert_eq!(status["reason"], "Expired");
    let rest = client.json(&format!("{APPS}?continue={}", token(&status))).await;
    assert_eq!(names(&rest), ["dependencies-prod", "dependencies-staging", "frontend-dev", "frontend-staging"]);
}

#[tokio::test]
async fn the_past_can_be_listed_exactly_until_it_is_forgotten() {
    let world = World::new();
    let client = world.client();
    let version = world.store.resource_version();
    world.store.delete("Application", "argocd", "frontend-prod");
    let exact = format!("{APPS}?resourceVersion={version}&resourceVersionMatch=Exact");
    assert_eq!(names(&client.json(&exact).await).len(), 9);
    assert_eq!(names(&client.json(&format!("{APPS}?resourceVersion={version}")).await).len(), 8);
    world.store.compact();
    let reply = client.get(&exact).await;
    assert_eq!(reply.status, 410);
    assert_eq!(reply.json().await["message"], "The resourceVersion for the provided list is too old.");
}

#[tokio::test]
async fn contradicting_options_are_refused() {
    let world = World::new();
    let client = world.client();
    for (query, code) in [
        ("resourceVersionMatch=Exact", 422),
        ("sendInitialEvents=true", 422),
        ("watch=1&sendInitialEvents=true", 422),
        ("watch=1&resourceVersion=1&resourceVersionMatch=Exact", 422),
        ("resourceVersion=abc", 400),
        ("watch=1&resourceVersion=abc", 400),
    ] {
        let reply = client.get(&format!("{APPS}?{query}")).await;
        assert_eq!(reply.status, code, "{query}");
        assert_eq!(reply.json().await["kind"], "Status", "{query}");
    }
}

#[tokio::test]
async fn built_in_items_do_not_repeat_their_type() {
    let world = World::new();
    let list = world.client().json("/api/v1/pods").await;
    assert_eq!(list["kind"], "PodList");
    assert!(list["items"][0].get("kind").is_none());
    let name = list["items"][0]["metadata"]["name"].as_str().unwrap();
    let pod = world.client().json(&format!("/api/v1/namespaces/predator12-dev/pods/{name}")).await;
    assert_eq!(pod["kind"], "Pod");
}

#[tokio::test]
async fn unknown_places_are_not_found() {
    let world = World::new();
    let client = world.client();
    for path in
        ["/api/v1/nonsense", "/apis/nonsense.io/v1/things", "/apis/apps/v2/deployments", "/api/v1/namespaces/a/nodes"]
    {
        let reply = client.get(path).await;
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(reply.json().await["message"], "the server could not find the requested resource", "{path}");
    }
    let reply = client.get("/nonsense").await;
    assert_eq!((reply.status, reply.content_type()), (404, "text/plain; charset=utf-8"));
}
