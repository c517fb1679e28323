//! What a pod as a whole asks for and may use, as its status tells.

use crate::sim::quantity::{thousandths, written};
use serde_json::{Map, Value, json};

/// The sums over a pod's containers.
pub(super) fn of(pod: &Value) -> Value {
    let containers = pod["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut out = Map::new();
    for part in ["limits", "requests"] {
        let mut sums: Map<String, Value> = Map::new();
        for (name, quantity) in containers.iter().filter_map(|one| one["resources"][part].as_object()).flatten() {
            let sum = match sums.get(name) {
                None => quantity.clone(),
                Some(before) => add(before, quantity),
            };
            sums.insert(name.clone(), sum);
        }
        if !sums.is_empty() {
            out.insert(part.to_owned(), sums.into());
        }
    }
    out.into()
}

/// The sum of two quantities.
fn add(one: &Value, other: &Value) -> Value {
    match (thousandths(one), thousandths(other)) {
        (Some(one), Some(other)) => json!(written(one + other)),
        _ => one.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_added_up() {
        let one = json!({"resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "1Gi"}}});
        let of = |containers: Value| of(&json!({"spec": {"containers": containers}}));
        assert_eq!(of(json!([one])), one["resources"]);
        let both = json!({"requests": {"cpu": "20m", "memory": "32Mi"}, "limits": {"memory": "2Gi"}});
        assert_eq!(of(json!([one, one])), both);
        assert_eq!(of(json!([{"name": "a"}])), json!({}));
    }
}
