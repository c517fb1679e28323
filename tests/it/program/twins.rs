//! Two clusters that hold the same namespace and the same names: what is printed and shown of an Application comes from
//! the one it deploys to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::world::Still;

const POD: &str = "api-7cf7b9c-x";

fn now() -> pilothouse::domain::Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the store's own clock is the machine's")]
    pilothouse::domain::Timestamp::now()
}

/// Two pods of the same names in each cluster: one that runs and logs, one that ends again and again.
fn fill(world: &Still, cluster: &str, exit_code: u32) {
    let pod = |name: &str, restarts: u32, state: Value| {
        json!({ "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": name, "namespace": "dev", "ownerReferences": [{ "apiVersion": "apps/v1",
                "kind": "ReplicaSet", "name": "api-7cf7b9c", "uid": "u", "controller": true }] },
            "spec": { "nodeName": format!("node-of-{cluster}"), "restartPolicy": "Always",
                "containers": [{ "name": "api", "image": "api:1" }] },
            "status": { "phase": "Running", "containerStatuses": [{ "name": "api", "restartCount": restarts,
                "ready": restarts == 0, "containerID": format!("containerd://{name}"), "state": state }] } })
    };
    let store = world.store(cluster);
    store.put(pod(POD, 0, json!({ "running": { "startedAt": now().to_string() } })));
    let ended = json!({ "exitCode": exit_code, "reason": "Error", "finishedAt": now().to_string() });
    store.put(pod("api-7cf7b9c-y", 7, json!({ "terminated": ended })));
    assert!(store.logs().write(&format!("dev/{POD}"), "api", &format!("logged in {cluster}"), now()));
    store.put(json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "api", "namespace": "dev", "labels": { "kept": format!("in-{cluster}") } } }));
    // Warnings come first, the newest of each first
    for (name, kind, age) in [("api.1", "Warning", 60), ("api.2", "Normal", 5), ("api.3", "Warning", 30)] {
        let at = now().checked_sub(std::time::Duration::from_secs(age)).unwrap();
        store.put(json!({ "apiVersion": "v1", "kind": "Event", "metadata": { "name": name, "namespace": "dev" },
            "type": kind, "reason": "Unhealthy", "message": format!("{age}s ago, told in {cluster}"), "count": 1,
            "involvedObject": { "kind": "Deployment", "namespace": "dev", "name": "api" },
            "lastTimestamp": at.to_string() }));
    }
}

fn application(name: &str, cluster: &str) -> Value {
    json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": { "name": name, "namespace": "argocd" },
        "spec": { "project": "default", "destination": { "name": cluster, "namespace": "dev" } },
        "status": { "sync": { "status": "Synced" }, "health": { "status": "Healthy" },
            "resources": [{ "group": "apps", "version": "v1", "kind": "Deployment", "namespace": "dev",
                "name": "api" }] } })
}

/// The Argo CD of `hub` deploys `told` to the cluster it calls berth, which is `spoke`; and `lost` to one that it calls
/// spoke, and that nobody knows.
fn twins() -> Still {
    let world = Still::new(&["hub", "spoke"], 0);
    fill(&world, "hub", 3);
    fill(&world, "spoke", 4);
    let hub = world.store("hub");
    hub.put(application("told", "berth"));
    hub.put(application("lost", "spoke"));
    let encode = |text: &str| STANDARD.encode(text);
    hub.put(
        json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "cluster-berth", "namespace": "argocd",
            "labels": { "argocd.argoproj.io/secret-type": "cluster" } },
        "data": { "name": encode("berth"), "server": encode(&world.server("spoke").url()), "config": encode("{}") } }),
    );
    world
}

#[test]
fn what_is_printed_comes_from_the_cluster_the_application_names() {
    let world = twins();
    let run = |arguments: &[&str]| {
        let done = world.run(&[arguments, &["--context", "hub"]].concat());
        (done.status.code(), String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap())
    };
    let rows = |out: &str| serde_json::from_str::<Vec<Value>>(out).unwrap();

    let (code, out, err) = run(&["get", "pods", "-o", "json"]);
    let pods: Vec<_> = rows(&out).iter().map(|p| (p["app"].to_string(), p["node"].to_string())).collect();
    let there = ("\"told\"".to_owned(), "\"node-of-spoke\"".to_owned());
    assert_eq!(pods, [there.clone(), there], "{err}");
    assert_eq!(code, Some(5), "what could be read is not all: {err}");
    assert!(err.contains("no route to spoke") && err.contains("[[destination]]"), "{err}");

    let (_, out, err) = run(&["get", "events", "-o", "json"]);
    let told: Vec<_> = rows(&out).iter().map(|e| e["message"].to_string()).collect();
    let wanted = [30, 60, 5].map(|age| format!("\"{age}s ago, told in spoke\""));
    assert_eq!(told, wanted, "{err}");

    let (code, out, err) = run(&["get", "why", "told", "-o", "json"]);
    let why: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &why["exitCode"], &why["resource"]),
        (Some(0), &json!(4), &json!("Deployment/api")),
        "{why} {err}"
    );

    let (_, out, err) = run(&["logs", "told"]);
    assert!(out.contains("logged in spoke") && !out.contains("hub"), "{out} {err}");

    let (code, out, err) = run(&["logs", "lost"]);
    assert_eq!((code, &*out), (Some(5), ""), "{err}");
    assert!(err.contains("no route to spoke") && err.contains("[[destination]]"), "{err}");
}

#[test]
fn what_is_shown_comes_from_the_cluster_the_application_names() {
    let world = twins();
    let show = |view: &str, app: &str| {
        let arguments = ["snapshot", "--context", "hub", "--view", view, "--app", app, "--size", "160x40"];
        let done = world.run(&arguments);
        let text = String::from_utf8(done.stdout).unwrap();
        assert!(done.status.success(), "{view}: {}", String::from_utf8_lossy(&done.stderr));
        text
    };
    for (view, wanted) in [
        ("app", "node-of-spoke"),
        ("events", "told in spoke"),
        ("why", "exit 4"),
        ("logs", "logged in spoke"),
        ("resource", "kept: in-spoke"),
    ] {
        let text = show(view, "told");
        assert!(text.contains(wanted) && !text.contains("of-hub") && !text.contains("in hub"), "{view}: {text}");
        let text = show(view, "lost");
        assert!(text.contains("no route to spoke") && text.contains("[[destination]]"), "{view}: {text}");
        assert!(!text.contains("of-spoke") && !text.contains("in spoke"), "{view}: {text}");
    }
}
