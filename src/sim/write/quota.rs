//! Quotas: what an object uses of what its namespace may have, and whether there is so much left.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::kinds::{KINDS, Kind};
use super::super::quantity::{ONE, thousandths, written};
use super::super::status::Failure;
use super::super::store::Store;

/// Amounts in thousandths by what quotas call them.
type Usage = BTreeMap<String, u128>;

/// Of these every container has to say how much, once a quota limits them.
const SAID: [&str; 6] = ["cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory"];

/// Whether the quotas of its namespace have room for an object; `old` is what it was before, null when it is new.
///
/// # Errors
/// When a quota is used up, or limits what the containers of a pod do not tell.
pub fn check(store: &Store, kind: &Kind, object: &Value, old: &Value) -> Result<(), Failure> {
    if store.len("ResourceQuota") == 0 || kind.kind == "Pod" && old.is_object() {
        return Ok(());
    }
    let metadata = &object["metadata"];
    let before = if old.is_object() { usage(kind, old) } else { Usage::new() };
    let mut more = usage(kind, object);
    for (what, amount) in &mut more {
        *amount = amount.saturating_sub(before.get(what).copied().unwrap_or_default());
    }
    more.retain(|_, amount| *amount > 0);
    for quota in store.list("ResourceQuota", metadata["namespace"].as_str()) {
        let hard = limits(&quota);
        if !covers(&quota, kind, object) || !hard.keys().any(|what| more.contains_key(what)) {
            continue;
        }
        let name = quota["metadata"]["name"].as_str().unwrap_or_default();
        let refuse = |sentence: String| {
            let own = metadata["name"].as_str().unwrap_or_default();
            Err(Failure::forbidden(kind.group, kind.plural, own, &sentence))
        };
        let silent = if kind.kind == "Pod" { unsaid(object, &hard) } else { String::new() };
        if !silent.is_empty() {
            return refuse(format!("failed quota: {name}: must specify {silent}"));
        }
        let used = used(store, &quota);
        let fits = |what: &str| more[what] + used.get(what).copied().unwrap_or_default() <= hard[what];
        let exceeded: Vec<&String> = hard.keys().filter(|what| more.contains_key(*what) && !fits(what)).collect();
        if !exceeded.is_empty() {
            let told = |amounts: &Usage| {
                let one =
                    |what: &&String| format!("{what}={}", written(amounts.get(*what).copied().unwrap_or_default()));
                exceeded.iter().map(one).collect::<Vec<_>>().join(",")
            };
            return refuse(format!(
                "exceeded quota: {name}, requested: {}, used: {}, limited: {}",
                told(&more),
                told(&used),
                told(&hard)
            ));
        }
    }
    Ok(())
}

/// The status of a quota: what it allows, and how much of that is used.
#[must_use]
pub fn status(store: &Store, quota: &Value) -> Value {
    let used = used(store, quota);
    let used: Map<String, Value> = used.into_iter().map(|(what, amount)| (what, json!(written(amount)))).collect();
    json!({"hard": quota["spec"]["hard"], "used": used})
}

fn limits(quota: &Value) -> Usage {
    let hard = quota["spec"]["hard"].as_object().into_iter().flatten();
    hard.filter_map(|(what, amount)| Some((what.clone(), thousandths(amount)?))).collect()
}

/// What the objects in the namespace of a quota use of what it limits.
fn used(store: &Store, quota: &Value) -> Usage {
    let mut all: Usage = limits(quota).into_keys().map(|what| (what, 0)).collect();
    let counted: Vec<&Kind> = KINDS.iter().filter(|kind| counts(kind, &all)).collect();
    for kind in counted {
        for object in store.list(kind.kind, quota["metadata"]["namespace"].as_str()) {
            if !covers(quota, kind, &object) {
                continue;
            }
            for (what, amount) in usage(kind, &object) {
                if let Some(sum) = all.get_mut(&what) {
                    *sum += amount;
                }
            }
        }
    }
    all
}

/// Whether objects of a kind use any of this.
fn counts(kind: &Kind, limited: &Usage) -> bool {
    let own = format!("count/{}", kind.qualified());
    let known = |what: &String| match kind.kind {
        "Pod" => what == "pods" || what.starts_with("limits.") || what.starts_with("requests.") || is_plain(what),
        "Service" => what.starts_with("services"),
        "PersistentVolumeClaim" => what == "persistentvolumeclaims" || what == "requests.storage",
        "ConfigMap" | "Secret" | "ResourceQuota" => *what == kind.plural,
        _ => false,
    };
    kind.namespaced && kind.is_stored() && !kind.is_alias() && limited.keys().any(|what| *what == own || known(what))
}

/// What may be limited without saying that requests are meant.
fn is_plain(what: &str) -> bool {
    matches!(what, "cpu" | "memory" | "ephemeral-storage")
}

/// What one object uses.
fn usage(kind: &Kind, object: &Value) -> Usage {
    let mut all = Usage::from([(format!("count/{}", kind.qualified()), ONE)]);
    let mut add = |what: &str, amount: u128| {
        if amount > 0 {
            all.insert(what.to_owned(), amount);
        }
    };
    match kind.kind {
        // one that has ended holds nothing any more
        "Pod" if matches!(object["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) => {}
        "Pod" => {
            add("pods", ONE);
            for (part, what, amount) in of_containers(object) {
                add(&format!("{part}.{what}"), amount);
                if part == "requests" && is_plain(&what) {
                    add(&what, amount);
                }
            }
        }
        "Service" => {
            add("services", ONE);
            let (balanced, open) = match object["spec"]["type"].as_str() {
                Some("LoadBalancer") => (ONE, object["spec"]["allocateLoadBalancerNodePorts"] != false),
                Some("NodePort") => (0, true),
                _ => (0, false),
            };
            let ports = object["spec"]["ports"].as_array().map_or(0, Vec::len) as u128;
            add("services.loadbalancers", balanced);
            add("services.nodeports", if open { ports * ONE } else { 0 });
        }
        "PersistentVolumeClaim" => {
            add("persistentvolumeclaims", ONE);
            add("requests.storage", thousandths(&object["spec"]["resources"]["requests"]["storage"]).unwrap_or(0));
        }
        "ConfigMap" | "Secret" | "ResourceQuota" => add(kind.plural, ONE),
        _ => {}
    }
    all
}

/// What a pod asks for and is held to: the sum of its containers, or its largest init container.
fn of_containers(pod: &Value) -> Vec<(&'static str, String, u128)> {
    let mut out = Vec::new();
    for part in ["limits", "requests"] {
        let (mut sums, mut most) = (Usage::new(), Usage::new());
        for (list, running) in [("containers", true), ("initContainers", false)] {
            for container in pod["spec"][list].as_array().into_iter().flatten() {
                for (what, amount) in container["resources"][part].as_object().into_iter().flatten() {
                    let amount = thousandths(amount).unwrap_or_default();
                    if running {
                        *sums.entry(what.clone()).or_default() += amount;
                    }
                    let most = most.entry(what.clone()).or_default();
                    *most = amount.max(*most);
                }
            }
        }
        // a single container never has more than all of them
        let all = most.into_iter().map(|(what, most)| {
            let sum = sums.get(&what).copied().unwrap_or_default();
            (part, what, sum.max(most))
        });
        out.extend(all);
    }
    out
}

/// Whether a quota is about an object: one with scopes is about some pods only.
fn covers(quota: &Value, kind: &Kind, object: &Value) -> bool {
    let mut scopes: Vec<&str> =
        quota["spec"]["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let named = quota["spec"]["scopeSelector"]["matchExpressions"].as_array().into_iter().flatten();
    scopes.extend(named.filter_map(|one| one["scopeName"].as_str()));
    scopes.is_empty()
        || kind.kind == "Pod"
            && scopes.iter().all(|scope| {
                let ends = object["spec"]["activeDeadlineSeconds"].is_i64();
                let best_effort = object["status"]["qosClass"] == "BestEffort";
                match *scope {
                    "Terminating" => ends,
                    "NotTerminating" => !ends,
                    "BestEffort" => best_effort,
                    "NotBestEffort" => !best_effort,
                    _ => false,
                }
            })
}

/// What a quota limits and the containers of a pod say nothing about, with their names.
fn unsaid(pod: &Value, hard: &Usage) -> String {
    let mut missing = Vec::new();
    for what in SAID.iter().filter(|what| hard.contains_key(**what)) {
        let (part, name) = what.split_once('.').unwrap_or(("requests", what));
        let lists = ["containers", "initContainers"].iter().filter_map(|list| pod["spec"][*list].as_array()).flatten();
        let mut silent: Vec<&str> = lists
            .filter(|container| container["resources"][part][name].is_null())
            .filter_map(|container| container["name"].as_str())
            .collect();
        silent.sort_unstable();
        if !silent.is_empty() {
            missing.push(format!("{what} for: {}", silent.join(",")));
        }
    }
    missing.join("; ")
}
