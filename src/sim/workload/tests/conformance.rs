//! The same acts bring about the same states and Events, object by object, as on a real Kubernetes.

use super::bench::{Bench, deployment, job};
use super::told::{differences, fixture};
use crate::sim::manifest::meta::text;
use serde_json::{Value, json};

macro_rules! recorded {
    ($name:literal) => {
        fixture(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/kubernetes/", $name)))
    };
}

fn next() -> Value {
    let script = "echo '- ready started server'; while true; do sleep 5; echo ' GET / 200 in 12ms'; done";
    json!({"name": "next", "image": "predator-frontend:1.0.0", "command": ["sh", "-c", script]})
}

#[test]
fn conformance_rollout() {
    let mut bench = Bench::new();
    bench.store.put(deployment("frontend", 2, &next()));
    bench.pass(20_000);
    // somebody scaled it by hand before the recording began
    bench.scale("Deployment", "frontend", 3);
    bench.pass(200_000);
    let begin = bench.version();
    bench.scale("Deployment", "frontend", 2);
    bench.pass(226);
    bench.update("Deployment", "frontend", |object| {
        object["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = json!("now");
    });
    bench.pass(10_000);
    let told = bench.told(begin);
    let wrong = differences(&recorded!("rollout.txt"), &told);
    assert!(wrong.is_empty(), "\n{wrong}");
    assert_eq!(bench.pods().len(), 2, "the old pods are gone");
}

#[test]
fn conformance_crash() {
    let mut bench = Bench::new();
    let begin = bench.version();
    let script = "echo 'Error: listen EADDRINUSE: address already in use :::3000'; exit 7";
    let container = json!({"name": "c", "image": "predator-frontend:1.0.0", "command": ["sh", "-c", script]});
    let mut crasher = deployment("crasher", 1, &container);
    crasher["spec"]["progressDeadlineSeconds"] = json!(20);
    bench.store.put(crasher);
    bench.pass(100_000);
    let wrong = differences(&recorded!("crash.txt"), &bench.told(begin));
    assert!(wrong.is_empty(), "\n{wrong}");
    // never Degraded, whatever its deadline: it was available for a moment
    bench.pass(600_000);
    let conditions = bench.get("Deployment", "crasher")["status"]["conditions"].clone();
    assert!(conditions.as_array().unwrap().iter().any(|it| text(it, "/reason") == "NewReplicaSetAvailable"));
}

#[test]
fn conformance_bad_image() {
    let mut bench = Bench::new();
    bench.teach("*", "*:9.9.9", "unreachable");
    let script = "while true; do sleep 5; done";
    let container = json!({"name": "api", "image": "predator-backend:1.0.0", "command": ["sh", "-c", script],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}});
    let mut backend = deployment("backend", 1, &container);
    backend["spec"]["progressDeadlineSeconds"] = json!(30);
    bench.store.put(backend);
    bench.pass(60_000);
    bench.update("Deployment", "backend", |object| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] = json!("predator-backend:1.1.0");
    });
    bench.pass(60_000);
    let begin = bench.version();
    bench.update("Deployment", "backend", |object| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] = json!("predator-backend:9.9.9");
    });
    // the recorded kubelet looked a little less often than every twelve seconds: the same looks have passed by then
    bench.pass(104_000);
    bench.update("Deployment", "backend", |object| {
        object["spec"]["template"]["spec"]["containers"][0]["image"] = json!("predator-backend:1.1.0");
    });
    bench.pass(10_000);
    let wrong = differences(&recorded!("bad-image.txt"), &bench.told(begin));
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn conformance_jobs() {
    for (script, recorded) in [
        ("echo 'running upgrade'; exit 1", recorded!("job-fails.txt")),
        ("echo 'running upgrade'; sleep 2", recorded!("job-succeeds.txt")),
    ] {
        let mut bench = Bench::new();
        let begin = bench.version();
        let mut hook = job("backend-migrate", script, &json!({"backoffLimit": 0}));
        hook["metadata"]["finalizers"] = json!(["argocd.argoproj.io/hook-finalizer"]);
        bench.store.put(hook);
        bench.pass(20_000);
        let wrong = differences(&recorded, &bench.told(begin));
        assert!(wrong.is_empty(), "\n{wrong}");
    }
}
