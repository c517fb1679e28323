//! How many pods a rollout may add and do without.

use crate::sim::workload::pod::replicas;
use serde_json::Value;

/// What a Deployment allows while it rolls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Pods beyond the wanted ones.
    pub surge: i64,
    /// Pods that may be missing.
    pub unavailable: i64,
}

/// Reads `maxSurge` (rounded up) and `maxUnavailable` (rounded down); with neither, one may be missing.
pub(super) fn of(deployment: &Value) -> Limits {
    let wanted = replicas(deployment);
    if recreates(deployment) {
        return Limits { surge: 0, unavailable: wanted };
    }
    let rolling = &deployment["spec"]["strategy"]["rollingUpdate"];
    let surge = share(&rolling["maxSurge"], wanted, true);
    let unavailable = share(&rolling["maxUnavailable"], wanted, false).min(wanted);
    if surge == 0 && unavailable == 0 { Limits { surge, unavailable: 1 } } else { Limits { surge, unavailable } }
}

/// Whether all old pods go before the first new one comes.
pub(super) fn recreates(deployment: &Value) -> bool {
    deployment["spec"]["strategy"]["type"] == "Recreate"
}

/// A number, or so many percent of `whole`; a quarter when it is not said.
fn share(amount: &Value, whole: i64, up: bool) -> i64 {
    if let Some(number) = amount.as_i64() {
        return number.max(0);
    }
    let percent: i64 = amount.as_str().unwrap_or("25%").trim_end_matches('%').parse().unwrap_or(25);
    let hundredths = whole * percent.max(0);
    if up { (hundredths + 99) / 100 } else { hundredths / 100 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn surge_is_rounded_up_and_unavailable_down() {
        let table = [
            (3, json!({}), (1, 0)),
            (4, json!({}), (1, 1)),
            (10, json!({"maxSurge": "50%", "maxUnavailable": "33%"}), (5, 3)),
            (2, json!({"maxSurge": 0, "maxUnavailable": 0}), (0, 1)),
            (2, json!({"maxSurge": 3, "maxUnavailable": 9}), (3, 2)),
        ];
        for (wanted, rolling, (surge, unavailable)) in table {
            let deployment = json!({"spec": {"replicas": wanted, "strategy": {"rollingUpdate": rolling}}});
            assert_eq!(of(&deployment), Limits { surge, unavailable }, "{deployment}");
        }
    }
}
