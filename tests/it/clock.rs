//! Clocks for tests: the system's, and one that moves only when told to.

use std::sync::Arc;
use std::time::Duration;

use pilothouse::domain::Timestamp;
use pilothouse::domain::time::{Clock, Sleep, after};
use tokio::sync::watch;

/// The system's time.
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place where tests ask the system")]
        Timestamp::now()
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep {
        let wait = Duration::try_from(at.duration_since(self.now())).unwrap_or_default();
        Box::pin(tokio::time::sleep(wait))
    }
}

/// A clock that stands still until it is advanced. Clones show the same time.
#[derive(Clone)]
pub struct ManualClock(Arc<watch::Sender<Timestamp>>);

impl ManualClock {
    /// Starts at a round moment.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Timestamp::from_second(1_800_000_000).unwrap())))
    }

    /// Lets time pass; what sleeps until then wakes.
    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now = after(*now, by));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep {
        let mut time = self.0.subscribe();
        Box::pin(async move {
            // an error means that the clock is gone, and then nobody waits for it
            let _ = time.wait_for(|now| *now >= at).await;
        })
    }
}
