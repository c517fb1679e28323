//! Syncs that windows hold, and hooks that hang.

use super::git::{migration, object};
use super::lab::{Lab, automated, by_hand};
use serde_json::json;

fn is_done(lab: &Lab, app: &str) -> bool {
    lab.get(app)["operation"].is_null()
}

fn deny(manual: bool) -> serde_json::Value {
    json!([{"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"], "manualSync": manual}])
}

#[test]
fn conformance_hook_only_change() {
    let mut lab = Lab::new();
    lab.app("backend", "dev", "main", &automated(true));
    lab.settle();
    lab.record(&["backend-dev"]);
    lab.git.push("main", |tree| migration(tree, "backend-dev", "exit 1"));
    lab.refresh("backend-dev");
    lab.settle();
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/hook-only-change.txt"));
}

#[test]
fn conformance_window_manual() {
    let mut lab = Lab::new();
    lab.app("frontend", "prod", "v1.0.0", &by_hand());
    lab.app("dependencies", "prod", "v1.0.0", &by_hand());
    lab.settle();
    lab.hurry(true);
    lab.record(&["frontend-prod", "dependencies-prod"]);
    lab.project(|project| project["spec"]["syncWindows"] = deny(true));
    lab.sync("frontend-prod", |_| {});
    lab.until("frontend-prod is synced", |lab| is_done(lab, "frontend-prod"));
    lab.pass(1.0);
    lab.write("dependencies-prod", |app| {
        app["operation"] = json!({"sync": {}, "initiatedBy": {"username": "pilothouse"}});
    });
    lab.until("dependencies-prod is synced", |lab| is_done(lab, "dependencies-prod"));
    lab.project(|_| {});
    lab.settle();
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/window-manual.txt"));
}

#[test]
fn conformance_prune() {
    let mut lab = Lab::new();
    lab.app("dependencies", "prod", "v1.0.0", &by_hand());
    lab.settle();
    lab.sync("dependencies-prod", |_| {});
    lab.settle();
    let head = lab.git.head("main");
    lab.git.branch("feature/prune", &head);
    lab.record(&["dependencies-prod"]);
    lab.git.push("feature/prune", |tree| {
        let extra =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "qdrant-config"}, "data": {"a": "b"}});
        tree.get_mut("dependencies-prod").unwrap().push(extra);
    });
    lab.resynced("dependencies-prod");
    lab.write("dependencies-prod", |app| app["spec"]["source"]["targetRevision"] = json!("feature/prune"));
    lab.refresh("dependencies-prod");
    lab.until("it is out of sync", |lab| lab.get("dependencies-prod")["status"]["sync"]["status"] == "OutOfSync");
    lab.pass(0.8);
    lab.sync("dependencies-prod", |_| {});
    lab.until("it is synced", |lab| is_done(lab, "dependencies-prod"));
    lab.pass(0.3);
    lab.git.push("feature/prune", |tree| drop(tree.get_mut("dependencies-prod").unwrap().pop()));
    lab.refresh("dependencies-prod");
    lab.pass(0.4);
    lab.sync("dependencies-prod", |_| {});
    lab.until("nothing was pruned", |lab| is_done(lab, "dependencies-prod"));
    lab.pass(2.0);
    lab.sync("dependencies-prod", |operation| operation["sync"]["prune"] = json!(true));
    lab.settle();
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/prune.txt"));
}

#[test]
fn conformance_retry_refresh() {
    let mut lab = Lab::new();
    // a Deployment was back at its old pods before anybody looked
    lab.notice_in(60);
    let mut policy = automated(true);
    policy["retry"]["refresh"] = json!(true);
    lab.app("backend", "dev", "main", &policy);
    lab.settle();
    lab.record(&["backend-dev"]);
    lab.resynced("backend-dev");
    lab.git.push("main", |tree| super::git::image(tree, "backend-dev", "9.9.9"));
    lab.refresh("backend-dev");
    lab.until("it waits for a retry", |lab| lab.get("backend-dev")["status"]["operationState"]["retryCount"] == 1);
    lab.pass(0.3);
    lab.git.push("main", |tree| super::git::image(tree, "backend-dev", "latest"));
    lab.refresh("backend-dev");
    lab.settle();
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/retry-refresh.txt"));
}

#[test]
fn conformance_drift() {
    let mut lab = Lab::new();
    for service in ["backend", "frontend"] {
        lab.app(service, "dev", "main", &automated(true));
        lab.app(service, "staging", "release/staging", &automated(false));
    }
    lab.settle();
    lab.record(&["backend-dev", "frontend-dev", "backend-staging", "frontend-staging"]);
    let scale = |lab: &Lab, name: &str, namespace: &str| {
        lab.store.update("Deployment", namespace, name, |object| object["spec"]["replicas"] = json!(3));
    };
    scale(&lab, "backend", "predator12-dev");
    scale(&lab, "frontend", "predator12-dev");
    lab.pass(0.07);
    lab.store.update("Deployment", "predator12-staging", "backend", |object| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] = json!("predator-backend:by-hand");
    });
    lab.pass(0.05);
    scale(&lab, "frontend", "predator12-staging");
    lab.pass(0.08);
    lab.store.update("ConfigMap", "predator12-staging", "backend-config", |object| {
        object["data"]["LOG_LEVEL"] = json!("trace");
    });
    lab.pass(0.24);
    lab.store.delete("Service", "predator12-staging", "frontend");
    lab.pass(8.0);
    lab.sync("backend-staging", |_| {});
    lab.pass(0.07);
    lab.hurry(true);
    lab.sync("frontend-staging", |_| {});
    lab.until("frontend-staging is synced", |lab| is_done(lab, "frontend-staging"));
    lab.pass(1.0);
    lab.hurry(false);
    lab.until("backend-staging is synced", |lab| is_done(lab, "backend-staging"));
    lab.pass(3.0);
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/drift.txt"));
}

#[test]
fn conformance_hook_hangs() {
    let mut lab = Lab::new();
    lab.app("backend", "staging", "release/staging", &automated(false));
    lab.settle();
    let level = |lab: &Lab, migrates: &str, level: &str| {
        lab.git.push("release/staging", |tree| {
            migration(tree, "backend-staging", migrates);
            object(tree, "backend-staging", "ConfigMap", "backend-config")["data"]["LOG_LEVEL"] = json!(level);
        });
        lab.refresh("backend-staging");
    };
    let terminate = |lab: &mut Lab| {
        lab.until("the hook runs", |lab| {
            let said = lab.get("backend-staging")["status"]["operationState"]["message"].clone();
            said.as_str().unwrap_or_default().contains("completion")
        });
        lab.pass(6.0);
        lab.write("backend-staging", |app| app["status"]["operationState"]["phase"] = json!("Terminating"));
    };
    // the recording begins after an earlier try, taken back in Git
    let before = lab.git.push("release/staging", |_| {});
    level(&lab, "sleep 3600", "trace");
    terminate(&mut lab);
    lab.settle();
    lab.git.branch("release/staging", &before);
    lab.refresh("backend-staging");
    lab.settle();
    lab.record(&["backend-staging"]);
    level(&lab, "sleep 3600", "trace");
    terminate(&mut lab);
    lab.pass(6.4);
    level(&lab, "true", "trace");
    lab.settle();
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/hook-hangs.txt"));
}

#[test]
fn conformance_window() {
    let mut lab = Lab::new();
    lab.app("backend", "prod", "v1.0.0", &by_hand());
    lab.app("frontend", "prod", "v1.0.0", &by_hand());
    lab.app("frontend", "staging", "release/staging", &automated(false));
    lab.settle();
    lab.sync("backend-prod", |_| {});
    lab.sync("frontend-prod", |operation| operation["sync"]["syncOptions"] = json!(["ServerSideApply=true"]));
    lab.settle();
    let head = lab.git.head("v1.0.0");
    lab.git.branch("v1.1.0", &head);
    lab.git.push("v1.1.0", |tree| super::git::image(tree, "backend-prod", "1.1.0"));
    lab.write("backend-prod", |app| app["spec"]["source"]["targetRevision"] = json!("v1.1.0"));
    lab.settle();
    lab.hurry(true);
    lab.record(&["backend-prod", "frontend-prod", "frontend-staging"]);
    lab.project(|project| project["spec"]["syncWindows"] = deny(false));
    lab.pass(2.0);
    lab.roll_back("backend-prod", 0);
    lab.pass(0.05);
    lab.write("frontend-prod", |app| app["operation"] = json!({"sync": {}, "initiatedBy": {"username": "pilothouse"}}));
    lab.pass(8.0);
    lab.git.push("release/staging", |tree| {
        object(tree, "frontend-staging", "Deployment", "frontend")["spec"]["replicas"] = json!(4);
    });
    lab.refresh("frontend-staging");
    lab.pass(6.5);
    lab.project(|project| project["spec"]["syncWindows"] = deny(true));
    lab.until("frontend-prod is synced", |lab| is_done(lab, "frontend-prod"));
    lab.project(|_| {});
    lab.refresh("frontend-staging");
    lab.pass(1.5);
    lab.until("the rollback has begun", |lab| {
        lab.get("backend-prod")["status"]["operationState"]["syncResult"]["resources"].is_array()
    });
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/window.txt"));
}
