//! What a namespace may have, and what is started by the clock.

use super::bench::{Bench, NAMESPACE, deployment};
use crate::sim::manifest::meta::{number, text};
use crate::sim::write::{Writer, quota};
use serde_json::{Value, json};

fn quota(hard: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few", "namespace": NAMESPACE},
        "spec": {"hard": hard}})
}

fn web(replicas: i64, resources: &Value) -> Value {
    deployment("web", replicas, &json!({"name": "c", "image": "web:1", "resources": resources}))
}

#[test]
fn a_deployment_gets_as_many_pods_as_its_quota_has_room_for() {
    let mut bench = Bench::new();
    bench.create(quota(&json!({"pods": "2"})));
    bench.create(web(3, &json!({})));
    bench.pass(20_000);
    assert_eq!(bench.pods().len(), 2);
    assert_eq!(bench.counts("Deployment", "web", &["readyReplicas", "unavailableReplicas"]), [2, 1]);
    let set = &bench.store.list("ReplicaSet", Some(NAMESPACE))[0];
    let words = text(set, "/status/conditions/0/message");
    let name = text(set, "/metadata/name");
    assert!(words.starts_with(&format!("pods \"{name}-")), "{words}");
    let rest = "is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2";
    assert!(words.ends_with(rest), "{words}");
    let conditions = bench.get("Deployment", "web")["status"]["conditions"].clone();
    let failure = conditions.as_array().unwrap().iter().find(|one| one["type"] == "ReplicaFailure").unwrap();
    assert_eq!((text(failure, "/reason"), text(failure, "/message")), ("FailedCreate", words));
    let told = bench.events("ReplicaSet/web");
    assert!(told.iter().any(|event| event.starts_with("FailedCreate x1: Error creating: pods ")), "{told:?}");
    assert!(told.len() < 20, "it waits longer each time: {told:?}");
    // more room, and it is found without anybody asking
    bench.update("ResourceQuota", "few", |quota| quota["spec"]["hard"]["pods"] = json!("5"));
    bench.pass(60_000);
    assert_eq!(bench.counts("Deployment", "web", &["readyReplicas", "unavailableReplicas"]), [3, 0]);
    let conditions = bench.get("Deployment", "web")["status"]["conditions"].clone();
    assert!(conditions.as_array().unwrap().iter().all(|one| one["type"] != "ReplicaFailure"), "{conditions}");
}

#[test]
fn a_quota_tells_what_is_used_and_refuses_the_rest() {
    let bench = Bench::new();
    let writer = Writer::new(&bench.store, "test");
    let pod = |name: &str, resources: Value| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {"containers": [{"name": "c", "image": "i", "resources": resources}]}})
    };
    let object = |kind: &str, name: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}});
    let hard = json!({"requests.cpu": "300m", "limits.memory": "1Gi", "configmaps": "1", "count/secrets": "1",
        "persistentvolumeclaims": "0"});
    bench.create(quota(&hard));
    let limited = json!({"requests": {"cpu": "200m"}, "limits": {"memory": "256Mi"}});
    writer.create(pod("one", limited.clone())).unwrap();
    bench.create(object("ConfigMap", "one"));
    let used = &quota::status(&bench.store, &bench.get("ResourceQuota", "few"))["used"];
    let expected = json!({"requests.cpu": "200m", "limits.memory": "256Mi", "configmaps": "1", "count/secrets": "0",
        "persistentvolumeclaims": "0"});
    assert_eq!(*used, expected);
    let table = [
        (
            pod("two", limited),
            "pods \"two\" is forbidden: exceeded quota: few, requested: requests.cpu=200m, used: requests.cpu=200m, \
             limited: requests.cpu=300m",
        ),
        (
            pod("three", json!({"limits": {"cpu": "1"}})),
            "pods \"three\" is forbidden: failed quota: few: must specify limits.memory for: c",
        ),
        (
            object("ConfigMap", "two"),
            "configmaps \"two\" is forbidden: exceeded quota: few, requested: configmaps=1, used: configmaps=1, \
             limited: configmaps=1",
        ),
    ];
    for (object, words) in table {
        let refused = writer.create(object.clone()).unwrap_err();
        assert_eq!((refused.code, refused.reason, refused.message.as_str()), (403, "Forbidden", words));
        assert_eq!(writer.dry_run(true).create(object).unwrap_err().message, words, "for show too");
    }
    bench.create(object("Secret", "one"));
    assert!(writer.create(object("Secret", "two")).is_err());
    // what ended uses nothing any more, and what is there may be changed
    bench.update("Pod", "one", |pod| pod["status"]["phase"] = json!("Succeeded"));
    assert_eq!(quota::status(&bench.store, &bench.get("ResourceQuota", "few"))["used"]["requests.cpu"], "0");
    writer.edit("ConfigMap", NAMESPACE, "one", |map| map["data"] = json!({"a": "b"})).unwrap();
}

#[test]
fn a_quota_with_scopes_is_about_some_pods_only() {
    let bench = Bench::new();
    let writer = Writer::new(&bench.store, "test");
    let mut scoped = quota(&json!({"pods": "0"}));
    scoped["spec"]["scopes"] = json!(["BestEffort"]);
    bench.create(scoped);
    let pod = |resources: Value| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "p-", "namespace": NAMESPACE},
            "spec": {"containers": [{"name": "c", "image": "i", "resources": resources}]}})
    };
    writer.create(pod(json!({"requests": {"cpu": "1m"}}))).unwrap();
    writer.create(pod(json!({}))).unwrap_err();
}

#[test]
fn a_limit_range_fills_in_and_bounds() {
    let bench = Bench::new();
    let writer = Writer::new(&bench.store, "test");
    bench.create(json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "r", "namespace": NAMESPACE},
        "spec": {"limits": [{"type": "Container", "default": {"memory": "128Mi"}, "defaultRequest": {"cpu": "50m"},
            "max": {"memory": "1Gi"}, "min": {"cpu": "10m"}}]}}));
    let pod = |resources: Value| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": NAMESPACE},
            "spec": {"containers": [{"name": "c", "image": "i", "resources": resources}]}})
    };
    let refused = writer.create(pod(json!({"limits": {"memory": "2Gi"}, "requests": {"cpu": "1m"}}))).unwrap_err();
    let words = "pods \"p\" is forbidden: [minimum cpu usage per Container is 10m, but request is 1m, maximum memory \
                 usage per Container is 1Gi, but limit is 2Gi]";
    assert_eq!(refused.message, words);
    let made = writer.create(pod(json!({}))).unwrap().value();
    let expected = json!({"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "128Mi"}});
    assert_eq!(made["spec"]["containers"][0]["resources"], expected);
    let note = "LimitRanger plugin set: cpu, memory request for container c; memory limit for container c";
    assert_eq!(made["metadata"]["annotations"]["kubernetes.io/limit-ranger"], note);
}

fn cron(spec: &Value) -> Value {
    let mut made = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick", "namespace": NAMESPACE},
        "spec": {"schedule": "* * * * *", "jobTemplate": {"metadata": {"labels": {"a": "b"}}, "spec": {"template":
            {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "tick:1"}]}}}}},
    });
    for (field, value) in spec.as_object().unwrap() {
        made["spec"][field] = value.clone();
    }
    made
}

#[test]
fn a_cron_job_starts_a_job_each_time_and_keeps_the_last_few() {
    let mut bench = Bench::new();
    bench.teach("tick-*", "tick:*", "present exit=0 after=5s");
    bench.create(cron(&json!({"successfulJobsHistoryLimit": 2})));
    bench.pass(15_000);
    for _ in 0..10 {
        bench.pass(30_000);
    }
    let jobs = bench.store.list("Job", Some(NAMESPACE));
    assert_eq!(jobs.len(), 2, "{:?}", bench.events("CronJob"));
    let last = &jobs[1];
    let status = bench.get("CronJob", "tick")["status"].clone();
    let moment = text(&status, "/lastScheduleTime");
    assert_eq!(text(last, "/metadata/annotations/batch.kubernetes.io~1cronjob-scheduled-timestamp"), moment);
    let minute = moment.parse::<jiff::Timestamp>().unwrap().as_second() / 60;
    assert_eq!(text(last, "/metadata/name"), format!("tick-{minute}"));
    assert_eq!((&last["metadata"]["labels"]["a"], &status["active"]), (&json!("b"), &Value::Null));
    assert!(text(&status, "/lastSuccessfulTime") > moment);
    let told = bench.events("CronJob/tick");
    for words in [
        "SuccessfulCreate x1: Created job tick-",
        "SawCompletedJob x1: Saw completed job: tick-",
        "SuccessfulDelete x1: Deleted job tick-",
    ] {
        assert!(told.iter().any(|event| event.starts_with(words)), "{words}: {told:?}");
    }
    bench.update("CronJob", "tick", |cron| cron["spec"]["suspend"] = json!(true));
    bench.pass(300_000);
    assert_eq!(text(&bench.get("CronJob", "tick"), "/status/lastScheduleTime"), moment);
    // of the times it missed only the last is made up for
    bench.update("CronJob", "tick", |cron| cron["spec"]["suspend"] = json!(false));
    bench.pass(1_000);
    let created = |bench: &Bench| {
        bench.events("CronJob/tick").iter().filter(|event| event.starts_with("SuccessfulCreate")).count()
    };
    assert_eq!(created(&bench), told.iter().filter(|event| event.starts_with("SuccessfulCreate")).count() + 1);
}

#[test]
fn a_cron_job_that_forbids_two_at_a_time_waits() {
    let mut bench = Bench::new();
    let mut made = cron(&json!({"concurrencyPolicy": "Forbid"}));
    made["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["command"] =
        json!(["sh", "-c", "sleep infinity"]);
    bench.create(made);
    for _ in 0..6 {
        bench.pass(30_000);
    }
    assert_eq!(bench.store.list("Job", Some(NAMESPACE)).len(), 1);
    assert!(bench.events("CronJob/tick").iter().any(|event| event.starts_with("JobAlreadyActive")));
    assert_eq!(bench.get("CronJob", "tick")["status"]["active"].as_array().unwrap().len(), 1);
    assert_eq!(number(&bench.store.list("Job", Some(NAMESPACE))[0], "/status/active"), 1);
}
