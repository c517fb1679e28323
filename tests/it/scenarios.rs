//! The bundled scenarios, each for what it shows.

use pilothouse::sim::control;
use pilothouse::sim::world::{SimOptions, World};
use serde_json::Value;
use std::process::Command;
use std::time::{Duration, Instant};

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

/// Waits for a condition; a minute is a busy machine's patience.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
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
}

#[tokio::test]
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
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_window() {
    let world = start("window");
    let project = world.store("predator-cloud").unwrap().get("AppProject", "argocd", "predator12").unwrap();
    let window = &project["spec"]["syncWindows"][0];
    assert_eq!((text(window, "/kind"), text(window, "/applications/0")), ("deny", "*-prod"));
    act(&world, "clock advance 30s").await.unwrap();
    assert_eq!(state(&world).await["git"]["waiting"]["prod"], 1);
}

#[tokio::test]
async fn scenario_rbac() {
    let world = start("rbac");
    let kubeconfig = std::fs::read_to_string(world.kubeconfig()).unwrap();
    assert!(kubeconfig.contains(world.token("developer").unwrap()));
    assert!(!kubeconfig.contains(world.token("admin").unwrap()));
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
    changes(&world, "fleet").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_storm() {
    let world = start("storm");
    assert_eq!(state(&world).await["sources"]["storm"]["apps"], 2_000);
    changes(&world, "storm").await;
}

/// Waits until a hundred changes have happened by themselves.
async fn changes(world: &World, source: &str) {
    let store = world.store(source).unwrap();
    let first = store.resource_version();
    until("changes happen", async || store.resource_version() >= first + 100).await;
}
