//! What policies let people do, and in which words they are refused.

use serde_json::json;

use super::scene::{NAMESPACE, Scene};

fn policy(scene: &Scene, default: &str, lines: &str) {
    scene.store().update("ConfigMap", NAMESPACE, "argocd-rbac-cm", |map| {
        map["data"] = json!({"policy.default": default, "policy.csv": lines});
    });
}

#[tokio::test]
async fn what_somebody_may_not_see_is_not_in_the_list() {
    let scene = Scene::new();
    policy(&scene, "", "p, developer, applications, get, predator12/*-dev, allow");
    let list = scene.get("developer", "/api/v1/applications?fields=items.metadata.name").await.json().await;
    let names: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|app| app["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["backend-dev", "dependencies-dev", "frontend-dev"]);
    // there or not, the answer is the same; with a project those who may not look get no further either
    for name in ["backend-prod", "nope", "nope?project=predator12", "backend-prod?project=predator12"] {
        let reply = scene.get("developer", &format!("/api/v1/applications/{name}")).await;
        assert_eq!((reply.status, &reply.json().await["message"]), (403, &json!("permission denied")), "{name}");
    }
    let reply = scene.get("developer", "/api/v1/applications/nope-dev?project=predator12").await;
    assert_eq!(reply.status, 404);
    let logs = scene.get("developer", "/api/v1/applications/backend-dev/logs").await;
    assert_eq!(logs.status, 403);
    let words = logs.json().await["error"]["message"].as_str().unwrap().to_owned();
    assert!(
        words.starts_with("permission denied: logs, get, predator12/backend-dev, sub: developer, iat: "),
        "{words}"
    );
}

#[tokio::test]
async fn a_policy_that_changes_counts_at_once() {
    let scene = Scene::new();
    let can_i = "/api/v1/account/can-i/applications/sync/predator12/backend-prod";
    assert_eq!(scene.get("developer", can_i).await.json().await["value"], "no");
    policy(&scene, "role:readonly", "p, role:dev, applications, *, predator12/*, allow\ng, developer, role:dev");
    assert_eq!(scene.get("developer", can_i).await.json().await["value"], "yes");
    policy(
        &scene,
        "role:readonly",
        "p, role:dev, applications, *, predator12/*, allow\np, developer, applications, sync, predator12/*-prod, deny\n\
         g, developer, role:dev",
    );
    assert_eq!(scene.get("developer", can_i).await.json().await["value"], "no");
    let restart = "/api/v1/account/can-i/applications/action/predator12/backend-prod";
    assert_eq!(scene.get("developer", restart).await.json().await["value"], "yes");
}
