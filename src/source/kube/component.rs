//! The pods of Argo CD's own parts, found by their labels.

use serde_json::Value;

use super::cluster::Cluster;
use super::fault::{Fault, Kind};
use super::request::escape;

/// The largest answer of the API server that is read, in bytes.
const LARGEST: usize = 16 << 20;

/// The name of a pod that runs a part of the Argo CD in `namespace`; `what` names the part.
///
/// # Errors
/// In one line: what is not there, or which right is missing.
pub(in crate::source) async fn running_pod(
    argo: &Cluster,
    namespace: &str,
    selector: &str,
    what: &str,
) -> Result<String, String> {
    let uri = format!("/api/v1/namespaces/{}/pods?labelSelector={}", escape(namespace), escape(selector));
    let list = fetch(argo, &uri, &format!("list pods in {namespace}")).await?;
    let list = list.ok_or_else(|| format!("there is no namespace {namespace}"))?;
    let pods = list.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let runs = |pod: &&Value| pod.pointer("/status/phase").and_then(Value::as_str) == Some("Running");
    let name = |pod: &Value| Some(pod.pointer("/metadata/name")?.as_str()?.to_owned());
    pods.iter().filter(runs).find_map(name).ok_or_else(|| format!("no pod of {what} runs in {namespace}"))
}

/// Nothing for what is not there; `deed` is what a refusal says we may not do.
///
/// # Errors
/// In one line: which right is missing, or why it cannot be read.
pub(super) async fn fetch(argo: &Cluster, uri: &str, deed: &str) -> Result<Option<Value>, String> {
    match argo.fetch(uri, LARGEST).await {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|_| format!("cannot {deed}: it came garbled")),
        Err(fault) if fault.is_missing() => Ok(None),
        Err(Fault { kind: Kind::Denied, .. }) => Err(format!("may not {deed}")),
        Err(fault) => Err(format!("cannot {deed}: {}", fault.why)),
    }
}
