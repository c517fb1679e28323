//! One rule of one controller each.

use super::bench::{Bench, NAMESPACE, deployment, job};
use crate::sim::manifest::meta::text;
use serde_json::{Value, json};

fn container(image: &str) -> Value {
    json!({"name": "c", "image": image})
}

fn image_of(pod: &Value) -> &str {
    text(pod, "/spec/containers/0/image")
}

const WHOLE: [&str; 4] = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"];

#[test]
fn a_rollout_never_has_more_or_fewer_pods_than_it_may() {
    let table = [(4, json!(1), json!(0)), (4, json!(0), json!(1)), (5, json!("40%"), json!("20%"))];
    for (replicas, surge, unavailable) in table {
        let mut bench = Bench::new();
        let mut made = deployment("web", replicas, &container("web:1"));
        made["spec"]["strategy"]["rollingUpdate"] = json!({"maxSurge": surge, "maxUnavailable": unavailable});
        bench.create(made);
        bench.pass(20_000);
        bench.update("Deployment", "web", |web| {
            web["spec"]["template"]["spec"]["containers"][0]["image"] = json!("web:2");
        });
        let share = |amount: &Value| amount.as_i64().unwrap_or(if amount == "40%" { 2 } else { 1 });
        for _ in 0..500 {
            bench.pass(20);
            let pods = bench.pods();
            let here = pods.iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).count();
            let here = i64::try_from(here).unwrap();
            assert!(here <= replicas + share(&surge), "{here} pods with surge {surge}");
            let available = bench.counts("Deployment", "web", &["availableReplicas"])[0];
            assert!(available >= replicas - share(&unavailable), "{available} available");
        }
        assert_eq!(bench.counts("Deployment", "web", &WHOLE), [replicas; 4]);
        assert!(bench.pods().iter().all(|pod| image_of(pod) == "web:2"));
    }
}

#[test]
fn a_recreation_waits_until_the_last_old_pod_is_gone() {
    let mut bench = Bench::new();
    let mut made = deployment("web", 2, &container("web:1"));
    made["spec"]["strategy"] = json!({"type": "Recreate"});
    bench.create(made);
    bench.pass(20_000);
    bench.update("Deployment", "web", |web| {
        web["spec"]["template"]["spec"]["containers"][0]["image"] = json!("web:2");
    });
    for _ in 0..300 {
        bench.pass(30);
        let pods = bench.pods();
        let old =
            |pod: &&Value| image_of(pod) == "web:1" && !matches!(text(pod, "/status/phase"), "Failed" | "Succeeded");
        assert!(!(pods.iter().any(|pod| old(&pod)) && pods.iter().any(|pod| image_of(pod) == "web:2")));
    }
    assert_eq!(bench.counts("Deployment", "web", &WHOLE), [2; 4]);
}

#[test]
fn a_paused_deployment_is_scaled_but_not_rolled() {
    let mut bench = Bench::new();
    bench.create(deployment("web", 2, &container("web:1")));
    bench.pass(20_000);
    bench.update("Deployment", "web", |web| {
        web["spec"]["paused"] = json!(true);
        web["spec"]["replicas"] = json!(3);
        web["spec"]["template"]["spec"]["containers"][0]["image"] = json!("web:2");
    });
    bench.pass(20_000);
    assert_eq!(bench.pods().iter().filter(|pod| image_of(pod) == "web:1").count(), 3);
    bench.update("Deployment", "web", |web| web["spec"]["paused"] = json!(false));
    bench.pass(30_000);
    assert_eq!(bench.pods().iter().filter(|pod| image_of(pod) == "web:2").count(), 3);
}

#[test]
fn a_template_that_comes_back_is_a_new_revision_of_its_old_set() {
    let mut bench = Bench::new();
    let mut made = deployment("web", 1, &container("web:1"));
    made["spec"]["revisionHistoryLimit"] = json!(1);
    bench.create(made);
    bench.pass(10_000);
    for image in ["web:2", "web:3", "web:2"] {
        bench.update("Deployment", "web", |web| {
            web["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image);
        });
        bench.pass(20_000);
    }
    let revision = |object: &Value| text(object, "/metadata/annotations/deployment.kubernetes.io~1revision").to_owned();
    assert_eq!(revision(&bench.get("Deployment", "web")), "4");
    let mut sets: Vec<(String, i64)> = bench
        .store
        .list("ReplicaSet", Some(NAMESPACE))
        .iter()
        .map(|set| (revision(set), set["spec"]["replicas"].as_i64().unwrap()))
        .collect();
    sets.sort();
    assert_eq!(sets, [("3".to_owned(), 0), ("4".to_owned(), 1)], "one old set is kept");
}

#[test]
fn a_rollout_that_stands_still_misses_its_deadline() {
    let mut bench = Bench::new();
    bench.teach("*", "web:2", "missing");
    let mut made = deployment("web", 1, &container("web:1"));
    made["spec"]["progressDeadlineSeconds"] = json!(60);
    bench.create(made);
    bench.pass(10_000);
    bench.update("Deployment", "web", |web| {
        web["spec"]["template"]["spec"]["containers"][0]["image"] = json!("web:2");
    });
    let progressing = |bench: &Bench| {
        let conditions = bench.get("Deployment", "web")["status"]["conditions"].clone();
        let all = conditions.as_array().unwrap().clone();
        all.into_iter().find(|one| one["type"] == "Progressing").unwrap()
    };
    bench.pass(55_000);
    assert_eq!(progressing(&bench)["reason"], "ReplicaSetUpdated");
    bench.pass(10_000);
    assert_eq!(progressing(&bench)["reason"], "ProgressDeadlineExceeded");
    assert_eq!(progressing(&bench)["status"], "False");
}

fn stateful_set(replicas: i64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "db", "namespace": NAMESPACE},
        "spec": {"replicas": replicas, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}},
            "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [container("db:1")],
                "terminationGracePeriodSeconds": 1}}},
        "status": {},
    })
}

#[test]
fn a_stateful_set_goes_up_in_order_and_down_from_the_end() {
    let mut bench = Bench::new();
    bench.create(stateful_set(3));
    let mut seen = Vec::new();
    for _ in 0..500 {
        bench.pass(10);
        let ready: Vec<bool> =
            bench.pods().iter().map(|pod| pod["status"]["containerStatuses"][0]["ready"] == true).collect();
        assert!(ready.iter().rev().skip(1).all(|ready| *ready), "the next one comes when the last one is ready");
        if seen.last() != Some(&ready.len()) {
            seen.push(ready.len());
        }
    }
    assert_eq!(seen, [0, 1, 2, 3]);
    let counts = ["replicas", "readyReplicas", "currentReplicas", "updatedReplicas"];
    assert_eq!(bench.counts("StatefulSet", "db", &counts), [3; 4]);
    bench.scale("StatefulSet", "db", 1);
    bench.pass(10_000);
    assert_eq!(text(&bench.pods()[0], "/metadata/name"), "db-0");
    assert_eq!(bench.counts("StatefulSet", "db", &counts), [1; 4]);
    let deleted: Vec<String> =
        bench.events("StatefulSet").into_iter().filter(|event| event.starts_with("SuccessfulDelete")).collect();
    assert_eq!(
        deleted,
        [
            "SuccessfulDelete x1: Delete Pod db-2 in StatefulSet db successful",
            "SuccessfulDelete x1: Delete Pod db-1 in StatefulSet db successful"
        ]
    );
}

#[test]
fn a_stateful_set_rolls_one_pod_at_a_time_from_the_end() {
    let mut bench = Bench::new();
    bench.create(stateful_set(3));
    bench.pass(20_000);
    bench.update("StatefulSet", "db", |db| {
        db["spec"]["template"]["spec"]["containers"][0]["image"] = json!("db:2");
        db["spec"]["updateStrategy"] = json!({"rollingUpdate": {"partition": 1}});
    });
    bench.pass(100);
    let status = bench.get("StatefulSet", "db")["status"].clone();
    assert_ne!(status["currentRevision"], status["updateRevision"]);
    for _ in 0..400 {
        bench.pass(40);
        let ready = bench.pods().iter().filter(|pod| pod["status"]["containerStatuses"][0]["ready"] == true).count();
        assert!(ready >= 2);
    }
    let images: Vec<String> = bench.pods().iter().map(|pod| image_of(pod).to_owned()).collect();
    assert_eq!(images, ["db:1", "db:2", "db:2"], "the first one is held back");
    bench.update("StatefulSet", "db", |db| db["spec"]["updateStrategy"] = json!({}));
    bench.pass(20_000);
    let status = bench.get("StatefulSet", "db")["status"].clone();
    assert_eq!(status["currentRevision"], status["updateRevision"]);
}

#[test]
fn a_job_tries_again_with_a_growing_wait_and_gives_up() {
    let mut bench = Bench::new();
    bench.create(job("migrate", "exit 3", &json!({"backoffLimit": 2})));
    bench.pass(8_000);
    assert_eq!(bench.pods().len(), 1, "the second try comes ten seconds after the first one's end");
    bench.pass(120_000);
    assert_eq!(bench.pods().len(), 3);
    assert_eq!(bench.counts("Job", "migrate", &["failed", "active"]), [3, 0]);
    let events = bench.events("Job/migrate");
    assert_eq!(events.last().unwrap(), "BackoffLimitExceeded x1: Job has reached the specified backoff limit");
}

#[test]
fn a_job_ends_at_its_deadline_and_goes_when_it_is_told() {
    let mut bench = Bench::new();
    bench.create(job("long", "sleep 3600", &json!({"activeDeadlineSeconds": 30})));
    bench.create(job("short", "sleep 1", &json!({"completions": 3, "parallelism": 2, "ttlSecondsAfterFinished": 60})));
    bench.pass(20_000);
    assert_eq!(bench.counts("Job", "short", &["succeeded"]), [3]);
    bench.pass(20_000);
    assert_eq!(bench.get("Job", "long")["status"]["conditions"][1]["reason"], "DeadlineExceeded");
    bench.pass(60_000);
    assert!(bench.get("Job", "short").is_null());
    assert!(bench.pods().is_empty(), "{:?}", bench.pods());
}

#[test]
fn a_suspended_job_has_no_pods() {
    let mut bench = Bench::new();
    bench.create(job("later", "sleep 5", &json!({"suspend": true})));
    bench.pass(5_000);
    assert!(bench.pods().is_empty());
    assert_eq!(bench.get("Job", "later")["status"]["conditions"][0]["type"], "Suspended");
    bench.update("Job", "later", |job| job["spec"]["suspend"] = json!(false));
    bench.pass(15_000);
    assert_eq!(bench.counts("Job", "later", &["succeeded"]), [1]);
    assert_eq!(bench.events("Job/later")[1], "Resumed x1: Job resumed");
}

#[test]
fn a_pod_that_fits_nowhere_waits_until_it_does() {
    let mut bench = Bench::with_nodes(&["node1", "node2"]);
    let mut large = container("web:1");
    large["resources"] = json!({"requests": {"cpu": "3"}});
    let mut made = deployment("web", 3, &large);
    made["spec"]["progressDeadlineSeconds"] = json!(6_000);
    bench.create(made);
    bench.pass(90_000);
    let waiting = bench.pods().into_iter().find(|pod| pod["spec"]["nodeName"].is_null()).unwrap();
    let words = "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No preemption \
                 victims found for incoming pod.";
    assert_eq!(waiting["status"]["conditions"][0]["reason"], "Unschedulable");
    assert_eq!(waiting["status"]["conditions"][0]["message"], words);
    let about = format!("Pod/{}", text(&waiting, "/metadata/name"));
    assert_eq!(bench.events(&about), [format!("FailedScheduling x2: {words}")]);
    bench.scale("Deployment", "web", 2);
    bench.pass(20_000);
    assert_eq!(bench.counts("Deployment", "web", &WHOLE), [2; 4]);
}

#[test]
fn probes_decide_who_is_ready_and_who_is_killed() {
    let mut bench = Bench::new();
    bench.teach("*", "slow:1", "present ready=25s");
    bench.teach("*", "hangs:1", "present hang=60s");
    let mut slow = container("slow:1");
    slow["readinessProbe"] = json!({"httpGet": {"path": "/", "port": 80}, "periodSeconds": 10});
    let mut shut = container("shut:1");
    shut["ports"] = json!([{"name": "sql", "containerPort": 5432}]);
    shut["readinessProbe"] = json!({"tcpSocket": {"port": "sql"}, "periodSeconds": 10});
    bench.teach("*", "shut:1", "present never-ready");
    bench.create(deployment("shut", 1, &shut));
    let mut hangs = container("hangs:1");
    hangs["livenessProbe"] = json!({"httpGet": {"path": "/", "port": 80}, "periodSeconds": 10});
    bench.create(deployment("slow", 1, &slow));
    bench.create(deployment("hangs", 1, &hangs));
    bench.pass(20_000);
    assert_eq!(bench.counts("Deployment", "slow", &["readyReplicas"]), [0]);
    bench.pass(20_000);
    assert_eq!(bench.counts("Deployment", "slow", &["readyReplicas"]), [1]);
    let address = bench
        .pods()
        .iter()
        .find(|pod| text(pod, "/metadata/name").starts_with("shut"))
        .map(|pod| text(pod, "/status/podIP").to_owned());
    let refused = format!(": Readiness probe failed: dial tcp {}:5432: connect: connection refused", address.unwrap());
    assert!(bench.events("Pod/shut").iter().any(|event| event.ends_with(&refused)), "{refused}");
    let events = bench.events("Pod/slow");
    assert_eq!(events.last().unwrap(), "Unhealthy x3: Readiness probe failed: HTTP probe failed with statuscode: 503");
    bench.pass(80_000);
    let events = bench.events("Pod/hangs");
    let told = |words: &str| events.iter().any(|event| event == words);
    assert!(told("Unhealthy x3: Liveness probe failed: HTTP probe failed with statuscode: 503"), "{events:?}");
    assert!(told("Killing x1: Container c failed liveness probe, will be restarted"), "{events:?}");
    let pods = bench.pods();
    let hung = pods.iter().find(|pod| text(pod, "/metadata/name").starts_with("hangs")).unwrap();
    assert_eq!(hung["status"]["containerStatuses"][0]["restartCount"], 1);
}

#[test]
fn containers_start_only_with_what_they_need() {
    let mut bench = Bench::new();
    let mut needs = container("web:1");
    needs["envFrom"] = json!([{"configMapRef": {"name": "web-config"}}]);
    let mut made = deployment("web", 1, &needs);
    made["spec"]["template"]["spec"]["initContainers"] =
        json!([{"name": "prepare", "image": "init:1", "command": ["sh", "-c", "sleep 3"]}]);
    bench.create(made);
    bench.pass(2_000);
    let status = bench.pods()[0]["status"].clone();
    assert!(status["initContainerStatuses"][0]["state"]["running"].is_object());
    assert_eq!(status["containerStatuses"][0]["state"]["waiting"]["reason"], "PodInitializing");
    bench.pass(5_000);
    let waiting = bench.pods()[0]["status"]["containerStatuses"][0]["state"]["waiting"].clone();
    assert_eq!(waiting["reason"], "CreateContainerConfigError");
    assert_eq!(waiting["message"], "configmap \"web-config\" not found");
    bench.create(json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"},
        "metadata": {"name": "web-config", "namespace": NAMESPACE}}));
    bench.pass(15_000);
    assert_eq!(bench.counts("Deployment", "web", &["readyReplicas"]), [1]);
}

#[test]
fn memory_kills_and_eviction_leave_their_marks() {
    let mut bench = Bench::new();
    bench.teach("*", "greedy:1", "present oom after=5s");
    bench.create(deployment("greedy", 1, &container("greedy:1")));
    bench.pass(7_000);
    let status = bench.pods()[0]["status"]["containerStatuses"][0].clone();
    assert_eq!(status["lastState"]["terminated"]["reason"], "OOMKilled");
    assert_eq!(status["lastState"]["terminated"]["exitCode"], 137);
    bench.create(deployment("web", 1, &container("web:1")));
    bench.pass(5_000);
    let victim = bench
        .pods()
        .iter()
        .map(|pod| text(pod, "/metadata/name").to_owned())
        .find(|name| name.starts_with("web"))
        .unwrap();
    let evicted = victim.clone();
    bench.act(move |workloads, play| assert!(workloads.evict(NAMESPACE, &evicted, play)));
    bench.pass(5_000);
    let pod = bench.get("Pod", &victim);
    assert_eq!((text(&pod, "/status/phase"), text(&pod, "/status/reason")), ("Failed", "Evicted"));
    assert_eq!(bench.counts("Deployment", "web", &["readyReplicas"]), [1], "another one runs");
}
