//! How long a Redis that could not be reached is left alone.

use std::time::Duration;

/// After the first time.
pub(super) const PAUSE: Duration = Duration::from_secs(10);
/// At the most.
const LONGEST: Duration = Duration::from_mins(2);

/// After one more time: twice as long, up to a limit.
pub(super) fn longer(pause: Duration) -> Duration {
    (pause * 2).min(LONGEST)
}
