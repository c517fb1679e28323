//! Time as a value: where it comes from is handed in, never read from the system here.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub use jiff::Timestamp;

/// A future that ends at a moment of some [`Clock`].
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where "now" comes from. The cockpit is handed one at its edge, so that tests decide what time it is.
pub trait Clock: Send + Sync + 'static {
    /// The current moment.
    fn now(&self) -> Timestamp;
    /// Ends once [`Clock::now`] has reached `at`.
    fn sleep_until(&self, at: Timestamp) -> Sleep;
    /// Ends after `duration` of this clock.
    fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(after(self.now(), duration))
    }
}

/// `at` plus `duration`, held at the end of representable time.
#[must_use]
pub fn after(at: Timestamp, duration: Duration) -> Timestamp {
    at.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// The time from `since` to `now`, zero when `since` lies ahead (clocks of two machines differ).
#[must_use]
pub fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or(Duration::ZERO)
}

/// An age in one coarse unit (`34s`, `5m`, `3h`, `12d`, `2y`), so that a still screen stays still.
///
/// Under a minute the unit is five seconds, so that a fresh row does not redraw every second.
#[must_use]
pub fn coarse(age: Duration) -> String {
    let (count, unit) = split(age);
    format!("{count}{unit}")
}

/// A length of time that somebody chose, as it was chosen (`90s` is `1m 30s`).
#[must_use]
pub fn exact(length: Duration) -> String {
    jiff::SignedDuration::try_from(length).map_or_else(|_| coarse(length), |length| format!("{length:#}"))
}

/// How long until [`coarse`] of an age reads differently.
#[must_use]
pub fn until_coarse_changes(age: Duration) -> Duration {
    let step = match age.as_secs() {
        0..60 => 5,
        60..3_600 => 60,
        3_600..172_800 => 3_600,
        172_800..63_072_000 => 86_400,
        _ => 31_536_000,
    };
    let into = Duration::from_secs(age.as_secs() % step) + Duration::from_nanos(u64::from(age.subsec_nanos()));
    Duration::from_secs(step).saturating_sub(into).max(Duration::from_millis(1))
}

fn split(age: Duration) -> (u64, &'static str) {
    let seconds = age.as_secs();
    match seconds {
        0..60 => (seconds / 5 * 5, "s"),
        60..3_600 => (seconds / 60, "m"),
        3_600..172_800 => (seconds / 3_600, "h"),
        172_800..63_072_000 => (seconds / 86_400, "d"),
        _ => (seconds / 31_536_000, "y"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ages_are_one_coarse_unit() {
        let read = |s| coarse(Duration::from_secs(s));
        assert_eq!(
            [0, 4, 34, 59, 60, 3_599, 3_600, 172_799, 172_800, 63_072_000].map(read),
            ["0s", "0s", "30s", "55s", "1m", "59m", "1h", "47h", "2d", "2y"]
        );
    }

    #[test]
    fn what_somebody_chose_is_told_whole() {
        let read = |seconds| exact(Duration::from_secs(seconds));
        assert_eq!([30, 90, 300, 3_600].map(read), ["30s", "1m 30s", "5m", "1h"]);
    }

    #[test]
    fn a_moment_ahead_of_us_has_no_age() {
        let now = Timestamp::from_second(100).unwrap();
        assert_eq!(elapsed(Timestamp::from_second(160).unwrap(), now), Duration::ZERO);
    }

    proptest! {
        /// Nothing on screen changes before the announced moment, and something does at it.
        #[test]
        fn the_next_change_is_neither_early_nor_late(millis in 0u64..200_000_000_000) {
            let age = Duration::from_millis(millis);
            let wait = until_coarse_changes(age);
            prop_assert_eq!(coarse(age), coarse((age + wait).saturating_sub(Duration::from_nanos(1))));
            prop_assert_ne!(coarse(age), coarse(age + wait));
        }
    }
}
