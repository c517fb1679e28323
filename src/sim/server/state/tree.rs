//! The tree of an Application: its resources, what they made, and the nodes its pods are on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::super::argocd::inspect;
use super::super::super::columns::Cell;
use super::super::super::kinds::{KINDS, Kind};
use super::super::super::object::Object;
use super::super::super::store::Store;
use super::super::desk::{Desk, project_of};
use crate::sim::manifest::meta::{text, uid};
use crate::sim::quantity::thousandths;

/// An object that may be a node: its kind and what it says.
struct Candidate {
    kind: &'static Kind,
    object: Arc<Object>,
    value: Arc<Value>,
}

/// What a node is sorted and found by: group, kind, namespace and name.
type Place = (String, String, String, String);

/// The tree of an Application as it stands.
pub(in crate::sim) fn tree(desk: &Desk, app: &Value) -> Value {
    let spec_is_wrong = |condition: &Value| condition["type"] == "InvalidSpecError";
    let wrong = app["status"]["conditions"].as_array().into_iter().flatten().any(spec_is_wrong);
    let store = inspect::destination(&desk.clusters, app).filter(|_| !wrong);
    let Some(store) = store else { return json!({}) };
    let name = text(app, "/metadata/name");
    let mut nodes: BTreeMap<Place, Value> = BTreeMap::new();
    let roots = inspect::tracked(store, name);
    let mut pods: BTreeSet<String> = BTreeSet::new();
    let mut known: Map<String, Value> = Map::new();
    let mut namespaces: BTreeSet<String> = BTreeSet::new();
    for root in &roots {
        let Some(candidate) = candidate(store, root) else { continue };
        namespaces.insert(text(root, "/metadata/namespace").to_owned());
        add(&mut nodes, &mut known, &mut pods, &candidate, None);
    }
    let below = children(store, &namespaces);
    loop {
        let before = nodes.len();
        for candidate in &below {
            let owners = candidate.value["metadata"]["ownerReferences"].as_array();
            let owner = owners.into_iter().flatten().find_map(|owner| known.get(text(owner, "/uid")));
            if let Some(owner) = owner.cloned() {
                add(&mut nodes, &mut known, &mut pods, candidate, Some(owner));
            }
        }
        if nodes.len() == before {
            break;
        }
    }
    endpoints(store, &mut nodes);
    let is_told = store.object("Namespace", "", text(app, "/spec/destination/namespace")).is_none();
    for row in app["status"]["resources"].as_array().into_iter().flatten() {
        let place = place(text(row, "/group"), row);
        nodes.entry(place).or_insert_with(|| if is_told { told(app, row) } else { missing(row) });
    }
    let mut tree = json!({});
    if !nodes.is_empty() {
        tree["nodes"] = nodes.into_values().collect();
    }
    let orphans = orphans(desk, app, store, &known);
    if !orphans.is_empty() {
        tree["orphanedNodes"] = orphans.into();
    }
    let hosts = hosts(store, &pods);
    if !hosts.is_empty() {
        tree["hosts"] = hosts.into();
    }
    tree
}

fn place(group: &str, row: &Value) -> Place {
    let of = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
    (group.to_owned(), of("kind"), of("namespace"), of("name"))
}

fn candidate(store: &Store, value: &Value) -> Option<Candidate> {
    let kind = crate::sim::kinds::by_kind(text(value, "/kind"))?;
    let object = store.object(kind.kind, text(value, "/metadata/namespace"), text(value, "/metadata/name"))?;
    let value = object.value(kind);
    Some(Candidate { kind, object, value })
}

/// Everything in some namespaces that somebody owns.
fn children(store: &Store, namespaces: &BTreeSet<String>) -> Vec<Candidate> {
    let sign = memchr::memmem::Finder::new("\"ownerReferences\"");
    let mut found = Vec::new();
    let kinds = KINDS.iter().filter(|kind| kind.is_stored() && !kind.is_alias() && kind.namespaced);
    for kind in kinds.filter(|kind| !matches!(kind.kind, "Event" | "Application")) {
        for namespace in namespaces {
            let Ok(snapshot) = store.snapshot(kind.kind, Some(namespace), None) else { continue };
            for object in snapshot.objects {
                if sign.find(object.metadata()).is_some() {
                    let value = object.value(kind);
                    found.push(Candidate { kind, object, value });
                }
            }
        }
    }
    found
}

fn add(
    nodes: &mut BTreeMap<Place, Value>,
    known: &mut Map<String, Value>,
    pods: &mut BTreeSet<String>,
    candidate: &Candidate,
    owner: Option<Value>,
) {
    let node = node(candidate, owner);
    let place = place(candidate.kind.group, &node);
    if nodes.contains_key(&place) {
        return;
    }
    if candidate.kind.kind == "Pod" {
        pods.insert(candidate.object.key().to_owned());
    }
    known.insert(text(&node, "/uid").to_owned(), reference(&node));
    nodes.insert(place, node);
}

/// A node as its children name it.
fn reference(node: &Value) -> Value {
    let fields = ["group", "version", "kind", "namespace", "name", "uid"];
    let kept = fields.iter().filter(|field| !node[**field].is_null());
    kept.map(|field| ((*field).to_owned(), node[*field].clone())).collect::<Map<_, _>>().into()
}

fn node(candidate: &Candidate, owner: Option<Value>) -> Value {
    let Candidate { kind, object, value } = candidate;
    let metadata = &value["metadata"];
    let mut node = json!({
        "version": kind.version,
        "kind": kind.kind,
        "name": object.name(),
        "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
        "createdAt": metadata["creationTimestamp"],
    });
    for (field, text) in [("group", kind.group), ("namespace", object.namespace())] {
        if !text.is_empty() {
            node[field] = text.into();
        }
    }
    if let Some(owner) = owner {
        node["parentRefs"] = json!([owner]);
    }
    let mut info = Vec::new();
    let revision = inspect::annotation(value, "deployment.kubernetes.io/revision");
    if kind.group == "apps" && !revision.is_empty() {
        info.push(json!({"name": "Revision", "value": format!("Rev:{revision}")}));
    }
    if kind.kind == "Pod" {
        info = pod_info(object, value);
        let images = inspect::images(value);
        if !images.is_empty() {
            node["images"] = images.into();
        }
        if metadata["labels"].is_object() {
            node["networkingInfo"] = json!({"labels": metadata["labels"]});
        }
    }
    if kind.kind == "Service" && value["spec"]["selector"].is_object() {
        node["networkingInfo"] = json!({"targetLabels": value["spec"]["selector"]});
        if let Some(ingress) = value["status"]["loadBalancer"].get("ingress") {
            node["networkingInfo"]["ingress"] = ingress.clone();
        }
    }
    if !info.is_empty() {
        node["info"] = info.into();
    }
    if let Some(health) = inspect::health_of(value).filter(|_| kind.kind != "Application") {
        node["health"] = health;
    }
    node
}

fn pod_info(object: &Object, pod: &Value) -> Vec<Value> {
    let word = |at: usize| match object.cells.get(at) {
        Some(Cell::Text(text)) => text.to_string(),
        _ => String::new(),
    };
    let mut info = Vec::new();
    let mut say = |name: &str, value: String| {
        info.push(if value.is_empty() { json!({"name": name}) } else { json!({"name": name, "value": value}) });
    };
    say("Status Reason", word(2));
    say("Node", text(pod, "/spec/nodeName").to_owned());
    say("Containers", word(1));
    if let Some(Cell::Restarts(count @ 1.., _)) = object.cells.get(3) {
        say("Restart Count", count.to_string());
    }
    if is_alive(pod) {
        for resource in ["cpu", "memory"] {
            say(resource, requested(pod, resource).to_string());
        }
    }
    info
}

fn is_alive(pod: &Value) -> bool {
    !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// A quantity in thousandths; 0 for none and for what cannot be read.
fn amount(quantity: &Value) -> i64 {
    thousandths(quantity).and_then(|amount| i64::try_from(amount).ok()).unwrap_or_default()
}

/// What a pod's containers ask for, in thousandths.
fn requested(pod: &Value, resource: &str) -> i64 {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    containers.map(|one| amount(&one["resources"]["requests"][resource])).sum()
}

/// The Endpoints of the Services in the tree: they have the name, but no owner.
fn endpoints(store: &Store, nodes: &mut BTreeMap<Place, Value>) {
    let services: Vec<Value> = nodes.values().filter(|node| node["kind"] == "Service").cloned().collect();
    for service in services {
        let Some(there) = store.get("Endpoints", text(&service, "/namespace"), text(&service, "/name")) else {
            continue;
        };
        let Some(candidate) = candidate(store, &there) else { continue };
        let mut owner = reference(&service);
        if let Some(owner) = owner.as_object_mut() {
            owner.remove("uid");
        }
        let node = node(&candidate, Some(owner));
        nodes.insert(place("", &node), node);
    }
}

/// A resource that is to be there and is not.
fn missing(row: &Value) -> Value {
    let mut node = reference(row);
    node["health"] = json!({"status": "Missing"});
    node
}

/// A resource of an Application of which the world has nothing but the Application: it is as the Application says.
fn told(app: &Value, row: &Value) -> Value {
    let mut node = reference(row);
    let health = match text(row, "/kind") {
        "Deployment" => text(app, "/status/health/status"),
        "Service" | "Ingress" | "HorizontalPodAutoscaler" | "CronJob" => "Healthy",
        _ => "",
    };
    let name = [text(app, "/metadata/uid"), text(row, "/kind"), text(row, "/name")];
    node["uid"] = uid(&name).into();
    if !health.is_empty() {
        node["health"] = json!({"status": health});
    }
    node
}

/// What lies in the destination's namespace and is nobody's, if the project wants to know.
fn orphans(desk: &Desk, app: &Value, store: &Store, known: &Map<String, Value>) -> Vec<Value> {
    let project = desk.store.get("AppProject", &desk.namespace, project_of(app)).unwrap_or_default();
    let namespace = text(app, "/spec/destination/namespace");
    if !project["spec"]["orphanedResources"].is_object() || namespace.is_empty() {
        return Vec::new();
    }
    let mut found = BTreeMap::new();
    let kinds = KINDS.iter().filter(|kind| kind.is_stored() && !kind.is_alias() && kind.namespaced);
    for kind in kinds.filter(|kind| !matches!(kind.kind, "Event" | "Endpoints" | "Lease")) {
        let Ok(snapshot) = store.snapshot(kind.kind, Some(namespace), None) else { continue };
        for object in snapshot.objects {
            let value = object.value(kind);
            let owned = value["metadata"]["ownerReferences"].is_array();
            let tracked = !inspect::annotation(&value, inspect::TRACKING).is_empty();
            // every namespace has these two
            let usual =
                matches!((kind.kind, object.name()), ("ConfigMap", "kube-root-ca.crt") | ("ServiceAccount", "default"));
            if !owned && !tracked && !usual && !known.contains_key(text(&value, "/metadata/uid")) {
                let node = node(&Candidate { kind, object, value }, None);
                found.insert(place(kind.group, &node), node);
            }
        }
    }
    found.into_values().collect()
}

/// The nodes an Application's pods are on, and how much of them they and their neighbours ask for.
fn hosts(store: &Store, own: &BTreeSet<String>) -> Vec<Value> {
    let Ok(all) = store.snapshot("Pod", None, None) else { return Vec::new() };
    let Some(kind) = crate::sim::kinds::by_kind("Pod") else { return Vec::new() };
    let mut asked: BTreeMap<String, [(i64, i64); 2]> = BTreeMap::new();
    let mut ours: BTreeSet<String> = BTreeSet::new();
    for object in all.objects {
        let pod = object.value(kind);
        let node = text(&pod, "/spec/nodeName");
        if node.is_empty() {
            continue;
        }
        let mine = own.contains(object.key());
        if mine {
            ours.insert(node.to_owned());
        }
        if is_alive(&pod) {
            let sums = asked.entry(node.to_owned()).or_default();
            for (sum, resource) in sums.iter_mut().zip(["cpu", "memory"]) {
                let amount = requested(&pod, resource);
                if mine { sum.0 += amount } else { sum.1 += amount }
            }
        }
    }
    let host = |name: String| {
        let node = store.get("Node", "", &name)?;
        let sums = asked.get(&name).copied().unwrap_or_default();
        let resources: Vec<Value> = ["cpu", "memory"]
            .iter()
            .zip(sums)
            .map(|(resource, (mine, others))| {
                let capacity = amount(&node["status"]["capacity"][*resource]);
                let mut info = json!({"resourceName": resource});
                for (field, amount) in
                    [("requestedByApp", mine), ("requestedByNeighbors", others), ("capacity", capacity)]
                {
                    if amount != 0 {
                        info[field] = amount.into();
                    }
                }
                info
            })
            .collect();
        Some(json!({"name": name, "resourcesInfo": resources, "systemInfo": node["status"]["nodeInfo"]}))
    };
    ours.into_iter().filter_map(host).collect()
}
