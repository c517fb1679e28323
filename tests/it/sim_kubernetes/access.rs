//! Who may do what.

use serde_json::json;

use super::client::Ask;
use super::world::World;

fn ask(path: &str, token: &str) -> Ask {
    Ask { path: path.to_owned(), token: Some(token.to_owned()), ..Ask::default() }
}

#[tokio::test]
async fn a_user_bound_to_a_namespace_falls_back_to_it() {
    let world = World::new();
    let client = world.client();
    let all = client.send(&ask("/api/v1/pods", "shop")).await.unwrap();
    assert_eq!(all.status, 403);
    let words = "pods is forbidden: User \"shop\" cannot list resource \"pods\" in API group \"\" at the cluster scope";
    assert_eq!(all.json().await["message"], words);
    let own = client.send(&ask("/api/v1/namespaces/predator12-dev/pods", "shop")).await.unwrap();
    assert_eq!(own.json().await["items"].as_array().map(Vec::len), Some(5));
    let one = client.send(&ask("/api/v1/namespaces/argocd/pods/x", "shop")).await.unwrap().json().await;
    assert_eq!(one["details"], json!({"name": "x", "kind": "pods"}));
    let namespace = client.send(&ask("/api/v1/namespaces/predator12-dev", "shop")).await.unwrap();
    assert_eq!(namespace.status, 200);
}

#[tokio::test]
async fn a_reader_may_not_write() {
    let world = World::new();
    for (token, code, method) in [("shop", 403, "DELETE"), ("shop", 403, "PATCH"), ("admin", 405, "POST")] {
        let delete =
            Ask { method: Some(method.to_owned()), ..ask("/api/v1/namespaces/predator12-dev/pods/redis-0", token) };
        let reply = world.client().send(&delete).await.unwrap();
        assert_eq!(reply.status, code);
        assert_eq!(reply.json().await["code"], code);
    }
    assert!(world.store.get("Pod", "predator12-dev", "redis-0").is_some());
}

#[tokio::test]
async fn a_review_answers_what_the_server_would_do() {
    let world = World::new();
    for (namespace, verb, allowed) in
        [("predator12-dev", "list", true), ("predator12-dev", "delete", false), ("", "list", false)]
    {
        let review = Ask {
            method: Some("POST".to_owned()),
            body: Some(
                json!({"spec": {"resourceAttributes": {"namespace": namespace, "verb": verb, "resource": "pods"}}}),
            ),
            ..ask("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "shop")
        };
        let reply = world.client().send(&review).await.unwrap();
        assert_eq!(reply.status, 201);
        assert_eq!(reply.json().await["status"]["allowed"], allowed, "{verb} in {namespace:?}");
    }
}

#[tokio::test]
async fn nobody_sees_health_and_version_only() {
    let world = World::new();
    for (path, code) in
        [("/version", 200), ("/readyz", 200), ("/livez/ping", 404), ("/api", 403), ("/apis/apps/v1", 403)]
    {
        let reply = world.client().send(&Ask { path: path.to_owned(), ..Ask::default() }).await.unwrap();
        assert_eq!(reply.status, code, "{path}");
    }
}
