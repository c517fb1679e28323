//! Calls that change something, each in a world of its own.

use serde_json::{Value, json};

use super::scene::{NAMESPACE, Scene};
use crate::wait::until;

/// A window over everything in production.
fn window(scene: &Scene, by_hand: bool) {
    scene.store().update("AppProject", NAMESPACE, "predator12", |project| {
        project["spec"]["syncWindows"] = json!([{"kind": "deny", "schedule": "* * * * *", "duration": "1h",
            "applications": ["*-prod"], "manualSync": by_hand}]);
    });
}

#[tokio::test]
async fn conformance_api_sync_developer_dev() {
    let scene = Scene::new();
    let app = scene.same("api/sync-developer-dev").await;
    assert_eq!(app["operation"]["initiatedBy"], json!({"username": "developer"}));
    assert_eq!(app["operation"]["sync"]["dryRun"], true);
    assert!(app["status"].get("operationState").is_none(), "the last operation's state is gone until this one begins");
}

#[tokio::test]
async fn conformance_api_patch_label() {
    let scene = Scene::new();
    let app = scene.same("api/patch-label").await;
    assert_eq!(app["metadata"]["annotations"]["note"], "1");
}

#[tokio::test]
async fn conformance_api_delete_resource() {
    let scene = Scene::new();
    let before = scene.store().get("ConfigMap", "predator12-dev", "frontend-config").unwrap();
    scene.same("api/delete-resource").await;
    // its dependents go first, and self-heal makes another one
    let there = || scene.store().get("ConfigMap", "predator12-dev", "frontend-config");
    until("it is gone", || there().is_none_or(|map| map["metadata"]["uid"] != before["metadata"]["uid"])).await;
}

#[tokio::test]
async fn conformance_api_sync() {
    let scene = Scene::new();
    let app = scene.same("manual-sync/sync").await;
    let operation = &app["operation"];
    assert_eq!(operation["sync"]["syncOptions"], json!(["ServerSideApply=true"]));
    assert_eq!(operation["info"], json!([{"name": "Reason", "value": "release"}]));
    let events = scene.get("admin", "/api/v1/applications/frontend-prod/events").await.json().await;
    let revision = app["operation"]["sync"]["revision"].as_str().unwrap();
    let words = format!("admin initiated sync to v1.0.0 ({revision})");
    let told = events["items"].as_array().unwrap().iter().any(|event| event["message"] == words);
    assert!(told, "{events:#}");
}

#[tokio::test]
async fn conformance_api_sync_dry_run() {
    let app = Scene::new().same("manual-sync/sync-dry-run").await;
    assert_eq!(app["operation"]["sync"]["dryRun"], true);
}

#[tokio::test]
async fn conformance_api_sync_selective() {
    let app = Scene::new().same("manual-sync/sync-selective").await;
    assert_eq!(app["operation"]["sync"]["resources"], json!([{"kind": "ConfigMap", "name": "frontend-config"}]));
}

#[tokio::test]
async fn conformance_api_sync_while_running() {
    let scene = Scene::new();
    scene.store().update("Application", NAMESPACE, "frontend-prod", |app| {
        app["metadata"]["annotations"]["argocd.argoproj.io/skip-reconcile"] = json!("true");
        app["operation"] = json!({"sync": {"dryRun": true}});
    });
    scene.same("manual-sync/sync-while-running").await;
}

#[tokio::test]
async fn conformance_api_rollback() {
    let scene = Scene::new();
    let first = scene.app("backend-prod")["status"]["history"][0]["revision"].clone();
    let app = scene.same("rollback/rollback").await;
    let sync = &app["operation"]["sync"];
    assert_eq!((&sync["revision"], &sync["syncStrategy"]), (&first, &json!({"apply": {}})));
    assert_eq!(app["operation"]["retry"], json!({}));
}

#[tokio::test]
async fn conformance_api_syncwindows_closed() {
    let scene = Scene::new();
    window(&scene, false);
    scene.same("window/syncwindows").await;
    scene.same("window/sync-blocked").await;
    // a rollback is let through and then held, and whatever comes after it is refused for that
    scene.same("window/rollback-blocked").await;
    let held = |app: &Value| app["status"]["operationState"]["message"] == "Sync operation blocked by sync window";
    scene.until("backend-prod", "was held", held).await;
    window(&scene, true);
    scene.same("window/syncwindows-manual").await;
    let again = scene.send("admin", "POST", "/api/v1/applications/backend-prod/sync", json!({})).await;
    assert_eq!(again.status, 400);
    assert_eq!(again.json().await["message"], "another operation is already in progress");
}

#[tokio::test]
async fn conformance_api_terminate() {
    let scene = Scene::new();
    window(&scene, false);
    let path = "/api/v1/applications/backend-prod";
    assert_eq!(scene.send("admin", "POST", &format!("{path}/rollback"), json!({"id": 0})).await.status, 200);
    let runs = |app: &Value| app["status"]["operationState"]["phase"] == "Running";
    scene.until("backend-prod", "ran", runs).await;
    let reply = scene.send("admin", "DELETE", &format!("{path}/operation"), Value::Null).await;
    let facts = super::facts::facts("hook-hangs/terminate");
    assert_eq!(json!(reply.status), facts["status"]);
    super::facts::hold(&facts["headers"], &super::scene::head(&reply), "headers");
    assert_eq!(reply.json().await, facts["body"]);
    let over = |app: &Value| app["operation"].is_null() && app["status"]["operationState"]["phase"] == "Failed";
    let app = scene.until("backend-prod", "ended", over).await;
    assert_eq!(app["status"]["operationState"]["message"], "Operation terminated");
}

#[tokio::test]
async fn conformance_api_events() {
    let scene = Scene::new();
    let sync = scene.send("admin", "POST", "/api/v1/applications/backend-dev/sync", json!({"dryRun": true})).await;
    assert_eq!(sync.status, 200);
    scene.same("api/events-backend-dev").await;
}

#[tokio::test]
async fn conformance_api_action_restart() {
    let scene = Scene::new();
    let template = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
    scene.same("rollout/action-restart").await;
    let there = scene.store().get("Deployment", "predator12-staging", "frontend").unwrap();
    assert!(there.pointer(template).is_some(), "{there:#}");
    // the older spelling
    let path = "/api/v1/applications/frontend-staging/resource/actions?namespace=predator12-staging\
                &resourceName=frontend&version=v1&group=apps&kind=Deployment";
    let reply = scene.send("admin", "POST", path, json!("pause")).await;
    assert_eq!((reply.status, reply.json().await), (200, json!({})));
    let there = scene.store().get("Deployment", "predator12-staging", "frontend").unwrap();
    assert_eq!(there["spec"]["paused"], true);
}

#[tokio::test]
async fn an_application_is_created_changed_and_deleted() {
    let scene = Scene::new();
    let mut spec = scene.app("frontend-prod")["spec"].clone();
    let new = json!({"metadata": {"name": "frontend-lab"}, "spec": spec});
    assert_eq!(scene.send("developer", "POST", "/api/v1/applications", new.clone()).await.status, 403);
    assert_eq!(scene.send("admin", "POST", "/api/v1/applications", new).await.status, 200);
    // no set made this one, so none puts it back
    let path = "/api/v1/applications/frontend-lab";
    spec["revisionHistoryLimit"] = json!(3);
    let put = scene.send("admin", "PUT", &format!("{path}/spec"), spec.clone()).await;
    assert_eq!((put.status, &put.json().await), (200, &spec));
    assert_eq!(scene.app("frontend-lab")["spec"], spec);
    spec["project"] = json!("nowhere");
    let refused = scene.send("admin", "PUT", &format!("{path}/spec"), spec).await;
    assert_eq!(refused.status, 400);
    let gone = scene.send("admin", "DELETE", &format!("{path}?cascade=false"), Value::Null).await;
    assert_eq!(gone.json().await, json!({}));
    assert!(scene.store().get("Application", NAMESPACE, "frontend-lab").is_none());
}
