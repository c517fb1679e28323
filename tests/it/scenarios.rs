//! The bundled scenarios, each for what it shows.

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use pilothouse::sim::control;
use pilothouse::sim::world::{SimOptions, World};
use serde_json::{Value, json};
use std::process::Command;

use crate::wait::found;

fn start(scenario: &str) -> World {
    World::start(SimOptions { scenario: Some(scenario.to_owned()), ..SimOptions::default() }).unwrap()
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn app(world: &World, source: &str, name: &str) -> Value {
    world.store(source).unwrap().get("Application", "argocd", name).unwrap()
}

async fn act(world: &World, words: &str) -> Result<String, control::ControlError> {
    let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    control::send(world.control(), &words).await
}

async fn state(world: &World) -> Value {
    serde_json::from_str(&act(world, "state").await.unwrap()).unwrap()
}

/// Waits for a condition.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    found(what, async || if holds().await { Ok(()) } else { Err("it is not so") }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_quiet() {
    let world = start("quiet");
    act(&world, "clock advance 10m").await.unwrap();
    for (source, apps) in [("minikube", 7), ("predator-cloud", 14)] {
        let all = world.store(source).unwrap().list("Application", None);
        assert_eq!(all.len(), apps);
        for app in all {
            let name = text(&app, "/metadata/name");
            assert_eq!(text(&app, "/status/sync/status"), "Synced", "{name}");
            assert_eq!(text(&app, "/status/health/status"), "Healthy", "{name}");
            assert!(app["operation"].is_null(), "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_bad_deploy() {
    let world = start("bad-deploy");
    let staging = app(&world, "predator-cloud", "backend-staging");
    assert_eq!(text(&staging, "/status/health/status"), "Healthy");
    assert!(staging["spec"]["syncPolicy"]["automated"].is_object());
    let set = world.store("predator-cloud").unwrap().get("ApplicationSet", "argocd", "predator12").unwrap();
    assert_eq!(text(&set, "/spec/ignoreApplicationDifferences/0/jsonPointers/0"), "/spec/syncPolicy");
    let before = state(&world).await;
    assert_eq!(before["git"]["waiting"]["bad"], 0);
    let told = act(&world, "commit bad").await.unwrap();
    assert!(told.starts_with("pushed ") && told.ends_with(" to release/staging"), "{told}");
    let path = text(&before, "/git/path");
    let show = ["show", "release/staging:helm/overlays/staging/backend.yaml"];
    let shown = Command::new("git").arg("--git-dir").arg(path).args(show).output().unwrap();
    assert!(String::from_utf8_lossy(&shown.stdout).contains("tag: 1.5.0\n"), "{shown:?}");
    assert_eq!(state(&world).await["git"]["waiting"]["bad"], 1);
    let health = async |wanted: &str| {
        act(&world, "clock advance 10s").await.unwrap();
        text(&app(&world, "predator-cloud", "backend-staging"), "/status/health/status") == wanted
    };
    until("staging degrades", async || health("Degraded").await).await;
    act(&world, "commit fix").await.unwrap();
    until("the fix heals it", async || health("Healthy").await).await;
    let unknown = act(&world, "commit worse").await.unwrap_err().to_string();
    assert_eq!(unknown, "there is no commit `worse`; there are: bad, fix");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_stuck_sync() {
    let world = start("stuck-sync");
    for _ in 0..3 {
        let stuck = app(&world, "minikube", "backend-dev");
        assert_eq!(text(&stuck, "/status/operationState/phase"), "Running");
        let message = text(&stuck, "/status/operationState/message");
        assert_eq!(message, "waiting for completion of hook batch/Job/backend-migrate");
        act(&world, "clock advance 2m").await.unwrap();
    }
    let store = world.store("minikube").unwrap();
    let pods = store.list("Pod", Some("predator12-dev"));
    let hook = pods.iter().find(|pod| text(pod, "/metadata/name").starts_with("backend-migrate-")).unwrap();
    assert_eq!(text(hook, "/status/phase"), "Running");
    assert!(store.get("Deployment", "predator12-dev", "backend").unwrap().to_string().contains("1.5.0-rc2"));
    store.update("Application", "argocd", "backend-dev", |app| {
        app["status"]["operationState"]["phase"] = json!("Terminating");
    });
    until("terminating ends it", async || {
        act(&world, "clock advance 5s").await.unwrap();
        let ended = app(&world, "minikube", "backend-dev");
        text(&ended, "/status/operationState/phase") == "Failed"
            && text(&ended, "/status/operationState/message").contains("Operation terminated")
            && ended["operation"].is_null()
    })
    .await;
    until("the hook goes", async || {
        act(&world, "clock advance 5s").await.unwrap();
        store.get("Job", "predator12-dev", "backend-migrate").is_none_or(|job| job["status"]["active"].is_null())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_drift() {
    let world = start("drift");
    let differing = app(&world, "predator-cloud", "backend-staging");
    assert_eq!(text(&differing, "/status/sync/status"), "OutOfSync");
    let store = world.store("predator-cloud").unwrap();
    let managers = |kind: &str, name: &str| -> Vec<String> {
        let object = store.get(kind, "predator12-staging", name).unwrap();
        let entries = object["metadata"]["managedFields"].as_array().unwrap();
        entries.iter().map(|entry| text(entry, "/manager").to_owned()).collect()
    };
    assert!(managers("Deployment", "backend").contains(&"kubectl-scale".to_owned()));
    assert!(managers("ConfigMap", "backend-config").contains(&"kubectl-edit".to_owned()));
    assert!(managers("Deployment", "frontend").contains(&"node-fetch".to_owned()));
    let config = store.get("ConfigMap", "predator12-staging", "backend-config").unwrap();
    assert_eq!(text(&config, "/data/LOG_LEVEL"), "trace");
    act(&world, "clock advance 10m").await.unwrap();
    let differing = app(&world, "predator-cloud", "backend-staging");
    assert_eq!(text(&differing, "/status/sync/status"), "OutOfSync", "nobody undoes it");
    let rows = differing["status"]["resources"].as_array().unwrap().iter();
    let rows: Vec<&str> = rows.filter(|row| row["status"] == "OutOfSync").map(|row| text(row, "/kind")).collect();
    assert_eq!(rows, ["ConfigMap", "Deployment"]);
    assert_eq!(store.get("Deployment", "predator12-staging", "backend").unwrap()["spec"]["replicas"], 4);
    // until a person syncs
    sync(&world, "predator-cloud", "backend-staging");
    until("a sync puts it back", async || {
        act(&world, "clock advance 5s").await.unwrap();
        text(&app(&world, "predator-cloud", "backend-staging"), "/status/sync/status") == "Synced"
    })
    .await;
    assert_eq!(store.get("Deployment", "predator12-staging", "backend").unwrap()["spec"]["replicas"], 2);
    let config = store.get("ConfigMap", "predator12-staging", "backend-config").unwrap();
    assert_eq!(text(&config, "/data/LOG_LEVEL"), "info");
}

/// What a person who syncs writes.
fn sync(world: &World, source: &str, name: &str) {
    world.store(source).unwrap().update("Application", "argocd", name, |app| {
        let revision = app["spec"]["source"]["targetRevision"].clone();
        app["operation"] = json!({"initiatedBy": {"username": "olena"}, "sync": {"revision": revision,
            "syncOptions": app["spec"]["syncPolicy"]["syncOptions"]}});
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_window() {
    let world = start("window");
    let project = world.store("predator-cloud").unwrap().get("AppProject", "argocd", "predator12").unwrap();
    let window = &project["spec"]["syncWindows"][0];
    assert_eq!((text(window, "/kind"), text(window, "/applications/0")), ("deny", "*-prod"));
    act(&world, "clock advance 30s").await.unwrap();
    assert_eq!(state(&world).await["git"]["waiting"]["prod"], 1);
    let prod = || app(&world, "predator-cloud", "backend-prod");
    until("the commit is seen", async || {
        act(&world, "clock advance 5s").await.unwrap();
        text(&prod(), "/status/sync/status") == "OutOfSync"
    })
    .await;
    // automation is held without a trace
    let before = prod();
    let store = world.store("predator-cloud").unwrap();
    store.update("Application", "argocd", "backend-prod", |app| {
        app["spec"]["syncPolicy"]["automated"] = json!({"prune": true, "selfHeal": true});
    });
    act(&world, "clock advance 5m").await.unwrap();
    let held = prod();
    assert_eq!(text(&held, "/status/sync/status"), "OutOfSync");
    assert!(held["operation"].is_null());
    for part in ["operationState", "conditions", "history"] {
        assert_eq!(held["status"][part], before["status"][part], "{part}");
    }
    store.update("Application", "argocd", "backend-prod", |app| {
        app["spec"]["syncPolicy"].as_object_mut().unwrap().remove("automated");
    });
    // and a person's sync waits
    sync(&world, "predator-cloud", "backend-prod");
    until("the sync is held", async || {
        act(&world, "clock advance 5s").await.unwrap();
        text(&prod(), "/status/operationState/message") == "Sync operation blocked by sync window"
    })
    .await;
    act(&world, "clock advance 10m").await.unwrap();
    assert_eq!(text(&prod(), "/status/operationState/phase"), "Running");
    let runs = || store.get("Deployment", "predator12-prod", "backend").unwrap().to_string();
    assert!(runs().contains("predator-backend:1.4.1") && !runs().contains("predator-backend:1.4.2"));
    store.update("AppProject", "argocd", "predator12", |project| project["spec"]["syncWindows"] = json!([]));
    until("it goes on by itself when the window is gone", async || {
        act(&world, "clock advance 10s").await.unwrap();
        text(&prod(), "/status/operationState/phase") == "Succeeded" && runs().contains("predator-backend:1.4.2")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_rbac() {
    let world = start("rbac");
    let kubeconfig = std::fs::read_to_string(world.kubeconfig()).unwrap();
    assert!(kubeconfig.contains(world.token("developer").unwrap()));
    assert!(!kubeconfig.contains(world.token("admin").unwrap()));
    let patch = async |source: &str, path: &str| {
        let kubeconfig = Kubeconfig::read_from(world.kubeconfig()).unwrap();
        let options = KubeConfigOptions { context: Some(source.to_owned()), ..KubeConfigOptions::default() };
        let client = Client::try_from(Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap()).unwrap();
        let request = http::Request::patch(path).header("content-type", "application/merge-patch+json");
        let body = json!({"metadata": {"annotations": {"touched": "yes"}}}).to_string().into_bytes();
        match client.request::<Value>(request.body(body).unwrap()).await {
            Ok(_) => (200, String::new()),
            Err(kube::Error::Api(refused)) => (refused.code, refused.message.clone()),
            Err(other) => panic!("{other}"),
        }
    };
    let deployment = |env: &str| format!("/apis/apps/v1/namespaces/predator12-{env}/deployments/backend");
    assert_eq!(patch("minikube", &deployment("dev")).await.0, 200);
    let (code, message) = patch("predator-cloud", &deployment("prod")).await;
    assert_eq!(code, 403);
    assert_eq!(
        message,
        "deployments.apps \"backend\" is forbidden: User \"developer\" cannot patch resource \"deployments\" in API \
         group \"apps\" in the namespace \"predator12-prod\""
    );
    let application = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/backend-prod";
    assert_eq!(patch("predator-cloud", application).await.0, 403);
    let there = world.store("predator-cloud").unwrap().get("Deployment", "predator12-prod", "backend").unwrap();
    assert!(there["metadata"]["annotations"]["touched"].is_null());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_outage() {
    let world = start("outage");
    let is_up = async || state(&world).await["sources"]["predator-cloud"]["listening"] == true;
    assert!(is_up().await);
    act(&world, "clock advance 46s").await.unwrap();
    until("the source dies", async || !is_up().await).await;
    act(&world, "clock advance 30s").await.unwrap();
    until("the source returns", is_up).await;
    assert_eq!(state(&world).await["sources"]["minikube"]["listening"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_fleet() {
    let world = start("fleet");
    let facts = &state(&world).await["sources"]["fleet"];
    assert_eq!(facts["apps"], 10_000);
    assert!(
        facts["health"]["Healthy"].as_u64().unwrap() > 8_000 && facts["operations"].as_array().unwrap().len() > 100
    );
    changes(&world, "fleet", 50).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_storm() {
    let world = start("storm");
    assert_eq!(state(&world).await["sources"]["storm"]["apps"], 2_000);
    changes(&world, "storm", 5_000).await;
}

/// Waits for the changes of a second, which a machine that is slower than the storm takes longer for, and counts that
/// there are no more than the time has room for.
async fn changes(world: &World, source: &str, a_second: u64) {
    let store = world.store(source).unwrap();
    let (began, first) = (world.clock().origin(), store.resource_version());
    until("the changes of a second", async || store.resource_version() - first >= a_second).await;
    act(world, "clock advance 1s").await.unwrap();
    let (ended, last) = (world.clock().now(), store.resource_version());
    let passed = ended.duration_since(began).as_secs_f64();
    let (changed, wanted) = ((last - first) as f64, a_second as f64);
    assert!(changed <= wanted * (passed + 1.0) + 10.0, "{changed} changes in {passed} s");
}

/// A scenario of a person's own, with services that have no charts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_file_of_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.toml");
    std::fs::write(&file, include_str!("../fixtures/scenarios/shop.toml")).unwrap();
    let world = start(file.to_str().unwrap());
    let till = || app(&world, "corner", "till-live");
    assert_eq!((text(&till(), "/status/sync/status"), text(&till(), "/status/health/status")), ("Synced", "Healthy"));
    assert_eq!(text(&till(), "/spec/source/path"), "live/till");
    let store = world.store("corner").unwrap();
    let service = store.get("Service", "shop-live", "till").unwrap();
    assert_eq!(service["spec"]["ports"][0]["targetPort"], 8080);
    let runs =
        || store.get("Deployment", "shop-live", "till").unwrap().to_string().contains("registry.example/till:1.2");
    assert!(!runs());
    act(&world, "clock advance 30s").await.unwrap();
    until("the next version is deployed", async || {
        act(&world, "clock advance 5s").await.unwrap();
        runs() && text(&till(), "/status/operationState/phase") == "Succeeded"
    })
    .await;
    let history = till()["status"]["history"].as_array().unwrap().len();
    assert_eq!(history, 3);
}
