//! Logging in, and tokens that hold no longer.

use serde_json::{Value, json};

use super::client::Ask;
use super::scene::{NAMESPACE, Scene};

async fn log_in(scene: &Scene, user: &str) -> String {
    let password = scene.ready()["argocd"]["passwords"][user].clone();
    let ask = Ask::send("POST", "/api/v1/session", json!({"username": user, "password": password}));
    let reply = scene.ask(&ask).await;
    assert_eq!(reply.status, 200);
    let cookie = reply.header("set-cookie").to_owned();
    let token = reply.json().await["token"].as_str().unwrap().to_owned();
    assert!(cookie.starts_with(&format!("argocd.token={token};")), "{cookie}");
    token
}

#[tokio::test]
async fn a_login_gives_a_token_that_can_be_revoked() {
    let scene = Scene::new();
    let token = log_in(&scene, "developer").await;
    let who = Ask::get("/api/v1/applications?fields=items.metadata.name").token(&token);
    assert_eq!(scene.ask(&who).await.status, 200);
    let cookie = Ask::get("/api/v1/session/userinfo").with("cookie", &format!("argocd.token={token}"));
    assert_eq!(scene.ask(&cookie).await.json().await["username"], "developer");
    let out = Ask::send("DELETE", "/api/v1/session", Value::Null).token(&token);
    assert_eq!(scene.ask(&out).await.json().await, json!({}));
    let refused = scene.ask(&who).await;
    assert_eq!(refused.status, 401);
    let words = "invalid session: token is revoked, please re-login";
    assert_eq!(refused.json().await, json!({"error": words, "code": 16, "message": words}));
    assert_eq!(scene.ask(&Ask::get("/api/v1/session/userinfo").token(&token)).await.json().await, json!({}));
}

#[tokio::test]
async fn a_session_about_to_end_is_renewed() {
    let scene = Scene::new();
    scene.store().update("ConfigMap", NAMESPACE, "argocd-cm", |map| {
        map["data"]["users.session.duration"] = json!("2m");
    });
    let token = log_in(&scene, "admin").await;
    let reply = scene.ask(&Ask::get("/api/v1/session/userinfo").token(&token)).await;
    assert_eq!(reply.status, 200);
    let cookie = reply.header("set-cookie").to_owned();
    let renewed = cookie.strip_prefix("argocd.token=").and_then(|rest| rest.split(';').next()).unwrap();
    assert_ne!(renewed, token);
    assert_eq!(scene.ask(&Ask::get("/api/v1/account").token(renewed)).await.status, 200);
    scene.world.clock().advance(std::time::Duration::from_secs(180));
    let late = scene.ask(&Ask::get("/api/v1/account").token(&token)).await;
    assert_eq!(late.status, 401);
    assert_eq!(late.json().await["message"], "invalid session: token has invalid claims: token is expired");
}

#[tokio::test]
async fn an_account_has_keys_of_its_own() {
    let scene = Scene::new();
    let path = "/api/v1/account/developer/token";
    let made = scene.send("developer", "POST", path, json!({"id": "ci", "expiresIn": 600})).await;
    let token = made.json().await["token"].as_str().unwrap().to_owned();
    let who = Ask::get("/api/v1/account/developer").token(&token);
    let account = scene.ask(&who).await.json().await;
    assert_eq!(account["tokens"][0]["id"], "ci", "{account}");
    assert_eq!(scene.send("developer", "DELETE", &format!("{path}/ci"), Value::Null).await.status, 200);
    assert_eq!(scene.ask(&who).await.status, 401);
    let admin = scene.send("admin", "POST", "/api/v1/account/admin/token", json!({})).await;
    assert_eq!(admin.json().await["message"], "account 'admin' does not have apiKey capability");
}

#[tokio::test]
async fn tokens_are_revoked_and_the_server_goes_on_order() {
    let scene = Scene::new();
    let list = "/api/v1/applications?fields=items.metadata.name";
    let order = async |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        pilothouse::sim::control::send(scene.world.control(), &words).await.unwrap()
    };
    let mut stream = scene.get("developer", "/api/v1/stream/applications?fields=result.type").await;
    stream.frame().await;
    order(&["argocd", "recorded", "revoke", "developer"]).await;
    assert_eq!(scene.get("developer", list).await.status, 401);
    assert_eq!(scene.get("admin", list).await.status, 200);
    let again = log_in(&scene, "developer").await;
    assert_eq!(scene.ask(&Ask::get(list).token(&again)).await.status, 200);
    order(&["argocd", "recorded", "fault", "watch-close"]).await;
    while stream.line().await.is_some() {}
    order(&["argocd", "recorded", "fault", "503", "times", "1"]).await;
    assert_eq!(scene.get("admin", list).await.json().await["code"], 14);
    assert_eq!(scene.get("admin", list).await.status, 200);
    order(&["argocd", "recorded", "stop"]).await;
    let port = scene.port("/argocd/plainUrl");
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err());
    order(&["argocd", "recorded", "start"]).await;
    assert_eq!(scene.get("admin", list).await.status, 200);
}

#[tokio::test]
async fn a_token_never_shows_where_things_are_logged() {
    let scene = Scene::new();
    let shown = format!("{:?}", scene.world);
    for user in ["admin", "developer"] {
        assert!(!shown.contains(scene.ready()["argocd"]["passwords"][user].as_str().unwrap()));
    }
}
