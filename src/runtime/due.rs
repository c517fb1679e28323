//! When the next frame is due.

use std::time::Duration;

use crate::domain::Timestamp;
use crate::domain::time::after;

/// News alone are drawn at most this often; keys are drawn at once.
pub(super) const PACE: Duration = Duration::from_millis(100);

/// When the next frame is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing changed; at this moment something reads differently by itself.
    Later(Option<Timestamp>),
    /// News came in: not before this moment.
    Paced(Timestamp),
    /// A key was pressed.
    Now,
}

impl Due {
    /// The moment, if there is one.
    pub(super) fn moment(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Later(at) => at,
            Self::Paced(at) => Some(at),
            Self::Now => Some(now),
        }
    }

    /// Has news drawn at their pace, unless something is due before.
    pub(super) fn pace(&mut self, last_frame: Timestamp, now: Timestamp) {
        let paced = after(last_frame, PACE);
        if self.moment(now).is_none_or(|at| at > paced) {
            *self = Self::Paced(paced);
        }
    }
}
