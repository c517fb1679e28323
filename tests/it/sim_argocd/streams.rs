//! Streams, each held against its recording.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Ask, DEADLINE, Reply};
use super::facts::{facts, hold};
use super::scene::{NAMESPACE, Scene, head, shared};

async fn begun(scene: &Scene, facts: &Value) -> Reply {
    let reply = scene.ask(&scene.question(facts)).await;
    assert_eq!(json!(reply.status), facts["status"]);
    hold(&facts["headers"], &head(&reply), "headers");
    reply
}

/// Has something happen to an Application, again and again until it is taken back.
async fn disturb(scene: &Scene, name: &str) {
    for round in 0.. {
        scene.store().update("Application", NAMESPACE, name, |app| {
            app["metadata"]["annotations"]["disturbed"] = json!(round.to_string());
        });
        // a change that comes before the stream looks is not told, and changes at every moment would drown it
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[test]
fn conformance_streams_applications_forbidden() {
    let (runtime, scene) = shared();
    runtime.block_on(async {
        let facts = facts("streams/applications-forbidden");
        let reply = begun(scene, &facts).await;
        assert_eq!(reply.json().await, facts["body"]);
    });
}

#[tokio::test]
async fn conformance_streams_applications() {
    let scene = Scene::new();
    let facts = facts("streams/applications");
    let mut reply = begun(&scene, &facts).await;
    let mut names = Vec::new();
    for word in facts["first"].as_array().unwrap() {
        let frame = reply.frame().await;
        hold(&facts["frame"], &frame, "a frame");
        assert_eq!(frame["result"]["type"], *word);
        names.push(frame["result"]["application"]["metadata"]["name"].clone());
    }
    assert!(names.is_sorted_by_key(ToString::to_string), "{names:?}");
    scene
        .store()
        .update("Application", NAMESPACE, "frontend-prod", |app| app["status"]["sync"]["status"] = "OutOfSync".into());
    loop {
        let frame = reply.frame().await;
        hold(&facts["frame"], &frame, "a change");
        assert_eq!(frame["result"]["type"], "MODIFIED");
        if frame["result"]["application"]["metadata"]["name"] == "frontend-prod" {
            break;
        }
    }
}

/// What reads the same after the selection is not said again.
#[tokio::test]
async fn conformance_streams_deduplication() {
    let scene = Scene::new();
    let path = "/api/v1/stream/applications?name=frontend-prod&fields=result.application.status.sync.status";
    let mut reply = scene.get("admin", path).await;
    let first = reply.frame().await;
    let change = |change: fn(&mut Value)| scene.store().update("Application", NAMESPACE, "frontend-prod", change);
    change(|app| app["metadata"]["annotations"]["note"] = json!("nobody selected this"));
    change(|app| app["status"]["sync"]["status"] = json!("OutOfSync"));
    let second = reply.frame().await;
    assert_ne!(first, second);
    assert_eq!(second, json!({"result": {"application": {"status": {"sync": {"status": "OutOfSync"}}}}}));
}

#[tokio::test]
async fn conformance_streams_applications_full() {
    let scene = Scene::new();
    let facts = facts("streams/applications-full");
    let mut reply = begun(&scene, &facts).await;
    let frame = reply.frame().await;
    hold(&facts["frame"], &frame, "a frame");
    let rows = frame["result"]["application"]["status"]["resources"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["health"]["status"] == "Healthy"), "frames show how resources are: {rows:?}");
}

/// Whoever says what it has is told nothing, not even a status, before something happens.
#[tokio::test]
async fn conformance_streams_applications_rv() {
    let scene = Scene::new();
    let facts = facts("streams/applications-rv");
    assert_eq!(facts["late"], true);
    let version = scene.store().resource_version();
    let path = format!(
        "/api/v1/stream/applications?resourceVersion={version}&name=&fields=result.type,result.application.metadata.name"
    );
    let ask = Ask::get(&path).token(&scene.token("admin"));
    let mut reply = tokio::select! {
        reply = scene.ask(&ask) => reply,
        () = disturb(&scene, "frontend-prod") => unreachable!(),
    };
    hold(&facts["headers"], &head(&reply), "headers");
    let changed = json!({"type": "MODIFIED", "application": {"metadata": {"name": "frontend-prod"}}});
    loop {
        let frame = reply.frame().await;
        hold(&facts["frame"], &frame, "a frame");
        // the controller looks at others meanwhile
        if frame["result"] == changed {
            break;
        }
    }
}

#[tokio::test]
async fn a_stream_with_nothing_to_say_sends_no_headers() {
    let scene = Scene::new();
    // nobody looks at this one, and nothing belongs to it
    let mut quiet = scene.app("frontend-prod");
    quiet["metadata"] = json!({"name": "quiet", "namespace": NAMESPACE,
        "annotations": {"argocd.argoproj.io/skip-reconcile": "true"}});
    scene.store().put(quiet);
    for path in ["/api/v1/stream/applicationsets", "/api/v1/stream/applications/quiet/resource-tree"] {
        let ask = Ask::get(path).token(&scene.token("admin"));
        let waited = tokio::time::timeout(Duration::from_millis(300), scene.ask(&ask)).await;
        assert!(waited.is_err(), "{path} was answered");
    }
}

#[tokio::test]
async fn conformance_streams_applicationsets() {
    let scene = Scene::new();
    let facts = facts("streams/applicationsets");
    let ask = scene.question(&facts);
    let change = async {
        for round in 0.. {
            scene.store().update("ApplicationSet", NAMESPACE, "predator12", |set| {
                set["metadata"]["annotations"]["note"] = json!(round.to_string());
            });
            // as in `disturb`
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let mut reply = tokio::select! {
        reply = scene.ask(&ask) => reply,
        () = change => unreachable!(),
    };
    hold(&facts["headers"], &head(&reply), "headers");
    let frame = reply.frame().await;
    hold(&facts["frame"], &frame, "a frame");
    assert_eq!(frame["result"]["type"], "MODIFIED");
}

#[tokio::test]
async fn conformance_streams_resource_tree() {
    let scene = Scene::new();
    let facts = facts("streams/resource-tree");
    assert_eq!(facts["late"], true);
    let ask = scene.question(&facts);
    let mut reply = tokio::select! {
        reply = scene.ask(&ask) => reply,
        () = disturb(&scene, "frontend-dev") => unreachable!(),
    };
    hold(&facts["headers"], &head(&reply), "headers");
    hold(&facts["frame"], &reply.frame().await, "a frame");
}

/// A frame ends in a space and two empty lines; with the first one the signs of life begin.
#[tokio::test]
async fn conformance_streams_applications_sse() {
    let scene = Scene::new();
    let facts = facts("streams/applications-sse");
    let mut reply = begun(&scene, &facts).await;
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    let deadline = tokio::time::Instant::now() + DEADLINE;
    let mut frames = 0;
    loop {
        let line = reply.line().await.expect("the stream ended");
        if line == ":" {
            break;
        }
        let frame = line.strip_prefix("data: ").unwrap_or_else(|| panic!("{line:?} is no frame"));
        assert!(frame.ends_with(facts["frame_ends"].as_str().unwrap()), "{frame:?}");
        hold(&facts["frame"], &frame.trim().parse().unwrap(), "a frame");
        for after in facts["after_frame"].as_array().unwrap() {
            assert_eq!(reply.line().await.as_deref(), after.as_str());
        }
        frames += 1;
        assert!(tokio::time::Instant::now() < deadline, "no sign of life");
    }
    assert!(frames >= 9, "{frames} frames");
}

#[tokio::test]
async fn conformance_streams_resource_tree_sse() {
    let scene = Scene::new();
    let facts = facts("streams/resource-tree-sse");
    let ask = scene.question(&facts);
    let mut reply = tokio::select! {
        reply = scene.ask(&ask) => reply,
        () = disturb(&scene, "frontend-dev") => unreachable!(),
    };
    hold(&facts["headers"], &head(&reply), "headers");
    let line = reply.line().await.unwrap();
    hold(&facts["frame"], &line.strip_prefix("data: ").unwrap().trim().parse().unwrap(), "a frame");
}

#[tokio::test]
async fn conformance_streams_logs() {
    let scene = Scene::new();
    let facts = facts("streams/logs");
    let mut reply = begun(&scene, &facts).await;
    for _ in 0..3 {
        let frame = reply.frame().await;
        hold(&facts["frame"], &frame, "a line");
        assert_eq!(frame["result"]["last"], false);
    }
}

#[tokio::test]
async fn conformance_streams_logs_missing() {
    let scene = Scene::new();
    let facts = facts("streams/logs-missing");
    let reply = begun(&scene, &facts).await;
    assert_eq!(reply.text().await, "");
}

/// Without following, the last frame says so; a filter leaves lines out.
#[tokio::test]
async fn logs_end_and_are_filtered() {
    let scene = Scene::new();
    let pods = scene.store().list("Pod", Some("predator12-dev"));
    let pod = pods.iter().find_map(|pod| {
        pod["metadata"]["name"].as_str().filter(|name| name.starts_with("backend-") && !name.contains("migrate"))
    });
    let pod = pod.unwrap();
    let now = scene.store().now();
    assert!(scene.store().logs().write(&format!("predator12-dev/{pod}"), "api", "Needle in the hay", now));
    let path = format!(
        "/api/v1/applications/backend-dev/pods/{pod}/logs?container=api&namespace=predator12-dev&filter=needle"
    );
    let mut reply = scene.get("admin", &path).await;
    let line = reply.frame().await;
    assert_eq!((&line["result"]["content"], &line["result"]["podName"]), (&json!("Needle in the hay"), &json!(pod)));
    let last = reply.frame().await;
    assert_eq!((&last["result"]["content"], &last["result"]["last"]), (&json!(""), &json!(true)));
    assert_eq!(reply.line().await, None);
}
