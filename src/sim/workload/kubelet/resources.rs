//! What a pod as a whole asks for and may use, as its status tells.

use crate::sim::workload::scheduler::amount;
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

/// The sum of two quantities, in the unit that servers would write it in.
fn add(one: &Value, other: &Value) -> Value {
    const UNITS: [(&str, u128); 3] = [("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
    let (Some(one), Some(other)) = (one.as_str().and_then(amount), other.as_str().and_then(amount)) else {
        return one.clone();
    };
    let thousandths = one + other;
    if thousandths % 1_000 != 0 {
        return json!(format!("{thousandths}m"));
    }
    let whole = thousandths / 1_000;
    let unit = UNITS.iter().find(|(_, size)| whole >= *size && whole % size == 0);
    json!(unit.map_or_else(|| whole.to_string(), |(unit, size)| format!("{}{unit}", whole / size)))
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
