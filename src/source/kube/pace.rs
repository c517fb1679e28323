//! How long to wait before the next attempt.

use std::time::Duration;

/// Seconds before the next attempt, by the number of failures before it.
const STEPS: [u64; 6] = [1, 2, 4, 8, 15, 30];

/// The pause after `failures` attempts that failed in a row: a fifth more or less, so that many cockpits do not come
/// back at once, and never less than the server asked for.
pub(in crate::source) fn pause(failures: u32, retry_after: Option<Duration>) -> Duration {
    let at = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX).min(STEPS.len() - 1);
    let pause = Duration::from_secs(STEPS[at]).mul_f64(0.8 + 0.4 * fastrand::f64());
    pause.max(retry_after.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_then_stay() {
        for (failures, seconds) in [(0, 1.0), (1, 1.0), (2, 2.0), (5, 15.0), (6, 30.0), (u32::MAX, 30.0)] {
            let pause = pause(failures, None).as_secs_f64() / seconds;
            assert!((0.8..=1.2).contains(&pause), "{failures}: {pause}");
        }
        assert_eq!(pause(1, Some(Duration::from_secs(40))), Duration::from_secs(40));
    }
}
