//! The world these tests ask: shaped after the recorded one.

use std::sync::OnceLock;

use pilothouse::sim::store::Store;
use pilothouse::sim::world::{SimOptions, World};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::client::{self, Ask, Reply};
use super::facts::{facts, hold};
use crate::wait::found;

pub const SOURCE: &str = "recorded";
pub const NAMESPACE: &str = "argocd";

/// A world with one Argo CD.
pub struct Scene {
    pub world: World,
    ready: Value,
}

impl Scene {
    pub fn new() -> Self {
        Self::at_speed(1.0)
    }

    /// A world whose clock goes faster than the wall's.
    pub fn at_speed(speed: f64) -> Self {
        let scenario = format!("{}/tests/fixtures/argocd-server/world.toml", env!("CARGO_MANIFEST_DIR"));
        let world = World::start(SimOptions { scenario: Some(scenario), speed, ..SimOptions::default() }).unwrap();
        let ready = world.ready_line();
        let scene = Self { world, ready };
        scene.store().put(json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "argocd-notifications-cm", "namespace": NAMESPACE},
            "data": {"service.webhook.team": "url: x", "trigger.on-sync-failed": "- when: x"}}));
        // somebody's Secret that a Deployment made: in the tree, and not for Argo CD to prune
        let owner = scene.store().get("Deployment", "predator12-dev", "backend").unwrap();
        let owner = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "backend", "controller": true,
            "uid": owner["metadata"]["uid"]}]);
        scene.store().put(json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {"name": "backend-secrets", "namespace": "predator12-dev", "ownerReferences": owner,
                "annotations": {
                    "kubectl.kubernetes.io/last-applied-configuration": r#"{"data":{"DATABASE_URL":"aHVudGVyMg=="}}"#}},
            "data": {"DATABASE_URL": "aHVudGVyMg=="}}));
        scene
    }

    pub fn store(&self) -> &Store {
        self.world.store(SOURCE).unwrap()
    }

    /// What the ready line says of this Argo CD.
    pub fn ready(&self) -> &Value {
        &self.ready["sources"][SOURCE]
    }

    pub fn token(&self, user: &str) -> String {
        self.ready()["argocd"]["tokens"][user].as_str().unwrap_or(user).to_owned()
    }

    /// The port in an address of the ready line.
    pub fn port(&self, pointer: &str) -> u16 {
        let url = self.ready().pointer(pointer).and_then(Value::as_str).unwrap();
        url.rsplit(':').next().unwrap().parse().unwrap()
    }

    pub async fn ask(&self, ask: &Ask) -> Reply {
        client::ask(self.port("/argocd/plainUrl"), ask).await
    }

    pub async fn get(&self, user: &str, path: &str) -> Reply {
        self.ask(&Ask::get(path).token(&self.token(user))).await
    }

    pub async fn send(&self, user: &str, method: &str, path: &str, body: Value) -> Reply {
        self.ask(&Ask::send(method, path, body).token(&self.token(user))).await
    }

    pub fn app(&self, name: &str) -> Value {
        self.store().get("Application", NAMESPACE, name).unwrap()
    }

    /// Waits until something holds of an Application.
    pub async fn until(&self, name: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        found(&format!("{name} {what}"), async || {
            let app = self.app(name);
            if holds(&app) { Ok(app) } else { Err(format!("{:#}", app["status"])) }
        })
        .await
    }

    /// The recorded question.
    pub fn question(&self, facts: &Value) -> Ask {
        let history = self.app("backend-dev")["status"]["history"].clone();
        let revision = |row: Option<&Value>| row.unwrap()["revision"].as_str().unwrap().to_owned();
        let rows = history.as_array().unwrap();
        let path = facts["ask"]["path"].as_str().unwrap();
        let path = path.replace("{head}", &revision(rows.last())).replace("{first}", &revision(rows.first()));
        let method = facts["ask"]["method"].as_str().unwrap();
        let mut ask = Ask { method: method.to_owned(), path, ..Ask::default() };
        ask.body = facts["ask"].get("body").cloned();
        if let Some(user) = facts["ask"]["user"].as_str() {
            ask = ask.token(&self.token(user));
        }
        if let Some(accept) = facts["ask"]["accept"].as_str() {
            ask = ask.with("accept", accept);
        }
        match facts["ask"]["content"].as_str() {
            Some("") => {}
            Some(content) => ask = ask.with("content-type", content),
            None if method != "GET" => ask = ask.with("content-type", "application/json"),
            None => {}
        }
        ask
    }

    /// Asks the recorded question and holds the answer against the recorded one; gives the answer's body.
    pub async fn same(&self, name: &str) -> Value {
        let facts = facts(name);
        let reply = self.ask(&self.question(&facts)).await;
        let (status, headers) = (reply.status, head(&reply));
        let text = reply.text().await;
        assert_eq!(json!(status), facts["status"], "{name}: status; the body is {text}");
        hold(&facts["headers"], &headers, &format!("{name}: headers"));
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        hold(&facts["body"], &body, name);
        body
    }
}

/// The headers that matter, as the facts have them.
pub fn head(reply: &Reply) -> Value {
    json!({"content-type": reply.header("content-type"),
        "gateway": reply.headers.contains_key("grpc-metadata-content-type")})
}

/// One world for all who only read; it lives as long as the tests.
pub fn shared() -> (&'static Runtime, &'static Scene) {
    static SHARED: OnceLock<(Runtime, Scene)> = OnceLock::new();
    let (runtime, scene) = SHARED.get_or_init(|| {
        let runtime = Runtime::new().unwrap();
        let scene = runtime.block_on(async { Scene::new() });
        (runtime, scene)
    });
    (runtime, scene)
}
