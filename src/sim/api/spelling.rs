//! Types with two spellings: Events (core/v1 is kept, `events.k8s.io/v1` is the other) and autoscalers (`autoscaling/v2`
//! is kept, `autoscaling/v1` is the other).

use serde_json::{Map, Value, json};

use super::super::kinds::Kind;
use super::event;

/// An object as the other spelling of its type has it.
pub(super) fn other(kind: &Kind, kept: Map<String, Value>) -> Map<String, Value> {
    if kind.kind == "Event" { event::renamed(kept) } else { simple(kept) }
}

/// An object in the other spelling as it is kept.
pub(super) fn kept(kind: &Kind, other: Value) -> Value {
    if kind.kind == "Event" { event::core(other) } else { full(other) }
}

/// An autoscaler with the share of the CPU as its only metric.
fn simple(mut autoscaler: Map<String, Value>) -> Map<String, Value> {
    let share = |metrics: &Value, side: &str| {
        let mut metrics = metrics.as_array().into_iter().flatten();
        let cpu = metrics.find(|metric| metric["resource"]["name"] == "cpu")?;
        cpu["resource"][side]["averageUtilization"].as_i64()
    };
    if let Some(spec) = autoscaler.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("behavior");
        if let Some(target) = spec.remove("metrics").and_then(|metrics| share(&metrics, "target")) {
            spec.insert("targetCPUUtilizationPercentage".to_owned(), target.into());
        }
    }
    if let Some(status) = autoscaler.get_mut("status").and_then(Value::as_object_mut) {
        status.remove("conditions");
        if let Some(current) = status.remove("currentMetrics").and_then(|metrics| share(&metrics, "current")) {
            status.insert("currentCPUUtilizationPercentage".to_owned(), current.into());
        }
    }
    autoscaler
}

/// The same with a list of metrics.
fn full(mut autoscaler: Value) -> Value {
    let spec = autoscaler.get_mut("spec").and_then(Value::as_object_mut);
    if let Some(spec) = spec
        && let Some(share) = spec.remove("targetCPUUtilizationPercentage")
    {
        let target = json!({"type": "Utilization", "averageUtilization": share});
        let metric = json!({"type": "Resource", "resource": {"name": "cpu", "target": target}});
        spec.insert("metrics".to_owned(), json!([metric]));
    }
    autoscaler
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::kinds;

    #[test]
    fn an_autoscaler_is_spelled_both_ways() {
        let kind = kinds::by_resource("autoscaling", "v1", "horizontalpodautoscalers").unwrap();
        let old = json!({"spec": {"maxReplicas": 4, "targetCPUUtilizationPercentage": 50}});
        let new = kept(kind, old.clone());
        assert_eq!(new["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"], 50);
        assert_eq!(Value::from(other(kind, new.as_object().unwrap().clone())), old);
    }
}
