//! Applications that are deleted.

use super::lab::Lab;
use super::options::{config, small};
use crate::sim::argocd::{Cluster, Link, Pace};
use crate::sim::write::{DeleteOptions, Writer};
use serde_json::{Value, json};

const CASCADE: &str = "resources-finalizer.argocd.argoproj.io";

fn delete(lab: &Lab) {
    Writer::new(&lab.store, "kubectl").delete("Application", "argocd", "x", &DeleteOptions::default()).unwrap();
}

fn is_there(lab: &Lab, name: &str) -> bool {
    lab.store.get("ConfigMap", "predator12-lab", name).is_some()
}

/// A synced Application that takes its objects along when it goes.
fn synced(objects: Vec<Value>) -> Lab {
    let mut lab = small(objects, |app| app["metadata"]["finalizers"] = json!([CASCADE]));
    lab.sync("x", |_| {});
    lab.until("the sync is over", |lab| lab.get("x")["operation"].is_null());
    lab.pass(5.0);
    lab
}

#[test]
fn the_last_wave_goes_first_and_what_may_not_go_stays() {
    let mut lab = synced(vec![
        config("early", &[("sync-wave", "-1")]),
        config("late", &[("sync-wave", "3")]),
        config("kept", &[("sync-options", "Delete=false")]),
    ]);
    delete(&lab);
    lab.until("the last wave is gone", |lab| !is_there(lab, "late"));
    assert!(is_there(&lab, "early") && !lab.get("x").is_null());
    lab.until("it is gone", |lab| lab.get("x").is_null());
    assert!(!is_there(&lab, "early") && is_there(&lab, "kept"));
}

#[test]
fn what_is_dear_waits_for_a_word() {
    let mut lab = synced(vec![config("dear", &[("sync-options", "Delete=confirm")]), config("a", &[])]);
    delete(&lab);
    lab.pass(60.0);
    assert!(is_there(&lab, "dear") && is_there(&lab, "a"));
    let now = crate::sim::time::stamp(lab.now());
    lab.write("x", |app| app["metadata"]["annotations"]["argocd.argoproj.io/deletion-approved"] = json!(now));
    lab.until("it is gone", |lab| lab.get("x").is_null());
    assert!(!is_there(&lab, "dear"));
}

#[test]
fn without_the_finalizer_everything_stays() {
    let mut lab = synced(vec![config("a", &[])]);
    lab.write("x", |app| drop(app["metadata"].as_object_mut().unwrap().remove("finalizers")));
    delete(&lab);
    lab.pass(30.0);
    assert!(lab.get("x").is_null() && is_there(&lab, "a"));
}

#[test]
fn a_cluster_that_nobody_reaches_keeps_its_applications() {
    let down = Link::Down("connection refused".to_owned());
    let mut lab = Lab::with(Pace::default(), |store| vec![Cluster { link: down, ..Cluster::local(store) }]);
    lab.default_project();
    lab.app("frontend", "dev", "main", &super::lab::by_hand());
    lab.pass(5.0);
    Writer::new(&lab.store, "kubectl")
        .delete("Application", "argocd", "frontend-dev", &DeleteOptions::default())
        .unwrap();
    lab.pass(300.0);
    let app = lab.get("frontend-dev");
    let conditions = app["status"]["conditions"].as_array().unwrap();
    let error = conditions.iter().find(|one| one["type"] == "DeletionError").unwrap();
    assert_eq!(error["message"], "error synchronizing cache state : connection refused");
    let told = lab.store.list("Event", Some("argocd"));
    let told: Vec<&Value> = told.iter().filter(|event| event["reason"] == "StatusRefreshed").collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["type"], "Warning");
    assert_eq!(
        told[0]["message"],
        "Unable to delete application resources: error synchronizing cache state : connection refused"
    );
}

#[test]
fn an_operation_that_runs_is_finished_first() {
    let hook = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "wait", "annotations": {
        "argocd.argoproj.io/hook": "PreSync"}}, "spec": {"template": {"spec": {"restartPolicy": "Never",
            "containers": [{"name": "job", "image": "job:1", "command": ["sh", "-c", "sleep 8"]}]}}}});
    let mut lab = small(vec![config("a", &[]), hook], |app| app["metadata"]["finalizers"] = json!([CASCADE]));
    lab.sync("x", |_| {});
    lab.pass(2.0);
    delete(&lab);
    lab.pass(0.5);
    let app = lab.get("x");
    assert!(app["operation"].is_object() && app["metadata"]["deletionTimestamp"].is_string());
    lab.until("the sync is over", |lab| lab.get("x")["operation"].is_null());
    assert_eq!(lab.get("x")["status"]["operationState"]["phase"], "Succeeded");
    assert!(is_there(&lab, "a"));
    lab.until("it is gone", |lab| lab.get("x").is_null());
    assert!(!is_there(&lab, "a") && lab.store.list("Job", None).is_empty());
}

#[test]
fn hooks_run_before_and_after() {
    let hook = |name: &str, when: &str| {
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "annotations": {
            "argocd.argoproj.io/hook": when, "argocd.argoproj.io/hook-delete-policy": "HookSucceeded"}},
            "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [
                {"name": "job", "image": "job:1", "command": ["sh", "-c", "sleep 3"]}]}}}})
    };
    let mut lab = synced(vec![config("a", &[]), hook("before", "PreDelete"), hook("after", "PostDelete")]);
    let finalizers = lab.get("x")["metadata"]["finalizers"].as_array().unwrap().len();
    assert_eq!(finalizers, 5, "one for what was deployed, two for each moment");
    assert!(lab.store.list("Job", None).is_empty(), "they are no part of a sync");
    let job = |lab: &Lab, name: &str| lab.store.get("Job", "predator12-lab", name).is_some();
    delete(&lab);
    lab.until("the first hook runs", |lab| job(lab, "before"));
    assert!(is_there(&lab, "a"));
    lab.until("the second hook runs", |lab| job(lab, "after"));
    assert!(!is_there(&lab, "a") && !job(&lab, "before") && !lab.get("x").is_null());
    lab.until("it is gone", |lab| lab.get("x").is_null());
    lab.pass(10.0);
    assert!(lab.store.list("Job", None).is_empty());
}
