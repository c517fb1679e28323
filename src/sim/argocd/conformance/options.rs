//! Sync options, and what a project forbids.

use super::git::URL;
use super::lab::Lab;
use serde_json::{Value, json};

/// A ConfigMap with annotations of Argo CD.
pub fn config(name: &str, annotations: &[(&str, &str)]) -> Value {
    let mut object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "annotations": {}}, "data": {"a": "1"}});
    for (key, value) in annotations {
        object["metadata"]["annotations"][format!("argocd.argoproj.io/{key}")] = json!(value);
    }
    object
}

fn deployment(app: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 1,
        "selector": {"matchLabels": {"app": app}}, "template": {"metadata": {"labels": {"app": app}}, "spec": {
            "containers": [{"name": "web", "image": "web:1", "command": ["sh", "-c", "sleep infinity"]}]}}}})
}

/// A world with one Application, `x`, which wants these objects.
pub fn small(objects: Vec<Value>, change: impl FnOnce(&mut Value)) -> Lab {
    let mut lab = Lab::new();
    lab.default_project();
    wants(&lab, objects);
    let mut app = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": "x", "namespace": "argocd"},
        "spec": {"project": "default", "source": {"repoURL": URL, "targetRevision": "main", "path": "small"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "predator12-lab"}}});
    change(&mut app);
    lab.store.put(app);
    lab.pass(5.0);
    lab
}

/// From now on Git has these objects.
pub fn wants(lab: &Lab, objects: Vec<Value>) {
    lab.git.push("main", |tree| drop(tree.insert("small".to_owned(), objects)));
}

/// Syncs with these options and waits for the end: phase, message, and results as `name status message`.
fn synced(lab: &mut Lab, options: &[&str], prune: bool) -> (String, String, Vec<String>) {
    lab.sync("x", |operation| {
        operation["sync"]["syncOptions"] = json!(options);
        operation["sync"]["prune"] = json!(prune);
    });
    lab.until("the sync is over", |lab| lab.get("x")["operation"].is_null());
    told(lab)
}

fn told(lab: &Lab) -> (String, String, Vec<String>) {
    let state = lab.get("x")["status"]["operationState"].clone();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = state["syncResult"]["resources"].as_array().cloned().unwrap_or_default();
    let row = |row: &Value| format!("{} {} {}", word(&row["name"]), word(&row["status"]), word(&row["message"]));
    (word(&state["phase"]), word(&state["message"]), rows.iter().map(row).collect())
}

#[test]
fn what_cannot_be_changed_is_replaced_or_made_again() {
    let mut lab = small(vec![deployment("web"), config("a", &[])], |_| {});
    assert_eq!(synced(&mut lab, &[], false).0, "Succeeded");
    lab.pass(5.0);
    let (_, _, rows) = synced(&mut lab, &["Replace=true"], false);
    assert_eq!(rows, ["a Synced configmap/a replaced", "web Synced deployment.apps/web replaced"]);
    let uid = |lab: &Lab| lab.store.get("Deployment", "predator12-lab", "web").unwrap()["metadata"]["uid"].clone();
    let before = uid(&lab);
    wants(&lab, vec![deployment("other"), config("a", &[])]);
    let (phase, message, rows) = synced(&mut lab, &[], false);
    assert!(phase == "Failed" && message.contains("field is immutable"), "{message}");
    assert!(rows[1].starts_with("web SyncFailed Deployment.apps \"web\" is invalid"), "{rows:?}");
    let (phase, _, rows) = synced(&mut lab, &["Force=true"], false);
    assert_eq!((phase.as_str(), rows[1].as_str()), ("Succeeded", "web Synced deployment.apps/web configured"));
    assert_ne!(uid(&lab), before);
    wants(&lab, vec![deployment("third"), config("a", &[])]);
    assert_eq!(
        synced(&mut lab, &["Replace=true", "Force=true"], false).2[1],
        "web Synced deployment.apps/web replaced"
    );
}

#[test]
fn fields_that_no_type_has_are_refused_unless_nobody_looks() {
    let mut wrong = deployment("web");
    wrong["spec"]["replica"] = json!(2);
    let mut lab = small(vec![wrong], |_| {});
    let (phase, _, rows) = synced(&mut lab, &[], false);
    assert!(phase == "Failed" && rows[0].contains("unknown field \"spec.replica\""), "{rows:?}");
    assert_eq!(synced(&mut lab, &["Validate=false"], false).0, "Succeeded");
}

#[test]
fn pruning_asks_waits_and_goes_backwards() {
    let all = vec![
        config("first", &[("sync-wave", "-1")]),
        config("second", &[("sync-wave", "2")]),
        config("kept", &[("sync-options", "Prune=false")]),
        config("dear", &[("sync-options", "Prune=confirm")]),
        config("stays", &[]),
    ];
    let mut lab = small(all, |_| {});
    let (_, _, rows) = synced(&mut lab, &[], false);
    let names: Vec<&str> = rows.iter().map(|row| row.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["first", "dear", "kept", "stays", "second"], "negative waves come first");
    wants(&lab, vec![config("stays", &[])]);
    lab.refresh("x");
    lab.pass(5.0);
    let rows = lab.get("x")["status"]["resources"].clone();
    assert!(
        rows.as_array().unwrap().iter().any(|row| row["name"] == "dear" && row["requiresDeletionConfirmation"] == true)
    );
    lab.sync("x", |operation| operation["sync"]["prune"] = json!(true));
    lab.pass(20.0);
    let (phase, message, rows) = told(&lab);
    let waits = "waiting for pruning confirmation of /ConfigMap/dear";
    assert_eq!((phase.as_str(), message.as_str(), rows), ("Running", waits, vec!["second Pruned pruned".to_owned()]));
    assert!(lab.store.get("ConfigMap", "predator12-lab", "dear").is_some());
    let now = crate::sim::time::stamp(lab.now());
    lab.write("x", |app| app["metadata"]["annotations"]["argocd.argoproj.io/deletion-approved"] = json!(now));
    lab.until("the sync is over", |lab| lab.get("x")["operation"].is_null());
    let pruned = ["second Pruned pruned", "dear Pruned pruned", "kept PruneSkipped ignored (no prune)"];
    let (phase, _, rows) = told(&lab);
    assert_eq!((phase.as_str(), &rows[..3]), ("Succeeded", &pruned.map(str::to_owned)[..]));
    assert!(rows.last().unwrap() == "first Pruned pruned", "what came first goes last: {rows:?}");
}

#[test]
fn a_policy_says_what_becomes_of_what_was_made() {
    let sets = |lab: &Lab| lab.store.list("ReplicaSet", Some("predator12-lab")).len();
    for (policy, left) in [("PrunePropagationPolicy=orphan", 1), ("PrunePropagationPolicy=background", 0)] {
        let mut lab = small(vec![deployment("web"), config("a", &[])], |_| {});
        synced(&mut lab, &[], false);
        lab.pass(5.0);
        assert_eq!(sets(&lab), 1);
        wants(&lab, vec![config("a", &[])]);
        synced(&mut lab, &[policy], true);
        lab.pass(60.0);
        assert_eq!((sets(&lab), lab.store.len("Deployment")), (left, 0), "{policy}");
    }
}

#[test]
fn objects_of_others_and_kinds_nobody_knows() {
    let mut lab = small(vec![config("a", &[])], |_| {});
    synced(&mut lab, &[], false);
    let mut other = lab.get("x");
    other["metadata"] = json!({"name": "y", "namespace": "argocd"});
    other.as_object_mut().unwrap().remove("status");
    lab.store.put(other);
    lab.pass(5.0);
    lab.sync("y", |operation| operation["sync"]["syncOptions"] = json!(["FailOnSharedResource=true"]));
    lab.until("it is over", |lab| lab.get("y")["operation"].is_null());
    let state = lab.get("y")["status"]["operationState"].clone();
    let words = "Shared resource found: ConfigMap/a is part of applications argocd/y and x";
    assert_eq!((&state["phase"], &state["message"]), (&json!("Failed"), &json!(words)));
    let moon = json!({"apiVersion": "example.com/v1", "kind": "Moon", "metadata": {"name": "m"}});
    wants(&lab, vec![config("a", &[]), moon]);
    let (phase, message, _) = synced(&mut lab, &[], false);
    let words = "one or more synchronization tasks are not valid: The Kubernetes API could not find example.com/Moon for \
                 requested resource predator12-lab/m. Make sure the \"Moon\" CRD is installed on the destination cluster.";
    assert_eq!((phase.as_str(), message.as_str()), ("Failed", words));
    let (phase, _, rows) = synced(&mut lab, &["SkipDryRunOnMissingResource=true"], false);
    assert!(phase == "Failed" && rows[1].starts_with("m SyncFailed "), "{rows:?}");
}

#[test]
fn a_project_forbids_kinds_and_places() {
    let mut elsewhere = config("b", &[]);
    elsewhere["metadata"]["namespace"] = json!("kube-public");
    let mut lab = small(vec![config("a", &[]), elsewhere], |app| app["spec"]["project"] = json!("predator12"));
    let (phase, message, _) = synced(&mut lab, &[], false);
    let words = "one or more synchronization tasks are not valid: namespace kube-public is not permitted in project 'predator12'";
    assert_eq!((phase.as_str(), message.as_str()), ("Failed", words));
    lab.project(|project| {
        project["spec"]["namespaceResourceBlacklist"] = json!([{"group": "", "kind": "Config*"}]);
    });
    wants(&lab, vec![config("a", &[])]);
    let (_, message, _) = synced(&mut lab, &[], false);
    let words =
        "one or more synchronization tasks are not valid: resource :ConfigMap is not permitted in project predator12";
    assert_eq!(message, words);
    lab.refresh("x");
    lab.pass(5.0);
    assert_eq!(lab.get("x")["status"]["resources"][0]["status"], "Unknown");
    lab.project(|project| project["spec"]["sourceRepos"] = json!([format!("!{URL}"), "*"]));
    lab.refresh("x");
    lab.pass(5.0);
    let words = format!("application repo {URL} is not permitted in project 'predator12'");
    assert_eq!(lab.get("x")["status"]["conditions"][0]["message"], words);
}

#[test]
fn a_namespace_is_made_with_its_metadata_and_orphans_are_counted() {
    let mut lab = small(vec![config("a", &[])], |app| {
        app["spec"]["destination"]["namespace"] = json!("fresh");
        app["spec"]["syncPolicy"] = json!({"managedNamespaceMetadata": {"labels": {"team": "core"}}});
    });
    assert!(lab.store.get("Namespace", "", "fresh").is_none());
    assert_eq!(synced(&mut lab, &["CreateNamespace=true"], false).0, "Succeeded");
    assert_eq!(lab.store.get("Namespace", "", "fresh").unwrap()["metadata"]["labels"]["team"], "core");
    for name in ["left", "ignored-1", "kube-root-ca.crt"] {
        lab.store
            .put(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "fresh"}}));
    }
    lab.store.update("AppProject", "argocd", "default", |project| {
        project["spec"]["orphanedResources"] =
            json!({"warn": true, "ignore": [{"kind": "ConfigMap", "name": "ignored-*"}]});
    });
    lab.refresh("x");
    lab.pass(5.0);
    let condition = &lab.get("x")["status"]["conditions"][0];
    let told = (&condition["type"], &condition["message"]);
    assert_eq!(told, (&json!("OrphanedResourceWarning"), &json!("Application has 1 orphaned resources")));
}

#[test]
fn hooks_are_named_and_those_for_a_failure_run_after_one() {
    let hook = |when: &str, script: &str| {
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "job-", "annotations": {
            "argocd.argoproj.io/hook": when, "argocd.argoproj.io/hook-delete-policy": "HookFailed"}},
            "spec": {"backoffLimit": 0, "template": {"spec": {"restartPolicy": "Never", "containers": [
                {"name": "job", "image": "job:1", "command": ["sh", "-c", script]}]}}}})
    };
    let mut lab = small(vec![config("a", &[]), hook("PreSync", "exit 1")], |_| {});
    let names = |rows: &[String]| rows.iter().map(|row| row.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>();
    let (phase, message, rows) = synced(&mut lab, &[], false);
    assert_eq!(
        (phase.as_str(), message.as_str()),
        ("Failed", "one or more synchronization tasks completed unsuccessfully")
    );
    let short = &lab.git.head("main")[..7];
    let started = lab.get("x")["status"]["operationState"]["startedAt"].as_str().unwrap().parse::<jiff::Timestamp>();
    assert_eq!(names(&rows), [format!("job-{short}-presync-{}", started.unwrap().as_second())]);
    lab.pass(60.0);
    assert!(lab.store.list("Job", None).is_empty(), "a failed hook goes where its policy says so");
    wants(&lab, vec![config("a", &[]), hook("PreSync", "exit 1"), hook("SyncFail", "true")]);
    let (_, _, rows) = synced(&mut lab, &[], false);
    assert!(names(&rows)[1].contains("-syncfail-"), "{rows:?}");
}

#[test]
fn as_many_rows_of_history_as_asked_for() {
    let mut lab = small(vec![config("a", &[])], |app| app["spec"]["revisionHistoryLimit"] = json!(2));
    for _ in 0..4 {
        synced(&mut lab, &[], false);
    }
    let history = lab.get("x")["status"]["history"].clone();
    let ids: Vec<&Value> = history.as_array().unwrap().iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, [2, 3]);
}

#[test]
fn an_error_of_a_source_that_nobody_asked_for_is_told_when_it_stays() {
    let mut lab = small(vec![config("a", &[])], |_| {});
    let conditions = |lab: &Lab| lab.get("x")["status"]["conditions"].to_string();
    lab.git.push("main", |tree| drop(tree.remove("small")));
    // the next look without a reason comes within two minutes
    lab.pass(170.0);
    assert_eq!(conditions(&lab), "null");
    lab.pass(240.0);
    assert!(conditions(&lab).contains("small: app path does not exist"), "{}", conditions(&lab));
    wants(&lab, vec![config("a", &[])]);
    lab.pass(130.0);
    assert_eq!(conditions(&lab), "null");
    lab.git.push("main", |tree| drop(tree.remove("small")));
    lab.refresh("x");
    lab.pass(1.0);
    assert!(conditions(&lab).contains("ComparisonError"), "who asks is told at once");
}
