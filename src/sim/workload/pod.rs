//! Pods as controllers see them: made from a template, counted, ranked.

use super::cluster::Work;
use super::hand::MANAGER;
use crate::sim::manifest::event::Said;
use crate::sim::manifest::meta::{owned_by, text};
use crate::sim::status::Failure;
use crate::sim::time::plus;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// A pod of an owner's template, without a name; `labels` are those of the template and what the owner adds.
pub(super) fn from_template(owner: &Value, template: &Value, labels: &Value, prefix: &str) -> Value {
    let mut meta = json!({
        "generateName": prefix,
        "namespace": owner["metadata"]["namespace"],
        "labels": labels,
        "ownerReferences": owned_by(owner),
    });
    if template["metadata"]["annotations"].is_object() {
        meta["annotations"] = template["metadata"]["annotations"].clone();
    }
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": template["spec"]})
}

/// Creates a pod for its owner, and says whether it could.
///
/// # Errors
/// In the words of the server.
pub(super) fn create(work: &mut Work<'_, '_>, owner: &Value, pod: Value, component: &str) -> Result<(), Failure> {
    match work.hand(MANAGER).try_create(pod) {
        Ok(made) => {
            let words = format!("Created pod: {}", text(&made, "/metadata/name"));
            work.say(owner, Said::normal("SuccessfulCreate", &words), component);
            Ok(())
        }
        Err(failure) => {
            work.say(owner, Said::warning("FailedCreate", &format!("Error creating: {failure}")), component);
            Err(failure)
        }
    }
}

/// A condition of a pod.
pub(super) fn condition<'a>(pod: &'a Value, kind: &str) -> Option<&'a Value> {
    pod["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

/// Whether its condition Ready is true.
pub(super) fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some_and(|ready| ready["status"] == "True")
}

/// Whether it has been ready for `least` seconds; else when it will have been, if it is ready at all.
pub(super) fn available(pod: &Value, least: i64, at: Timestamp) -> Result<(), Option<Timestamp>> {
    let Some(ready) = condition(pod, "Ready").filter(|ready| ready["status"] == "True") else { return Err(None) };
    let Ok(since) = text(ready, "/lastTransitionTime").parse::<Timestamp>() else { return Err(None) };
    let due = plus(since, Duration::from_secs(least.unsigned_abs()));
    if least == 0 || due <= at { Ok(()) } else { Err(Some(due)) }
}

/// Whether it was asked to go.
pub(super) fn is_going(pod: &Value) -> bool {
    pod["metadata"]["deletionTimestamp"].is_string()
}

/// Whether all its containers have ended for good.
pub(super) fn is_over(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// Whether nobody has found a node for it yet.
pub(super) fn is_unscheduled(pod: &Value) -> bool {
    text(pod, "/spec/nodeName").is_empty() && !is_going(pod) && !is_over(pod)
}

/// A count of an object's spec, one when it is not said.
pub(super) fn replicas(object: &Value) -> i64 {
    object["spec"]["replicas"].as_i64().unwrap_or(1)
}

/// How many of something, as statuses count.
pub(super) fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}
