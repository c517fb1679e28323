//! argocd-server without a URL: through the Kubernetes API, with no port on this machine.

use pilothouse::domain::Link;
use pilothouse::source::argocd::{ServerSpec, Through, detail, managed_resources};
use pilothouse::source::kube::{KubeconfigPlace, SourceSpec};
use serde_json::json;

use super::running::start;
use super::scene::{SOURCE, Scene, app};
use crate::told::Told;

pub fn spec(scene: &Scene, user: &str) -> ServerSpec {
    let cluster = SourceSpec {
        name: SOURCE.to_owned(),
        context: Some(SOURCE.to_owned()),
        kubeconfig: KubeconfigPlace::Files(vec![scene.world.kubeconfig().into()]),
        ..SourceSpec::default()
    };
    let through = Some(Through { cluster, namespace: "argocd".to_owned() });
    ServerSpec { address: "port-forward".parse().unwrap(), ca: None, through, ..scene.spec(user) }
}

fn parameter(scene: &Scene, name: &str, value: &str) {
    let store = scene.world.store(SOURCE).unwrap();
    store.update("ConfigMap", "argocd", "argocd-cmd-params-cm", |map| map["data"][name] = json!(value));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_forward_without_a_port_is_as_good_as_a_url() {
    let scene = Scene::new();
    let mut running = start(spec(&scene, "admin"));
    let told = running.until_live().await;
    assert_eq!(told.rows.len(), 9);
    assert_eq!((&*told.facts.user, &*told.facts.server), ("admin", "port-forward in recorded"));
    let server = pilothouse::source::argocd::Server::new(
        ServerSpec { ca: Some(scene.ca()), ..spec(&scene, "admin") },
        std::sync::Arc::new(crate::clock::WallClock),
    );
    // more than one pipe holds, several at once, and checked against a CA
    let backend = app("backend-dev");
    let (all, one) = tokio::join!(managed_resources(&server, &backend), detail(&server, &backend));
    assert!(all.unwrap().len() > 2 && !one.unwrap().resources.is_empty());

    let store = scene.world.store(SOURCE).unwrap();
    let mut changed = store.get("Application", "argocd", "frontend-prod").unwrap();
    changed["status"]["health"] = json!({"status": "Suspended"});
    store.put(changed);
    let suspended = |told: &Told| told.row("frontend-prod").unwrap().health.word() == "Suspended";
    running.until_so("suspended", suspended).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_leaves_tls_to_others_is_reached_too_and_one_below_a_root_path() {
    let scene = Scene::new();
    parameter(&scene, "server.insecure", "true");
    assert_eq!(start(spec(&scene, "admin")).until_live().await.rows.len(), 9);
    parameter(&scene, "server.rootpath", "/cd");
    let below = ServerSpec { address: "port-forward/cd".parse().unwrap(), ..spec(&scene, "admin") };
    assert_eq!(start(below).until_live().await.rows.len(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_for_a_port_forward_is_said() {
    let scene = Scene::new();
    let nowhere = spec(&scene, "admin");
    let through = nowhere.through.clone().map(|through| Through { namespace: "elsewhere".to_owned(), ..through });
    let told = start(ServerSpec { through, ..nowhere }).until_so("down", |t| matches!(t.link, Link::Down { .. })).await;
    let expected = "argocd-server cannot be reached by port-forward: no pod of argocd-server runs in elsewhere";
    assert_eq!(told.why(), expected);
}
