use serde_json::{Value, json};

use super::*;
use crate::domain::{Timestamp, TroubleKind, trouble};

fn pod(spec: &Value, status: &Value) -> Pod {
    let mut kind = PodKind { context: "world".into(), texts: Texts::default() };
    let json = json!({
        "metadata": { "name": "celery-7cf7b9c-x2k4p", "namespace": "dev", "uid": "1",
            "creationTimestamp": "2026-11-23T06:33:23Z",
            "labels": { "app.kubernetes.io/instance": "celery-dev" },
            "ownerReferences": [{ "kind": "ReplicaSet", "name": "celery-7cf7b9c", "controller": true }] },
        "spec": spec, "status": status
    });
    kind.item(json.to_string().as_bytes()).unwrap()
}

fn one(status: &Value) -> Pod {
    let spec = json!({ "containers": [{ "name": "c", "image": "celery:1" }], "restartPolicy": "Always" });
    pod(&spec, &json!({ "phase": "Running", "containerStatuses": [status] }))
}

fn verdict(pod: &Pod, now: &str) -> Option<(TroubleKind, String)> {
    let now: Timestamp = now.parse().unwrap();
    trouble::of_pod(pod, None, now).0.map(|t| (t.kind, t.reason))
}

/// The states one container went through in a real cluster, as they were recorded.
#[test]
fn a_crash_loop_is_one_in_each_of_its_states() {
    let ended = json!({ "terminated": { "exitCode": 7, "reason": "Error",
        "startedAt": "2026-11-23T06:34:07Z", "finishedAt": "2026-11-23T06:34:08Z" } });
    let crash = |restarts: i64, state: &Value, last: &Value| {
        let pod = one(&json!({ "name": "c", "restartCount": restarts, "state": state, "lastState": last }));
        (pod.reason.to_string(), verdict(&pod, "2026-11-23T06:34:30Z").map(|v| v.1))
    };
    let back_off = json!({ "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 40s" } });
    let running = json!({ "running": { "startedAt": "2026-11-23T06:34:29Z" } });
    let says = |times: &str| Some(format!("container c crashes, {times}, exit code 7"));
    assert_eq!(crash(3, &ended, &ended), ("Error".into(), says("3 times")));
    assert_eq!(crash(3, &back_off, &ended), ("CrashLoopBackOff".into(), says("3 times")));
    assert_eq!(crash(4, &running, &ended), ("Running".into(), says("4 times")));
    // once is no loop
    assert_eq!(crash(0, &ended, &json!({})), ("Error".into(), None));
    assert_eq!(crash(1, &running, &ended).1, None);
}

#[test]
fn a_container_that_has_run_for_long_is_well_again() {
    let last = json!({ "terminated": { "exitCode": 1, "reason": "Error",
        "startedAt": "2026-11-23T06:00:00Z", "finishedAt": "2026-11-23T06:00:01Z" } });
    let state = json!({ "running": { "startedAt": "2026-11-23T06:01:00Z" } });
    let pod = one(&json!({ "name": "c", "ready": true, "restartCount": 9, "state": state, "lastState": last }));
    assert!(verdict(&pod, "2026-11-23T06:10:00Z").is_some());
    assert_eq!(verdict(&pod, "2026-11-23T06:12:00Z"), None);
    let until = trouble::of_pod(&pod, None, "2026-11-23T06:10:00Z".parse().unwrap()).1;
    assert_eq!(until, Some("2026-11-23T06:11:00Z".parse().unwrap()));
}

#[test]
fn other_ways_to_fail() {
    let kind = |pod: &Pod| verdict(pod, "2026-11-23T06:40:00Z").map(|v| v.0);
    let waiting = |reason: &str| one(&json!({ "name": "c", "state": { "waiting": { "reason": reason } } }));
    for reason in ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"] {
        assert_eq!(kind(&waiting(reason)), Some(TroubleKind::ImagePull));
    }
    assert_eq!(kind(&waiting("ContainerCreating")), None);

    let out = json!({ "terminated": { "exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-23T06:39:00Z" } });
    let running = json!({ "running": { "startedAt": "2026-11-23T06:39:30Z" } });
    let killed = one(&json!({ "name": "c", "ready": true, "restartCount": 1, "state": running, "lastState": out }));
    assert_eq!(kind(&killed), Some(TroubleKind::OutOfMemory));

    let told = json!({ "terminated": { "exitCode": 137, "reason": "Error", "finishedAt": "2026-11-23T06:39:00Z" } });
    let probed = one(&json!({ "name": "c", "restartCount": 2, "state": running, "lastState": told }));
    assert_eq!(kind(&probed), Some(TroubleKind::ProbeFailing));

    let never = one(&json!({ "name": "c", "state": { "running": { "startedAt": "2026-11-23T06:34:00Z" } } }));
    assert_eq!(kind(&never), Some(TroubleKind::ProbeFailing));
    assert_eq!(verdict(&never, "2026-11-23T06:36:00Z"), None);

    let condition =
        json!({ "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes" });
    let homeless =
        pod(&json!({ "containers": [{ "name": "c" }] }), &json!({ "phase": "Pending", "conditions": [condition] }));
    assert_eq!(kind(&homeless), Some(TroubleKind::Unschedulable));
}

#[test]
fn columns_read_as_kubectls() {
    let init = json!({ "initContainers": [{ "name": "migrate" }, { "name": "proxy", "restartPolicy": "Always" }],
        "containers": [{ "name": "c" }, { "name": "d" }] });
    let brief = |pod: &Pod| (pod.reason.to_string(), pod.ready, pod.restarts);
    let ended = |code: i64, reason: &str| json!({ "terminated": { "exitCode": code, "reason": reason } });
    let pending = |status: Value| pod(&init, &json!({ "phase": "Pending", "initContainerStatuses": [status] }));
    let running = json!({ "running": {} });
    assert_eq!(brief(&pending(json!({ "name": "migrate", "state": running }))), ("Init:0/2".into(), (0, 3), 0));
    assert_eq!(
        brief(&pending(json!({ "name": "migrate", "restartCount": 2, "state": ended(1, "Error") }))),
        ("Init:Error".into(), (0, 3), 2)
    );
    let all = pod(
        &init,
        &json!({ "phase": "Running",
            "conditions": [{ "type": "Initialized", "status": "True" }, { "type": "Ready", "status": "True" }],
            "initContainerStatuses": [
                { "name": "migrate", "restartCount": 2, "state": ended(0, "Completed") },
                { "name": "proxy", "restartCount": 1, "started": true, "ready": true, "state": running }],
            "containerStatuses": [
                { "name": "c", "ready": true, "restartCount": 3, "state": running },
                { "name": "d", "state": ended(0, "Completed") }] }),
    );
    assert_eq!(brief(&all), ("Running".into(), (2, 3), 4));
    assert_eq!(all.containers.iter().map(|c| &*c.name).collect::<Vec<_>>(), ["migrate", "proxy", "c", "d"]);
    assert_eq!(all.owner, Some(("ReplicaSet".into(), "celery-7cf7b9c".into())));
    assert_eq!(all.instance.as_deref(), Some("celery-dev"));
}

#[test]
fn a_container_that_cannot_be_made_is_told_with_the_nodes_words() {
    let config =
        json!({ "waiting": { "reason": "CreateContainerConfigError", "message": "secret \"api\" not found" } });
    let pod = one(&json!({ "name": "c", "restartCount": 0, "state": config }));
    let (kind, why) = verdict(&pod, "2026-11-23T06:34:30Z").unwrap();
    assert_eq!(kind, TroubleKind::CannotStart);
    assert_eq!(why, "container c cannot start (CreateContainerConfigError: secret \"api\" not found)");
}
