//! The same requests bring about the same states and Events, in the same order, as on a real Kubernetes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::recorder::{Lab, NAMESPACE};
use super::told::{differences, fixture};

macro_rules! recorded {
    ($name:literal) => {
        fixture(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/kubernetes/", $name)))
    };
}

/// A Deployment as a client creates it.
fn deployment(name: &str, replicas: i64, container: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {
                "containers": [container], "terminationGracePeriodSeconds": 1}},
        },
    })
}

fn shell(name: &str, image: &str, script: &str) -> Value {
    json!({"name": name, "image": image, "command": ["sh", "-c", script]})
}

#[tokio::test(flavor = "multi_thread")]
async fn conformance_rollout() {
    let lab = Lab::new().await;
    let script = "echo '- ready started server'; while true; do sleep 5; echo ' GET / 200 in 12ms'; done";
    lab.create(&deployment("frontend", 2, &shell("next", "predator-frontend:1.0.0", script))).await;
    lab.pass(20_000).await;
    // somebody scaled it by hand before the recording began
    lab.scale("frontend", 3).await;
    lab.pass(200_000).await;
    let recorder = lab.record().await;
    lab.scale("frontend", 2).await;
    lab.pass(226).await;
    let restarted = json!({"kubectl.kubernetes.io/restartedAt": "2026-11-23T06:35:52Z"});
    lab.patch("Deployment", "frontend", &json!({"spec": {"template": {"metadata": {"annotations": restarted}}}})).await;
    // so long the recording went on
    lab.pass(2_900).await;
    let wrong = differences(&recorded!("rollout.txt"), &lab.told(&recorder).await);
    assert!(wrong.is_empty(), "\n{wrong}");
    lab.pass(5_000).await;
    let pods = lab.get("Pod", "").await;
    assert_eq!(pods["items"].as_array().unwrap().len(), 2, "the old pods are gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn conformance_crash() {
    let lab = Lab::new().await;
    let recorder = lab.record().await;
    let script = "echo 'Error: listen EADDRINUSE: address already in use :::3000'; exit 7";
    let mut crasher = deployment("crasher", 1, &shell("c", "predator-frontend:1.0.0", script));
    crasher["spec"]["progressDeadlineSeconds"] = json!(20);
    lab.create(&crasher).await;
    lab.pass(143_100).await;
    // never Degraded, whatever its deadline: it was available for a moment
    let conditions = lab.get("Deployment", "crasher").await["status"]["conditions"].clone();
    assert!(conditions.as_array().unwrap().iter().any(|it| it["reason"] == "NewReplicaSetAvailable"));
    same_pod(&lab.get("Pod", "").await["items"][0]);
    lab.delete("Deployment", "crasher", "Foreground").await;
    lab.pass(20_000).await;
    let wrong = differences(&recorded!("crash.txt"), &lab.told(&recorder).await);
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The pod in its fifth back-off has the recorded fields, and each belongs to who it belonged to.
fn same_pod(pod: &Value) {
    let facts: Value = serde_json::from_str(include_str!("../../fixtures/kubernetes/crasher-pod.json")).unwrap();
    let mut pod = pod.clone();
    let mut managers = pod["metadata"].as_object_mut().unwrap().remove("managedFields").unwrap();
    for entry in managers.as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("time");
        entry["fieldsV1"] = nameless(&entry["fieldsV1"]);
    }
    assert_eq!(managers, facts["managers"]);
    let mut own = BTreeSet::new();
    paths(&pod, "", &mut own);
    let recorded: BTreeSet<String> = serde_json::from_value(facts["paths"].clone()).unwrap();
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>();
    assert_eq!((only(&recorded, &own), only(&own, &recorded)), (vec![], vec![]), "recorded alone, told alone");
}

/// The set of fields without the uids and addresses in their names.
fn nameless(set: &Value) -> Value {
    let Some(map) = set.as_object() else { return set.clone() };
    let name = |key: &String| {
        let known = [("k:{\"uid\":", "k:{\"uid\":UID}"), ("k:{\"ip\":", "k:{\"ip\":IP}")];
        known.iter().find(|(begins, _)| key.starts_with(begins)).map_or(key.clone(), |(_, name)| (*name).to_owned())
    };
    map.iter().map(|(key, value)| (name(key), nameless(value))).collect()
}

/// Every field there is, whatever is in it.
fn paths(value: &Value, place: &str, all: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) if map.is_empty() => drop(all.insert(format!("{place} {{}}"))),
        Value::Object(map) => map.iter().for_each(|(key, value)| paths(value, &format!("{place}/{key}"), all)),
        Value::Array(items) => items.iter().for_each(|item| paths(item, &format!("{place}/*"), all)),
        _ => drop(all.insert(place.to_owned())),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn conformance_bad_image() {
    let lab = Lab::new().await;
    let mut container = shell("api", "predator-backend:1.0.0", "while true; do sleep 5; done");
    container["resources"] = json!({"requests": {"cpu": "10m", "memory": "16Mi"}});
    let mut backend = deployment("backend", 1, &container);
    backend["spec"]["progressDeadlineSeconds"] = json!(30);
    lab.create(&backend).await;
    lab.pass(60_000).await;
    let image = async |image: &str| {
        let mut container = container.clone();
        container["image"] = json!(image);
        let template = json!({"spec": {"containers": [container]}});
        lab.patch("Deployment", "backend", &json!({"spec": {"template": template}})).await;
    };
    image("predator-backend:1.1.0").await;
    lab.pass(60_000).await;
    let recorder = lab.record().await;
    image("predator-backend:9.9.9").await;
    // the recorded kubelet looked a little less often than every twelve seconds: the same looks have passed by then
    lab.pass(104_000).await;
    image("predator-backend:1.1.0").await;
    lab.pass(10_000).await;
    let wrong = differences(&recorded!("bad-image.txt"), &lab.told(&recorder).await);
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn conformance_jobs() {
    for (script, recorded) in [
        ("echo 'running upgrade'; exit 1", recorded!("job-fails.txt")),
        ("echo 'running upgrade'; sleep 2", recorded!("job-succeeds.txt")),
    ] {
        let lab = Lab::new().await;
        let recorder = lab.record().await;
        let spec = json!({"restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
            "containers": [shell("alembic", "predator-backend:1.0.0", script)]});
        let finalizers = ["argocd.argoproj.io/hook-finalizer"];
        lab.create(&json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": "backend-migrate", "namespace": NAMESPACE, "finalizers": finalizers},
            "spec": {"backoffLimit": 0, "template": {"spec": spec}},
        }))
        .await;
        lab.pass(20_000).await;
        let wrong = differences(&recorded, &lab.told(&recorder).await);
        assert!(wrong.is_empty(), "\n{wrong}");
    }
}
