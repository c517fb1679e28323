//! When a failed operation is tried again.

use crate::sim::time::read_duration;
use serde_json::Value;
use std::time::Duration;

/// `operation.retry`, read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retry {
    limit: i64,
    duration: Duration,
    factor: f64,
    most: Duration,
    /// Whether a retry takes the newest revision.
    pub refresh: bool,
}

impl Retry {
    /// Reads a retry strategy; one without a limit is not retried.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        let back_off = &value["backoff"];
        let duration = |field: &str, default: u64| {
            let text = back_off[field].as_str().unwrap_or_default();
            text.parse()
                .ok()
                .map(Duration::from_secs)
                .or_else(|| read_duration(text))
                .unwrap_or(Duration::from_secs(default))
        };
        Self {
            limit: value["limit"].as_i64().unwrap_or(0),
            duration: duration("duration", 5),
            factor: back_off["factor"].as_f64().unwrap_or(2.0),
            most: duration("maxDuration", 180),
            refresh: value["refresh"] == true,
        }
    }

    /// Whether there is another try after `done` retries.
    #[must_use]
    pub fn is_left(&self, done: u32) -> bool {
        self.limit < 0 || i64::from(done) < self.limit
    }

    /// From the end of a try to the next, of which `count` is the number: 5 s doubled waits 10 s before the first.
    #[must_use]
    pub fn delay(&self, count: u32) -> Duration {
        let factor = self.factor.powi(i32::try_from(count).unwrap_or(i32::MAX)).clamp(0.0, 1e6);
        self.duration.mul_f64(factor).min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_wait_is_doubled_already() {
        let retry = Retry::of(&json!({"limit": 2, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "15s"}}));
        assert_eq!([1, 2].map(|count| retry.delay(count).as_secs()), [10, 15]);
        assert_eq!([0, 1, 2].map(|done| retry.is_left(done)), [true, true, false]);
        assert!(!Retry::of(&json!({})).is_left(0));
        assert!(Retry::of(&json!({"limit": -1})).is_left(1_000));
        assert_eq!(Retry::of(&json!({"backoff": {"duration": "7"}})).delay(0).as_secs(), 7);
    }
}
