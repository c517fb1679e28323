use serde_json::json;

use super::*;

fn check(api_version: &str, kind: &str, rest: &Value, wanted: Option<(Health, &str)>) {
    let mut live = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "x", "generation": 2 } });
    for (field, value) in rest.as_object().unwrap() {
        if field == "metadata" {
            live["metadata"].as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        } else {
            live[field] = value.clone();
        }
    }
    let found = of(&live);
    let found = found.as_ref().map(|(health, message)| (*health, message.as_deref().unwrap_or_default()));
    assert_eq!(found, wanted, "{kind} {rest}");
    if wanted != Some((Progressing, "Pending deletion")) {
        assert_eq!(has_rule(group_and_version(api_version).0, kind), wanted.is_some(), "{kind}");
    }
}

use Health::{Degraded, Healthy, Progressing, Suspended, Unknown};

#[test]
fn deployments() {
    let status = |updated: i64, all: i64, available: i64| json!({ "observedGeneration": 2, "updatedReplicas": updated, "replicas": all, "availableReplicas": available });
    let check = |rest, health, message: &str| check("apps/v1", "Deployment", &rest, Some((health, message)));
    check(json!({ "spec": { "paused": true } }), Suspended, "Deployment is paused");
    check(
        json!({ "status": { "observedGeneration": 1 } }),
        Progressing,
        "Waiting for rollout to finish: observed deployment generation less than desired generation",
    );
    let late = json!({ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded" });
    check(
        json!({ "status": { "observedGeneration": 2, "conditions": [late] } }),
        Degraded,
        "Deployment \"x\" exceeded its progress deadline",
    );
    let spec = json!({ "replicas": 3 });
    check(
        json!({ "spec": spec, "status": status(1, 3, 3) }),
        Progressing,
        "Waiting for rollout to finish: 1 out of 3 new replicas have been updated...",
    );
    check(
        json!({ "spec": spec, "status": status(3, 5, 3) }),
        Progressing,
        "Waiting for rollout to finish: 2 old replicas are pending termination...",
    );
    check(
        json!({ "spec": spec, "status": status(3, 3, 2) }),
        Progressing,
        "Waiting for rollout to finish: 2 of 3 updated replicas are available...",
    );
    check(json!({ "spec": spec, "status": status(3, 3, 3) }), Healthy, "");
}

#[test]
fn stateful_sets() {
    let check = |spec: Value, status: Value, health, message: &str| {
        check("apps/v1", "StatefulSet", &json!({ "spec": spec, "status": status }), Some((health, message)));
    };
    check(json!({}), json!({}), Progressing, "Waiting for statefulset spec update to be observed...");
    let ready = |more: Value| {
        let mut status = json!({ "observedGeneration": 2, "readyReplicas": 3, "updatedReplicas": 1, "currentReplicas": 3,
            "updateRevision": "x-1", "currentRevision": "x-1" });
        status.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        status
    };
    let spec = |strategy: Value| json!({ "replicas": 3, "updateStrategy": strategy });
    check(spec(json!({})), ready(json!({ "readyReplicas": 1 })), Progressing, "Waiting for 2 pods to be ready...");
    let rolling = |partition: i64| json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": partition } });
    check(
        spec(rolling(0)),
        ready(json!({})),
        Progressing,
        "Waiting for partitioned roll out to finish: 1 out of 3 new pods have been updated...",
    );
    check(
        spec(rolling(2)),
        ready(json!({})),
        Healthy,
        "partitioned roll out complete: 1 new pods have been updated...",
    );
    check(spec(json!({ "type": "OnDelete" })), ready(json!({})), Healthy, "statefulset has 3 ready pods");
    check(
        spec(json!({})),
        ready(json!({ "updateRevision": "x-2" })),
        Progressing,
        "waiting for statefulset rolling update to complete 1 pods at revision x-2...",
    );
    check(spec(json!({})), ready(json!({})), Healthy, "statefulset rolling update complete 3 pods at revision x-1...");
}

#[test]
fn daemon_sets_and_replica_sets() {
    let daemon = |strategy: &str, updated: i64, available: i64, health, message: &str| {
        let rest = json!({ "spec": { "updateStrategy": { "type": strategy } },
            "status": { "observedGeneration": 2, "desiredNumberScheduled": 3,
                "updatedNumberScheduled": updated, "numberAvailable": available } });
        check("apps/v1", "DaemonSet", &rest, Some((health, message)));
    };
    let behind =
        |what: &str| format!("Waiting for rollout to finish: observed {what} generation less than desired generation");
    check("apps/v1", "DaemonSet", &json!({}), Some((Progressing, &behind("daemon set"))));
    daemon("OnDelete", 1, 1, Healthy, "daemon set 1 out of 3 new pods have been updated");
    let rollout = "Waiting for daemon set \"x\" rollout to finish";
    daemon("RollingUpdate", 1, 3, Progressing, &format!("{rollout}: 1 out of 3 new pods have been updated..."));
    daemon("RollingUpdate", 3, 2, Progressing, &format!("{rollout}: 2 of 3 updated pods are available..."));
    daemon("RollingUpdate", 3, 3, Healthy, "");

    let replica = |status: Value, health, message: &str| {
        check(
            "apps/v1",
            "ReplicaSet",
            &json!({ "spec": { "replicas": 2 }, "status": status }),
            Some((health, message)),
        );
    };
    replica(json!({}), Progressing, &behind("replica set"));
    let quota = json!({ "type": "ReplicaFailure", "status": "True", "message": "exceeded quota" });
    replica(json!({ "observedGeneration": 2, "conditions": [quota] }), Degraded, "exceeded quota");
    let within = json!({ "type": "ReplicaFailure", "status": "False" });
    replica(json!({ "observedGeneration": 2, "availableReplicas": 2, "conditions": [within] }), Healthy, "");
    replica(
        json!({ "observedGeneration": 2, "availableReplicas": 1 }),
        Progressing,
        "Waiting for rollout to finish: 1 out of 2 new replicas are available...",
    );
    replica(json!({ "observedGeneration": 2, "availableReplicas": 2 }), Healthy, "");
}

#[test]
fn pods() {
    let check = |policy: &str, status: Value, health, message: &str| {
        let rest = json!({ "spec": { "restartPolicy": policy }, "status": status });
        check("v1", "Pod", &rest, Some((health, message)));
    };
    let waiting = |reason: &str| {
        json!({ "phase": "Pending", "containerStatuses":
            [{ "name": "c", "state": { "waiting": { "reason": reason, "message": "why" } } }] })
    };
    for stuck in ["ErrImagePull", "ImagePullBackOff", "CreateContainerConfigError", "CrashLoopBackOff"] {
        check("Always", waiting(stuck), Degraded, "why");
        check("Never", waiting(stuck), Progressing, "");
    }
    let annotations = json!({ "argocd.argoproj.io/ignore-restart-policy": "true" });
    let asked = json!({ "metadata": { "annotations": annotations }, "spec": { "restartPolicy": "Never" },
        "status": waiting("ErrImagePull") });
    super::tests::check("v1", "Pod", &asked, Some((Degraded, "why")));
    check("Always", waiting("ContainerCreating"), Progressing, "");
    check("Never", json!({ "phase": "Succeeded" }), Healthy, "");
    check("Never", json!({ "phase": "Failed", "message": "evicted" }), Degraded, "evicted");
    let ended = |ended: Value| json!({ "phase": "Failed", "containerStatuses": [{ "name": "c", "state": { "terminated": ended } }] });
    check("Never", ended(json!({ "exitCode": 7 })), Degraded, "container \"c\" failed with exit code 7");
    check("Never", ended(json!({ "exitCode": 137, "reason": "OOMKilled" })), Degraded, "OOMKilled");
    check("Never", ended(json!({ "exitCode": 1, "message": "no table" })), Degraded, "no table");
    let running = |ready: &str, last: Value| {
        json!({ "phase": "Running", "conditions": [{ "type": "Ready", "status": ready }],
            "containerStatuses": [{ "name": "c", "lastState": last }] })
    };
    check("Always", running("True", json!({ "terminated": {} })), Healthy, "");
    check("Always", running("False", json!({ "terminated": {} })), Degraded, "");
    check("Always", running("False", json!({})), Progressing, "");
    check("OnFailure", running("True", json!({})), Progressing, "");
    check("Always", json!({ "phase": "Unknown" }), Unknown, "");
}

#[test]
fn jobs_and_cron_jobs() {
    let job = |kind: &str, status: &str, health, message: &str| {
        let condition = json!({ "type": kind, "status": status, "message": "said" });
        check("batch/v1", "Job", &json!({ "status": { "conditions": [condition] } }), Some((health, message)));
    };
    check("batch/v1", "Job", &json!({ "status": { "active": 1 } }), Some((Progressing, "")));
    job("Failed", "False", Degraded, "said");
    job("Complete", "True", Healthy, "said");
    job("Suspended", "True", Suspended, "said");
    job("Suspended", "False", Healthy, "said");

    let cron = |status: Value, health, message: &str| {
        check("batch/v1", "CronJob", &json!({ "status": status }), Some((health, message)));
    };
    check("batch/v1", "CronJob", &json!({ "spec": { "suspend": true } }), Some((Healthy, "CronJob is Suspended")));
    check("batch/v1", "CronJob", &json!({}), Some((Progressing, "Waiting for CronJob")));
    cron(json!({}), Healthy, "CronJob has not been scheduled yet");
    let at = |scheduled: &str, succeeded: &str| {
        json!({ "lastScheduleTime": format!("2026-11-23T0{scheduled}:00:00Z"),
            "lastSuccessfulTime": format!("2026-11-23T0{succeeded}:00:09Z") })
    };
    cron(
        json!({ "lastScheduleTime": "2026-11-23T01:00:00Z" }),
        Healthy,
        "The CronJob never completed successfully. It may not be healthy",
    );
    cron(at("3", "2"), Degraded, "CronJob has not completed its last execution successfully");
    cron(at("3", "3"), Healthy, "CronJob has completed its last execution successfully");
    let mut active = at("3", "2");
    active["active"] = json!([{ "name": "x-1" }]);
    cron(active, Healthy, "The job is running. Its last execution may not have been successful");
}

#[test]
fn what_leads_in_from_outside_and_volumes() {
    let address = json!({ "loadBalancer": { "ingress": [{ "ip": "10.0.0.1" }] } });
    let balancer = json!({ "type": "LoadBalancer" });
    check("v1", "Service", &json!({ "spec": { "type": "ClusterIP" } }), Some((Healthy, "")));
    check("v1", "Service", &json!({ "spec": balancer }), Some((Progressing, "")));
    check("v1", "Service", &json!({ "spec": balancer, "status": address }), Some((Healthy, "")));
    for group in ["networking.k8s.io/v1", "extensions/v1beta1"] {
        check(group, "Ingress", &json!({}), Some((Progressing, "")));
        check(group, "Ingress", &json!({ "status": address }), Some((Healthy, "")));
    }
    for (phase, health) in [("Bound", Healthy), ("Pending", Progressing), ("Lost", Degraded), ("", Unknown)] {
        check("v1", "PersistentVolumeClaim", &json!({ "status": { "phase": phase } }), Some((health, "")));
    }
}

#[test]
fn autoscalers() {
    let condition = |kind: &str, status: &str, reason: &str| json!([{ "type": kind, "status": status, "reason": reason, "message": "said" }]);
    let check = |conditions: Value, health, message: &str| {
        let kind = "HorizontalPodAutoscaler";
        check("autoscaling/v2", kind, &json!({ "status": { "conditions": conditions } }), Some((health, message)));
        let annotations = json!({ "autoscaling.alpha.kubernetes.io/conditions": conditions.to_string() });
        let rest = json!({ "metadata": { "annotations": annotations } });
        super::tests::check("autoscaling/v1", kind, &rest, Some((health, message)));
    };
    for (kind, reason) in SCALING_FAILURES {
        check(condition(kind, "False", reason), Degraded, "said");
    }
    check(condition("AbleToScale", "True", "ReadyForNewScale"), Healthy, "said");
    check(condition("ScalingLimited", "True", "TooFewReplicas"), Healthy, "said");
    check(json!([]), Progressing, "Waiting to Autoscale");
    let old = of(&json!({ "apiVersion": "autoscaling/v2beta2", "kind": "HorizontalPodAutoscaler" }));
    assert_eq!(old.map(|v| v.0), Some(Unknown));
}

#[test]
fn extensions_of_the_api() {
    let available = |status: &str| {
        json!({ "status": { "conditions":
            [{ "type": "Available", "status": status, "reason": "Local", "message": "here" }] } })
    };
    let service = |rest, health, message: &str| {
        check("apiregistration.k8s.io/v1", "APIService", &rest, Some((health, message)));
    };
    service(available("True"), Healthy, "Local: here");
    service(available("False"), Progressing, "Local: here");
    service(json!({}), Progressing, "Waiting to be processed");
    for (phase, health) in
        [("", Progressing), ("Running", Progressing), ("Succeeded", Healthy), ("Failed", Degraded), ("Error", Degraded)]
    {
        let rest = json!({ "status": { "phase": phase, "message": "said" } });
        check("argoproj.io/v1alpha1", "Workflow", &rest, Some((health, "said")));
    }
    let set = |kind: &str, status: &str, health| {
        let condition = json!({ "type": kind, "status": status, "message": "said" });
        let rest = json!({ "status": { "conditions": [condition] } });
        check("argoproj.io/v1alpha1", "ApplicationSet", &rest, Some((health, "said")));
    };
    set("ErrorOccurred", "True", Degraded);
    set("ResourcesUpToDate", "False", Degraded);
    set("RolloutProgressing", "True", Progressing);
    set("ResourcesUpToDate", "True", Healthy);
}

#[test]
fn what_has_no_rule_has_no_health_and_what_is_deleted_is_on_its_way() {
    check("v1", "ConfigMap", &json!({}), None);
    check("v1", "Secret", &json!({}), None);
    check("argoproj.io/v1alpha1", "Application", &json!({ "status": { "health": { "status": "Degraded" } } }), None);
    check("acme.example/v1", "Deployment", &json!({}), None);
    let going = json!({ "deletionTimestamp": "2026-11-23T06:00:00Z" });
    check("v1", "ConfigMap", &json!({ "metadata": going }), Some((Progressing, "Pending deletion")));
    let held =
        json!({ "deletionTimestamp": "2026-11-23T06:00:00Z", "finalizers": ["argocd.argoproj.io/hook-finalizer"] });
    check("v1", "ConfigMap", &json!({ "metadata": held }), None);
}
