//! The world's GitOps repository as people use it: with git, and with a library.

use pilothouse::sim::control;
use pilothouse::sim::git::Helm;
use pilothouse::sim::world::{SimOptions, World};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::wait::found;

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn quiet() -> World {
    World::start(SimOptions { scenario: Some("quiet".to_owned()), ..SimOptions::default() }).unwrap()
}

fn path(world: &World) -> PathBuf {
    PathBuf::from(text(&world.ready_line(), "/git/path"))
}

/// Runs git with nothing of this user's settings.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .args(["-c", "user.name=Somebody", "-c", "user.email=s@example.com"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Commits one file with the library, straight into the bare repository.
fn commit(world: &World, branch: &str, file: &str, content: &str) -> String {
    let repo = git2::Repository::open_bare(path(world)).unwrap();
    let name = format!("refs/heads/{branch}");
    let parent = repo.find_reference(&name).unwrap().peel_to_commit().unwrap();
    let mut index = git2::Index::new().unwrap();
    index.read_tree(&parent.tree().unwrap()).unwrap();
    let mut entry = index.get_path(Path::new(file), 0).unwrap();
    entry.id = repo.blob(content.as_bytes()).unwrap();
    index.add(&entry).unwrap();
    let tree = repo.find_tree(index.write_tree_to(&repo).unwrap()).unwrap();
    let who = git2::Signature::now("Somebody", "s@example.com").unwrap();
    repo.commit(Some(&name), &who, &who, "by the library", &tree, &[&parent]).unwrap().to_string()
}

async fn advance(world: &World, by: &str) {
    control::send(world.control(), &["clock", "advance", by].map(str::to_owned)).await.unwrap();
}

fn app(world: &World, source: &str, name: &str) -> Value {
    world.store(source).unwrap().get("Application", "argocd", name).unwrap()
}

/// Asks for a refresh and lets time pass until the Application is as it should be.
async fn refreshed(world: &World, source: &str, name: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    world.store(source).unwrap().update("Application", "argocd", name, |app| {
        app["metadata"]["annotations"]["argocd.argoproj.io/refresh"] = json!("normal");
    });
    found(what, async || {
        advance(world, "5s").await;
        let now = app(world, source, name);
        if holds(&now) { Ok(now) } else { Err(format!("{now:#}")) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_by_git_is_what_the_next_refresh_deploys() {
    let world = quiet();
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}", path(&world).display());
    git(folder.path(), &["clone", "-q", &url, "work"]);
    let work = folder.path().join("work");
    let overlay = work.join("helm/overlays/dev/frontend.yaml");
    let before = std::fs::read_to_string(&overlay).unwrap();
    assert!(before.contains("2.3.1"), "{before}");
    // a version that was there before: it needs no helm
    std::fs::write(&overlay, before.replace("2.3.1", "2.3.0")).unwrap();
    git(&work, &["commit", "-qam", "back to frontend 2.3.0"]);
    git(&work, &["push", "-q", "origin", "HEAD"]);
    let pushed = git(&work, &["rev-parse", "HEAD"]);
    let store = world.store("minikube").unwrap();
    let runs = || {
        let frontend = store.get("Deployment", "predator12-dev", "frontend").unwrap();
        text(&frontend, "/spec/template/spec/containers/0/image").to_owned()
    };
    assert_eq!(runs(), "predator-frontend:2.3.1");
    let after = refreshed(&world, "minikube", "frontend-dev", "it is deployed", |app| {
        text(app, "/status/sync/revision") == pushed
            && text(app, "/status/operationState/phase") == "Succeeded"
            && text(app, "/status/sync/status") == "Synced"
            && app["operation"].is_null()
            && runs() == "predator-frontend:2.3.0"
    })
    .await;
    assert_eq!(after["status"]["history"].as_array().unwrap().last().unwrap()["revision"], pushed.as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_by_the_library_is_rendered_by_helm_or_said_not_to_be() {
    let world = quiet();
    let file = "helm/overlays/staging/celery.yaml";
    let repo = git2::Repository::open_bare(path(&world)).unwrap();
    let head = repo.find_reference("refs/heads/release/staging").unwrap().peel_to_tree().unwrap();
    let old = repo.find_blob(head.get_path(Path::new(file)).unwrap().id()).unwrap().content().to_vec();
    let old = String::from_utf8(old).unwrap();
    let replicas = || {
        let celery = world.store("predator-cloud").unwrap().get("Deployment", "predator12-staging", "celery").unwrap();
        celery["spec"]["replicas"].as_i64().unwrap()
    };
    assert_eq!(replicas(), 2);
    let made = commit(&world, "release/staging", file, &old.replace("replicas: 2", "replicas: 5"));
    if Helm::find().is_some() {
        refreshed(&world, "predator-cloud", "celery-staging", "it is deployed", |_| replicas() == 5).await;
    } else {
        let told = refreshed(&world, "predator-cloud", "celery-staging", "it is said", |app| {
            text(app, "/status/sync/status") == "Unknown"
        })
        .await;
        let condition = &told["status"]["conditions"][0];
        assert_eq!(text(condition, "/type"), "ComparisonError");
        assert!(text(condition, "/message").contains("install helm"), "{condition}");
        assert_eq!(replicas(), 2, "what runs stays as it is");
    }
    let back = commit(&world, "release/staging", file, &old);
    assert_ne!(made, back);
    let healed = refreshed(&world, "predator-cloud", "celery-staging", "it is well again", |app| {
        text(app, "/status/sync/revision") == back && text(app, "/status/sync/status") == "Synced" && replicas() == 2
    })
    .await;
    assert!(healed["status"]["conditions"].as_array().is_none_or(Vec::is_empty), "{}", healed["status"]["conditions"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_objects_of_argo_cd_itself_are_those_of_the_repository() {
    let world = quiet();
    for (source, environments) in [("minikube", "dev"), ("predator-cloud", "staging prod")] {
        let store = world.store(source).unwrap();
        let set = store.get("ApplicationSet", "argocd", "predator12").unwrap();
        let elements = set.pointer("/spec/generators/0/matrix/generators/0/list/elements").unwrap().as_array().unwrap();
        let named: Vec<&str> = elements.iter().map(|one| text(one, "/env")).collect();
        assert_eq!(named.join(" "), environments);
        let project = store.get("AppProject", "argocd", "predator12").unwrap();
        assert_eq!(text(&project, "/spec/roles/0/name"), "developer");
        let policy = store.get("ConfigMap", "argocd", "argocd-rbac-cm").unwrap();
        assert!(text(&policy, "/data/policy.csv").contains("role:developer"));
        assert!(store.get("ConfigMap", "argocd", "argocd-notifications-cm").is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_is_what_the_charts_say() {
    let world = quiet();
    let store = world.store("minikube").unwrap();
    let backend = store.get("Deployment", "predator12-dev", "backend").unwrap();
    let api = &backend["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(text(api, "/readinessProbe/httpGet/path"), "/health");
    assert_eq!(text(api, "/command/2"), "debugpy");
    assert_eq!(api["ports"].as_array().unwrap().iter().filter(|port| port["name"] == "debugpy").count(), 1);
    let config = store.get("ConfigMap", "predator12-dev", "backend-config").unwrap();
    assert_eq!(text(&config, "/data/DEBUG_PY"), "1");
    for job in ["backend-migrate", "backend-smoke"] {
        let job = store.get("Job", "predator12-dev", job).unwrap();
        assert_eq!(job["status"]["succeeded"], 1);
    }
    let cloud = world.store("predator-cloud").unwrap();
    let prod = Some("predator12-prod");
    assert_eq!(cloud.list("HorizontalPodAutoscaler", prod).len(), 1);
    assert_eq!(cloud.list("NetworkPolicy", prod).len(), 1);
    assert_eq!(cloud.list("ServiceMonitor", prod).len(), 1);
    let ingress = cloud.get("Ingress", "predator12-prod", "frontend").unwrap();
    assert!(ingress["status"]["loadBalancer"]["ingress"].is_array());
    assert!(cloud.get("Secret", "predator12-prod", "backend-secrets").is_some());
    let claim = cloud.get("PersistentVolumeClaim", "predator12-prod", "data-postgres-0").unwrap();
    assert_eq!(text(&claim, "/status/phase"), "Bound");
    let backend = cloud.get("Deployment", "predator12-prod", "backend").unwrap();
    assert_eq!(backend["spec"]["replicas"], 3, "the autoscaler's least");
}
