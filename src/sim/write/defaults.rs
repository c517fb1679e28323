//! What a server fills in that the client left out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::kinds::Kind;
use super::super::store::Store;

/// What is true of a new object only: no status yet, or the first one.
pub fn begin(store: &Store, kind: &Kind, object: &mut Value) {
    match (kind.group, kind.kind) {
        ("", "Namespace") => {
            object["spec"] = json!({"finalizers": ["kubernetes"]});
            object["status"] = json!({"phase": "Active"});
        }
        ("", "Pod") => object["status"] = json!({"phase": "Pending", "qosClass": quality(object)}),
        ("", "Service") => {
            object["status"] = json!({"loadBalancer": {}});
            if object["spec"]["type"] != "ExternalName" && object["spec"]["clusterIP"].is_null() {
                // an address nobody has, as far as one can tell from the number of services
                let number = store.len("Service") + 10;
                object["spec"]["clusterIP"] = format!("10.96.{}.{}", number / 250 % 250, number % 250 + 1).into();
            }
        }
        ("", "Node") | ("apiextensions.k8s.io", _) => {}
        ("", "PersistentVolumeClaim") => object["status"] = json!({"phase": "Pending"}),
        ("batch", "Job") => {
            object["status"] = json!({});
            select_own_pods(object);
        }
        _ if kind.is_custom() && kind.has_status() => {
            if let Some(map) = object.as_object_mut() {
                map.remove("status");
            }
        }
        ("apps", "ReplicaSet") => object["status"] = json!({"replicas": 0}),
        ("apps", "StatefulSet") => object["status"] = json!({"replicas": 0, "availableReplicas": 0}),
        ("apps", "DaemonSet") => {
            object["status"] = json!({"currentNumberScheduled": 0, "desiredNumberScheduled": 0,
                "numberMisscheduled": 0, "numberReady": 0});
        }
        _ if kind.has_status() && !kind.is_custom() => object["status"] = json!({}),
        _ => {}
    }
}

/// What follows from the name.
pub fn named(kind: &Kind, name: &str, object: &mut Value) {
    match kind.kind {
        "Namespace" => object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name.into(),
        "Job" => {
            let selector = object["spec"]["selector"]["matchLabels"]["batch.kubernetes.io/controller-uid"].is_string();
            if selector && let Some(labels) = object.pointer_mut("/spec/template/metadata/labels") {
                labels["batch.kubernetes.io/job-name"] = name.into();
                labels["job-name"] = name.into();
            }
        }
        _ => {}
    }
}

/// What admission adds to a new object; nobody owns it.
pub fn admit(store: &Store, kind: &Kind, object: &mut Value) {
    if kind.kind != "Pod" {
        return;
    }
    let account = object.pointer("/spec/serviceAccountName").cloned().unwrap_or_else(|| "default".into());
    put(object, "/spec/serviceAccountName", account.clone());
    put(object, "/spec/serviceAccount", account);
    put(object, "/spec/priority", 0);
    put(object, "/spec/preemptionPolicy", "PreemptLowerPriority");
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let toleration = json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
        push(&mut object["spec"]["tolerations"], toleration);
    }
    if object["spec"]["automountServiceAccountToken"] != false {
        mount_token(&format!("kube-api-access-{}", store.fresh_suffix()), &mut object["spec"]);
    }
}

/// Gives every container of a pod the token of its service account.
fn mount_token(volume: &str, spec: &mut Value) {
    let place = "/var/run/secrets/kubernetes.io/serviceaccount";
    let sources = json!([
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace",
            "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
    ]);
    push(&mut spec["volumes"], json!({"name": volume, "projected": {"defaultMode": 420, "sources": sources}}));
    for list in ["initContainers", "containers"] {
        for container in items(spec, list) {
            push(&mut container["volumeMounts"], json!({"name": volume, "readOnly": true, "mountPath": place}));
        }
    }
}

fn push(list: &mut Value, item: Value) {
    match list.as_array_mut() {
        Some(items) => items.push(item),
        None => *list = json!([item]),
    }
}

/// Default values of a type's fields.
pub fn fill(kind: &Kind, object: &mut Value) {
    match (kind.group, kind.kind) {
        ("", "Pod") => {
            pod_spec(object.get_mut("spec"), "Always");
            put(object, "/spec/enableServiceLinks", true);
            ask_for_limits(object);
        }
        ("", "LimitRange") => {
            for item in object.pointer_mut("/spec/limits").and_then(Value::as_array_mut).into_iter().flatten() {
                if item["type"] == "Container" {
                    inherit(item, "default", &["max"]);
                    inherit(item, "defaultRequest", &["default", "min"]);
                }
            }
        }
        ("", "Secret") => {
            fold_secret(object);
            put(object, "/type", "Opaque");
        }
        ("", "Service") => service(object),
        ("", "PersistentVolumeClaim") => put(object, "/spec/volumeMode", "Filesystem"),
        ("apps", "Deployment") => {
            put(object, "/spec/replicas", 1);
            rolling(object, "/spec/strategy", &json!({"maxUnavailable": "25%", "maxSurge": "25%"}));
            put(object, "/spec/revisionHistoryLimit", 10);
            put(object, "/spec/progressDeadlineSeconds", 600);
            pod_spec(object.pointer_mut("/spec/template/spec"), "Always");
        }
        ("apps", "ReplicaSet") => {
            put(object, "/spec/replicas", 1);
            pod_spec(object.pointer_mut("/spec/template/spec"), "Always");
        }
        ("apps", "StatefulSet") => {
            put(object, "/spec/replicas", 1);
            put(object, "/spec/podManagementPolicy", "OrderedReady");
            rolling(object, "/spec/updateStrategy", &json!({"partition": 0}));
            put(object, "/spec/revisionHistoryLimit", 10);
            put(
                object,
                "/spec/persistentVolumeClaimRetentionPolicy",
                json!({"whenDeleted": "Retain", "whenScaled": "Retain"}),
            );
            pod_spec(object.pointer_mut("/spec/template/spec"), "Always");
        }
        ("apps", "DaemonSet") => {
            rolling(object, "/spec/updateStrategy", &json!({"maxUnavailable": 1, "maxSurge": 0}));
            put(object, "/spec/revisionHistoryLimit", 10);
            pod_spec(object.pointer_mut("/spec/template/spec"), "Always");
        }
        ("batch", "Job") => job(object.get_mut("spec"), true),
        ("batch", "CronJob") => {
            put(object, "/spec/concurrencyPolicy", "Allow");
            put(object, "/spec/suspend", false);
            put(object, "/spec/successfulJobsHistoryLimit", 3);
            put(object, "/spec/failedJobsHistoryLimit", 1);
            job(object.pointer_mut("/spec/jobTemplate/spec"), false);
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            put(object, "/roleRef/apiGroup", "rbac.authorization.k8s.io");
            for subject in items(object, "subjects") {
                if subject["kind"] != "ServiceAccount" {
                    put(subject, "/apiGroup", "rbac.authorization.k8s.io");
                }
            }
        }
        _ => {}
    }
}

/// What a container is held to it asks for too, unless it says less.
fn ask_for_limits(pod: &mut Value) {
    let Some(spec) = pod.get_mut("spec") else { return };
    for list in ["containers", "initContainers"] {
        for container in items(spec, list) {
            inherit(&mut container["resources"], "requests", &["limits"]);
        }
    }
}

/// Gives a map of quantities what it lacks of others.
fn inherit(item: &mut Value, to: &str, from: &[&str]) {
    for source in from {
        for (what, amount) in item[*source].as_object().cloned().into_iter().flatten() {
            if item[to][&what].is_null() {
                item[to][what] = amount;
            }
        }
    }
}

/// `stringData` of a Secret is a way to write `data`, and is never kept.
pub fn fold_secret(secret: &mut Value) {
    let Some(plain) = secret.as_object_mut().and_then(|secret| secret.remove("stringData")) else { return };
    for (key, value) in plain.as_object().into_iter().flatten() {
        let bytes = value.as_str().unwrap_or_default().as_bytes();
        secret["data"][key] = STANDARD.encode(bytes).into();
    }
}

/// Writes quantities given as numbers the way servers do: as text.
pub fn numbers(kind: &Kind, object: &mut Value) {
    if !kind.is_custom() {
        quantities(object, "");
    }
}

fn quantities(value: &mut Value, name: &str) {
    match value {
        Value::Object(map) if matches!(name, "limits" | "requests") => {
            for quantity in map.values_mut().filter(|q| q.is_number()) {
                *quantity = quantity.to_string().into();
            }
        }
        Value::Object(map) => map.iter_mut().for_each(|(name, value)| quantities(value, name)),
        Value::Array(items) => items.iter_mut().for_each(|item| quantities(item, "")),
        _ => {}
    }
}

/// The items of a list within an object; none when it has no such list.
fn items<'a>(object: &'a mut Value, list: &str) -> impl Iterator<Item = &'a mut Value> {
    object.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten()
}

/// Sets a field whose parents exist and that is not there yet.
fn put(object: &mut Value, pointer: &str, value: impl Into<Value>) {
    let Some((parent, field)) = pointer.rsplit_once('/') else { return };
    if let Some(map) = object.pointer_mut(parent).and_then(Value::as_object_mut) {
        let there = map.entry(field).or_insert(Value::Null);
        if there.is_null() {
            *there = value.into();
        }
    }
}

fn rolling(object: &mut Value, pointer: &str, rolling: &Value) {
    put(object, pointer, json!({}));
    put(object, &format!("{pointer}/type"), "RollingUpdate");
    if object.pointer(&format!("{pointer}/type")).is_some_and(|kind| kind == "RollingUpdate") {
        put(object, &format!("{pointer}/rollingUpdate"), json!({}));
        for (field, value) in rolling.as_object().into_iter().flatten() {
            put(object, &format!("{pointer}/rollingUpdate/{field}"), value.clone());
        }
    }
}

fn job(spec: Option<&mut Value>, alone: bool) {
    let Some(spec) = spec else { return };
    if alone {
        if spec["parallelism"].is_null() && spec["completions"].is_null() {
            put(spec, "/completions", 1);
        }
        put(spec, "/parallelism", 1);
        put(spec, "/backoffLimit", 6);
        put(spec, "/completionMode", "NonIndexed");
        put(spec, "/suspend", false);
        put(spec, "/manualSelector", false);
        put(spec, "/podReplacementPolicy", "TerminatingOrFailed");
    }
    pod_spec(spec.pointer_mut("/template/spec"), "Always");
}

/// A job that names no selector gets one of its own; its uid is what tells its pods from others'.
fn select_own_pods(object: &mut Value) {
    if object["spec"]["manualSelector"] == true || object["spec"]["selector"].is_object() {
        return;
    }
    let uid = object["metadata"]["uid"].clone();
    object["spec"]["selector"] = json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}});
    if let Some(template) = object.pointer_mut("/spec/template").and_then(Value::as_object_mut) {
        let metadata = template.entry("metadata").or_insert_with(|| json!({}));
        metadata["labels"]["batch.kubernetes.io/controller-uid"] = uid.clone();
        metadata["labels"]["controller-uid"] = uid;
    }
}

fn pod_spec(spec: Option<&mut Value>, restart: &str) {
    let Some(spec) = spec else { return };
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for container in items(spec, list) {
            let image = container["image"].as_str().unwrap_or_default();
            let tag = image.rsplit('/').next().unwrap_or_default();
            let always = tag.ends_with(":latest") || !tag.contains([':', '@']);
            put(container, "/imagePullPolicy", if always { "Always" } else { "IfNotPresent" });
            put(container, "/resources", json!({}));
            put(container, "/terminationMessagePath", "/dev/termination-log");
            put(container, "/terminationMessagePolicy", "File");
            for port in items(container, "ports") {
                put(port, "/protocol", "TCP");
            }
            for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
                for (field, value) in
                    [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
                {
                    put(container, &format!("/{probe}/{field}"), value);
                }
                put(container, &format!("/{probe}/httpGet/path"), "/");
                put(container, &format!("/{probe}/httpGet/scheme"), "HTTP");
            }
        }
    }
    put(spec, "/restartPolicy", restart);
    put(spec, "/terminationGracePeriodSeconds", 30);
    put(spec, "/dnsPolicy", "ClusterFirst");
    put(spec, "/securityContext", json!({}));
    put(spec, "/schedulerName", "default-scheduler");
}

fn service(object: &mut Value) {
    put(object, "/spec/type", "ClusterIP");
    put(object, "/spec/sessionAffinity", "None");
    put(object, "/spec/internalTrafficPolicy", "Cluster");
    if let Some(address) = object.pointer("/spec/clusterIP").filter(|a| a.is_string()).cloned() {
        put(object, "/spec/clusterIPs", json!([address]));
        put(object, "/spec/ipFamilies", json!(["IPv4"]));
        put(object, "/spec/ipFamilyPolicy", "SingleStack");
    }
    for port in object.pointer_mut("/spec/ports").and_then(Value::as_array_mut).into_iter().flatten() {
        put(port, "/protocol", "TCP");
        let number = port["port"].clone();
        put(port, "/targetPort", number);
    }
}

fn quality(pod: &Value) -> &'static str {
    let containers = pod["spec"]["containers"].as_array();
    let mut containers = containers.into_iter().flatten();
    let bare = |c: &Value| c["resources"]["limits"].is_null() && c["resources"]["requests"].is_null();
    if containers.clone().all(bare) {
        return "BestEffort";
    }
    let guaranteed = |c: &Value| {
        let limits = &c["resources"]["limits"];
        let equal = |name: &str| {
            limits[name].is_string() && [&Value::Null, &limits[name]].contains(&&c["resources"]["requests"][name])
        };
        equal("cpu") && equal("memory")
    };
    if containers.all(guaranteed) { "Guaranteed" } else { "Burstable" }
}
