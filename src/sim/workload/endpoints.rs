//! What stands behind a Service, in both spellings: `Endpoints`, and an `EndpointSlice`.

use super::cache::{Cache, Seen};
use super::cluster::Work;
use super::hand::MANAGER;
use super::pod;
use crate::sim::manifest::meta::{owned_by, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

const SERVICE: &str = "kubernetes.io/service-name";
const BY: &str = "endpointslice.kubernetes.io/managed-by";

/// The Services that a pod stands behind, or stood behind before.
pub(super) fn concerned(cache: &Cache, seen: &Seen) -> BTreeSet<String> {
    let versions: Vec<&Arc<Value>> = seen.before.iter().chain(&seen.now).collect();
    // what says nothing new about addresses and readiness does not matter
    let matters = |pod: &Value| (pod["status"]["podIP"].clone(), pod::is_ready(pod), pod::is_going(pod), labels(pod));
    if let [before, now] = versions[..]
        && matters(before) == matters(now)
    {
        return BTreeSet::new();
    }
    let namespace = seen.key.split('/').next().unwrap_or_default();
    let services = cache.within("Service", namespace);
    let stands = |service: &Value| versions.iter().any(|pod| selects(service, pod));
    services.filter(|(_, service)| stands(service)).map(|(key, _)| key.clone()).collect()
}

fn labels(object: &Value) -> Value {
    object["metadata"]["labels"].clone()
}

fn selects(service: &Value, pod: &Value) -> bool {
    let selector = service["spec"]["selector"].as_object().filter(|selector| !selector.is_empty());
    selector.is_some_and(|wanted| wanted.iter().all(|(name, value)| pod["metadata"]["labels"][name] == *value))
}

/// Writes what stands behind a Service now.
pub(super) fn sync(work: &mut Work<'_, '_>, key: &str) {
    let Some((namespace, name)) = key.split_once('/') else { return };
    let Some(service) = work.cluster.cache.get("Service", key) else {
        let store = &work.cluster.stage.store;
        if let Some(endpoints) = store.get("Endpoints", namespace, name) {
            work.hand(MANAGER).delete(&endpoints, None);
        }
        return;
    };
    if service["spec"]["selector"].as_object().is_none_or(serde_json::Map::is_empty) {
        return;
    }
    let pods: Vec<Arc<Value>> = work
        .cluster
        .cache
        .within("Pod", namespace)
        .map(|(_, pod)| pod)
        .filter(|pod| selects(&service, pod) && pod["status"]["podIP"].is_string() && !pod::is_over(pod))
        .cloned()
        .collect();
    classic(work, &service, &pods);
    slice(work, &service, &pods);
}

/// The ports that a Service leads to: those of the first pod when it names them.
fn ports(service: &Value, pods: &[Arc<Value>]) -> Vec<Value> {
    let all = service["spec"]["ports"].as_array().into_iter().flatten();
    all.filter_map(|port| {
        let number = match &port["targetPort"] {
            Value::String(named) => pods.iter().find_map(|pod| port_of(pod, named))?,
            Value::Null => port["port"].as_i64()?,
            number => number.as_i64()?,
        };
        let protocol = port["protocol"].as_str().unwrap_or("TCP");
        Some(json!({"name": port["name"].as_str().unwrap_or_default(), "port": number, "protocol": protocol}))
    })
    .collect()
}

fn port_of(pod: &Value, name: &str) -> Option<i64> {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let mut ports = containers.filter_map(|container| container["ports"].as_array()).flatten();
    ports.find(|port| port["name"] == name)?["containerPort"].as_i64()
}

fn target(pod: &Value) -> Value {
    json!({"kind": "Pod", "name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"],
        "uid": pod["metadata"]["uid"]})
}

fn classic(work: &mut Work<'_, '_>, service: &Value, pods: &[Arc<Value>]) {
    let (namespace, name) = (text(service, "/metadata/namespace"), text(service, "/metadata/name"));
    let address = |pod: &Arc<Value>| json!({"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": target(pod)});
    let (ready, waiting): (Vec<_>, Vec<_>) =
        pods.iter().filter(|pod| !pod::is_going(pod)).partition(|pod| pod::is_ready(pod));
    let mut subset = json!({});
    for (field, list) in [("addresses", ready), ("notReadyAddresses", waiting)] {
        if !list.is_empty() {
            subset[field] = list.into_iter().map(address).collect();
        }
    }
    let subsets = if subset.as_object().is_some_and(serde_json::Map::is_empty) {
        Value::Null
    } else {
        let mut ports = ports(service, pods);
        for port in ports.iter_mut().filter_map(Value::as_object_mut) {
            // the older spelling leaves an empty name out
            port.retain(|field, value| field != "name" || value != "");
        }
        subset["ports"] = ports.into();
        json!([subset])
    };
    let live = work.cluster.stage.store.get("Endpoints", namespace, name);
    let Some(live) = live else {
        let mut labels = labels(service);
        labels["endpoints.kubernetes.io/managed-by"] = json!("endpoint-controller");
        let mut object = json!({"apiVersion": "v1", "kind": "Endpoints",
            "metadata": {"name": name, "namespace": namespace, "labels": labels}});
        if !subsets.is_null() {
            object["subsets"] = subsets;
        }
        work.hand(MANAGER).create(object);
        return;
    };
    if live["subsets"] != subsets {
        work.hand(MANAGER).change("Endpoints", namespace, name, |live| match (&subsets, live.as_object_mut()) {
            (Value::Null, Some(live)) => drop(live.remove("subsets")),
            (subsets, Some(live)) => drop(live.insert("subsets".to_owned(), subsets.clone())),
            (_, None) => {}
        });
    }
}

fn slice(work: &mut Work<'_, '_>, service: &Value, pods: &[Arc<Value>]) {
    let (namespace, name) = (text(service, "/metadata/namespace"), text(service, "/metadata/name"));
    let endpoint = |pod: &Arc<Value>| {
        let (ready, going) = (pod::is_ready(pod), pod::is_going(pod));
        json!({"addresses": [pod["status"]["podIP"]], "nodeName": pod["spec"]["nodeName"], "targetRef": target(pod),
            "conditions": {"ready": ready && !going, "serving": ready, "terminating": going}})
    };
    let endpoints: Value = pods.iter().map(endpoint).collect();
    let ports: Value = ports(service, pods).into();
    let slices = work.cluster.stage.store.values("EndpointSlice", Some(namespace));
    let own = slices.into_iter().find(|slice| slice["metadata"]["labels"][SERVICE] == name);
    let Some(live) = own else {
        let mut labels = labels(service);
        labels[SERVICE] = json!(name);
        labels[BY] = json!("endpointslice-controller.k8s.io");
        work.hand(MANAGER).create(json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"generateName": format!("{name}-"), "namespace": namespace, "labels": labels,
                "ownerReferences": owned_by(service)},
            "addressType": "IPv4", "endpoints": endpoints, "ports": ports,
        }));
        return;
    };
    if live["endpoints"] != endpoints || live["ports"] != ports {
        work.hand(MANAGER).change("EndpointSlice", namespace, text(&live, "/metadata/name"), |live| {
            live["endpoints"] = endpoints.clone();
            live["ports"] = ports.clone();
        });
    }
}
