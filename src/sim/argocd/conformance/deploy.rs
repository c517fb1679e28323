//! Syncs that go well, go badly, and are taken back.

use super::git::{image, migration};
use super::lab::{Lab, NINE, automated, by_hand};
use crate::sim::write::{DeleteOptions, Writer};
use serde_json::json;

fn is_done(lab: &Lab, app: &str) -> bool {
    lab.get(app)["operation"].is_null()
}

#[test]
fn conformance_deploy() {
    let mut lab = Lab::new();
    lab.app("backend", "dev", "main", &automated(true));
    lab.settle();
    lab.record(&["backend-dev"]);
    lab.git.push("main", |tree| image(tree, "backend-dev", "1.1.0"));
    lab.refresh("backend-dev");
    lab.settle();
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/deploy.txt"));
}

#[test]
fn conformance_manual_sync() {
    let mut lab = Lab::new();
    for service in ["backend", "frontend", "dependencies"] {
        lab.app(service, "prod", "v1.0.0", &by_hand());
    }
    lab.settle();
    lab.record(&["backend-prod", "frontend-prod", "dependencies-prod"]);
    // Secret and ConfigMap came within one look, Service and Deployment did not
    lab.hurry(true);
    lab.sync("backend-prod", |_| {});
    lab.until("the first wave is applied", |lab| {
        lab.get("backend-prod")["status"]["operationState"]["message"].as_str().unwrap_or_default().contains("Secret")
    });
    lab.hurry(false);
    lab.until("backend-prod is synced", |lab| is_done(lab, "backend-prod"));
    lab.sync("frontend-prod", |operation| operation["sync"]["dryRun"] = json!(true));
    lab.until("the dry run is done", |lab| is_done(lab, "frontend-prod"));
    lab.sync("frontend-prod", |operation| {
        operation["sync"]["resources"] = json!([{"kind": "ConfigMap", "name": "frontend-config"}]);
    });
    lab.until("the selective sync is done", |lab| is_done(lab, "frontend-prod"));
    lab.pass(2.0);
    lab.hurry(true);
    lab.sync("frontend-prod", |operation| operation["sync"]["syncOptions"] = json!(["ServerSideApply=true"]));
    lab.until("frontend-prod is synced", |lab| is_done(lab, "frontend-prod"));
    lab.hurry(false);
    lab.resynced("dependencies-prod");
    lab.pass(0.05);
    lab.sync("dependencies-prod", |_| {});
    lab.settle();
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/manual-sync.txt"));
}

#[test]
fn conformance_hook_fails() {
    let mut lab = Lab::new();
    lab.app("backend", "dev", "main", &automated(true));
    lab.settle();
    lab.record(&["backend-dev"]);
    lab.git.push("main", |tree| {
        migration(tree, "backend-dev", "exit 1");
        super::git::object(tree, "backend-dev", "ConfigMap", "backend-config")["data"]["LOG_LEVEL"] = json!("info");
    });
    lab.refresh("backend-dev");
    lab.until("it failed for good", |lab| lab.get("backend-dev")["status"]["operationState"]["phase"] == "Failed");
    lab.pass(6.0);
    lab.git.push("main", |tree| migration(tree, "backend-dev", "true"));
    lab.refresh("backend-dev");
    lab.settle();
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/hook-fails.txt"));
}

#[test]
fn conformance_bad_image() {
    let mut lab = Lab::new();
    // a Deployment was back at its old pods before anybody looked
    lab.notice_in(60);
    lab.app("backend", "dev", "main", &automated(true));
    lab.settle();
    lab.record(&["backend-dev"]);
    lab.git.push("main", |tree| image(tree, "backend-dev", "9.9.9"));
    lab.refresh("backend-dev");
    lab.until("it waits for a retry", |lab| lab.get("backend-dev")["status"]["operationState"]["retryCount"] == 1);
    lab.pass(1.0);
    lab.git.push("main", |tree| image(tree, "backend-dev", "latest"));
    lab.refresh("backend-dev");
    lab.settle();
    lab.settle();
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/bad-image.txt"));
}

#[test]
fn conformance_rollback() {
    let mut lab = Lab::new();
    lab.app("backend", "prod", "v1.0.0", &by_hand());
    lab.app("backend", "dev", "main", &automated(true));
    lab.settle();
    lab.sync("backend-prod", |_| {});
    lab.settle();
    // the recording begins with the dev Application one deployment on
    lab.git.push("main", |tree| image(tree, "backend-dev", "1.1.0"));
    lab.refresh("backend-dev");
    lab.settle();
    lab.refresh("backend-dev");
    lab.pass(5.0);
    let head = lab.git.head("v1.0.0");
    lab.git.branch("v1.1.0", &head);
    let newest = lab.git.push("v1.1.0", |tree| image(tree, "backend-prod", "1.1.0"));
    lab.git.push("main", |_| {});
    lab.record(&["backend-prod", "backend-dev"]);
    lab.write("backend-prod", |app| app["spec"]["source"]["targetRevision"] = json!("v1.1.0"));
    lab.refresh("backend-prod");
    lab.until("it is out of sync", |lab| lab.get("backend-prod")["status"]["sync"]["status"] == "OutOfSync");
    lab.pass(0.3);
    lab.sync("backend-prod", |_| {});
    lab.until("it is synced", |lab| is_done(lab, "backend-prod"));
    lab.pass(0.3);
    assert_eq!(lab.git.head("v1.1.0"), newest);
    lab.roll_back("backend-prod", 0);
    lab.until("it is back", |lab| is_done(lab, "backend-prod"));
    lab.pass(3.0);
    // the same without the server: auto-sync off, the operation written, auto-sync on again
    lab.write("backend-dev", |app| app["spec"]["syncPolicy"]["automated"]["enabled"] = json!(false));
    lab.pass(3.0);
    let row = lab.get("backend-dev")["status"]["history"][0].clone();
    lab.write("backend-dev", |app| {
        app["operation"] = json!({"initiatedBy": {"username": "dev@bastion"}, "sync": {"revision": row["revision"],
            "source": row["source"], "prune": true, "syncStrategy": {"apply": {}},
            "syncOptions": app["spec"]["syncPolicy"]["syncOptions"]}});
    });
    lab.until("dev is back", |lab| is_done(lab, "backend-dev"));
    lab.pass(4.0);
    lab.write("backend-dev", |app| app["spec"]["syncPolicy"]["automated"]["enabled"] = json!(true));
    lab.pass(60.0);
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/rollback.txt"));
}

#[test]
fn conformance_bootstrap() {
    let mut lab = Lab::new();
    // a smoke test of another life, deleted while its hook ran
    let mut left = super::git::object(&mut lab.git.tree("main"), "backend-staging", "Job", "backend-smoke").clone();
    left["metadata"]["namespace"] = json!("predator12-staging");
    left["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] =
        json!("backend-staging:batch/Job:predator12-staging/backend-smoke");
    left["metadata"]["finalizers"] = json!(["argocd.argoproj.io/hook-finalizer"]);
    let writer = Writer::new(&lab.store, "kubectl");
    writer.create(left).unwrap();
    writer.delete("Job", "predator12-staging", "backend-smoke", &DeleteOptions::default()).unwrap();
    lab.record(&NINE);
    lab.set(|_| {});
    let tests = |lab: &Lab, app: &str| {
        let rows = lab.get(app)["status"]["resources"].clone();
        let hooks = rows.as_array().into_iter().flatten().filter(|row| row["hook"] == true).count();
        let said = lab.get(app)["status"]["operationState"]["message"].clone();
        hooks == 2 && said.as_str().unwrap_or_default().ends_with("backend-smoke")
    };
    lab.until("the smoke tests run", |lab| tests(lab, "backend-dev") && tests(lab, "backend-staging"));
    lab.conforms(include_str!("../../../../tests/fixtures/argocd/conformance/bootstrap.txt"));
}
