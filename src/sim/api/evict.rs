//! Orders about one pod: to be evicted, and to be bound to a node.

use http::Response;
use serde_json::{Value, json};

use super::respond::{self, Body};
use super::status::Failure;
use super::write::Request;
use crate::sim::operator::disruption;

/// POST of an Eviction: the pod is deleted, unless a disruption budget needs it.
pub(super) fn evict(request: &Request<'_>) -> Result<Response<Body>, Failure> {
    let order = order(request)?;
    let (options, for_show) = request.options_of(&order["deleteOptions"])?;
    let writer = request.writer("CreateOptions")?.at("");
    let writer = if for_show { writer.dry_run(true) } else { writer };
    spare(request)?;
    writer.delete("Pod", &request.target.namespace, &request.target.name, &options)?;
    Ok(done())
}

/// Refuses to evict a pod that its disruption budget cannot do without.
fn spare(request: &Request<'_>) -> Result<(), Failure> {
    let (namespace, name) = (request.target.namespace.as_str(), request.target.name.as_str());
    let Some(pod) = request.store.get("Pod", namespace, name) else { return Ok(()) };
    // what does not run is not missed
    let phase = pod["status"]["phase"].as_str().unwrap_or_default();
    if phase != "Running" || pod["metadata"]["deletionTimestamp"].is_string() {
        return Ok(());
    }
    let budgets = disruption::of_pod(request.store, &pod);
    let (budget, status) = match budgets.as_slice() {
        [] => return Ok(()),
        [one] => one,
        _ => return Err(Failure::several_budgets()),
    };
    let count = |field: &str| status[field].as_i64().unwrap_or_default();
    let (needed, current) = (count("desiredHealthy"), count("currentHealthy"));
    if !disruption::is_healthy(&pod) {
        let always = budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow";
        if always || current >= needed && needed > 0 {
            return Ok(());
        }
    }
    if count("disruptionsAllowed") > 0 {
        return Ok(());
    }
    let own = budget["metadata"]["name"].as_str().unwrap_or_default();
    Err(Failure::disruption(own, needed, current))
}

/// POST of a Binding, as a scheduler sends it.
pub(super) fn bind(request: &Request<'_>) -> Result<Response<Body>, Failure> {
    let order = order(request)?;
    let (namespace, name) = (request.target.namespace.as_str(), request.target.name.as_str());
    let node = order["target"]["name"].as_str().unwrap_or_default();
    if node.is_empty() {
        let message = "Required value";
        let cause = json!({"reason": "FieldValueRequired", "message": message, "field": "target.name"});
        return Err(Failure::invalid(request.kind, name, &[cause]));
    }
    let pod = request.store.get("Pod", namespace, name).ok_or_else(|| Failure::not_found(request.kind, name))?;
    let bound = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    if !bound.is_empty() {
        return Err(Failure::bound(name, bound));
    }
    let writer = request.writer("CreateOptions")?;
    // whoever was faster is found by the pod's version
    let version = pod["metadata"]["resourceVersion"].clone();
    writer.edit("Pod", namespace, name, |pod| {
        pod["metadata"]["resourceVersion"] = version.clone();
        pod["spec"]["nodeName"] = node.into();
    })?;
    Ok(done())
}

/// The body, which has to be about the pod that the URL names.
fn order(request: &Request<'_>) -> Result<Value, Failure> {
    let order = request.json()?;
    let name = order["metadata"]["name"].as_str().unwrap_or_default();
    if !name.is_empty() && name != request.target.name {
        return Err(Failure::bad_request("name in URL does not match name in the object"));
    }
    Ok(order)
}

fn done() -> Response<Body> {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    respond::json(201, &status)
}
