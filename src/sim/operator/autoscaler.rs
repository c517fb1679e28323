//! The horizontal autoscaler without metrics: it keeps its target within its bounds.

use serde_json::{Value, json};

use crate::sim::manifest::meta::text;
use crate::sim::store::Store;
use crate::sim::time::stamp;
use crate::sim::write::{Address, Writer, scale};

const MANAGER: &str = "kube-controller-manager";

/// Looks at every autoscaler.
pub(super) fn sync(store: &Store) {
    for autoscaler in store.list("HorizontalPodAutoscaler", None) {
        one(store, &autoscaler);
    }
}

fn one(store: &Store, autoscaler: &Value) {
    let namespace = text(autoscaler, "/metadata/namespace");
    let (kind, name) = (text(autoscaler, "/spec/scaleTargetRef/kind"), text(autoscaler, "/spec/scaleTargetRef/name"));
    let Ok(address) = Address::new(kind, namespace, name) else { return };
    let Some(target) = store.get(kind, namespace, name).filter(|_| address.kind.sub("scale").is_some()) else {
        return;
    };
    let mut scale = scale::of(&target);
    let least = autoscaler["spec"]["minReplicas"].as_i64().unwrap_or(1);
    let most = autoscaler["spec"]["maxReplicas"].as_i64().unwrap_or(least).max(least);
    let wanted = scale["spec"]["replicas"].as_i64().unwrap_or_default();
    // none at all means that somebody switched the target off
    let desired = if wanted == 0 { 0 } else { wanted.clamp(least, most) };
    let writer = Writer::new(store, MANAGER);
    if desired != wanted {
        scale["spec"]["replicas"] = json!(desired);
        if let Err(failure) = writer.scale(&address, &scale) {
            // somebody else has just written it, which is another reason to look
            tracing::debug!(%failure, "the target is not scaled");
        }
    }
    let current = &target["status"]["replicas"];
    let mut status = autoscaler["status"].clone();
    status["currentReplicas"] = json!(current.as_i64().unwrap_or_default());
    status["desiredReplicas"] = json!(desired);
    if desired != wanted {
        status["lastScaleTime"] = json!(stamp(store.now()));
    }
    if status["conditions"].is_null() {
        status["conditions"] = json!([{"type": "AbleToScale", "status": "True", "reason": "SucceededGetScale",
            "message": "the HPA controller was able to get the target's current scale",
            "lastTransitionTime": stamp(store.now())}]);
    }
    if status != autoscaler["status"] {
        let own = text(autoscaler, "/metadata/name");
        let written =
            writer.at("status").edit("HorizontalPodAutoscaler", namespace, own, |live| live["status"] = status.clone());
        if let Err(failure) = written {
            tracing::debug!(%failure, "the autoscaler has gone");
        }
    }
}
