//! The clocks of the cockpit: the system's, and one that a test moves.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::Clock;
use crate::domain::time::{Sleep, Timestamp, after, elapsed};

/// The wall clock. The only place of the cockpit that reads it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the time that everybody else is handed comes from")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep {
        let clock = *self;
        Box::pin(async move {
            // again, should the wall clock be set back while asleep
            loop {
                let now = clock.now();
                if now >= at {
                    return;
                }
                // a timer may end a little early of a moment given in nanoseconds
                tokio::time::sleep(elapsed(now, at).max(Duration::from_millis(1))).await;
            }
        })
    }
}

/// A clock that stands still until a test moves it; whoever sleeps is woken by [`ManualClock::advance`].
///
/// Clones are the same clock.
#[derive(Clone, Debug)]
pub struct ManualClock {
    now: watch::Sender<Timestamp>,
    sleepers: Arc<Mutex<Vec<Timestamp>>>,
}

impl ManualClock {
    /// A clock that reads `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { now: watch::Sender::new(now), sleepers: Arc::default() }
    }

    /// Moves the clock on.
    pub fn advance(&self, duration: Duration) {
        self.now.send_modify(|now| *now = after(*now, duration));
    }

    /// Sets the clock, also back, as a wall clock may be.
    pub fn set(&self, now: Timestamp) {
        self.now.send_replace(now);
    }

    /// The earliest moment anybody sleeps for: a test that advances exactly there misses no step between.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner).iter().min().copied()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep {
        let mut now = self.now.subscribe();
        let asleep = Asleep::new(at, &self.sleepers);
        Box::pin(async move {
            let _asleep = asleep;
            // when the clock itself is gone, nobody will ever move it
            if now.wait_for(|now| *now >= at).await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }
}

/// A place in the list of sleepers, given up when the sleep ends or is dropped.
struct Asleep {
    at: Timestamp,
    sleepers: Arc<Mutex<Vec<Timestamp>>>,
}

impl Asleep {
    fn new(at: Timestamp, sleepers: &Arc<Mutex<Vec<Timestamp>>>) -> Self {
        sleepers.lock().unwrap_or_else(PoisonError::into_inner).push(at);
        Self { at, sleepers: Arc::clone(sleepers) }
    }
}

impl Drop for Asleep {
    fn drop(&mut self) {
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = sleepers.iter().position(|at| *at == self.at) {
            sleepers.swap_remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn a_manual_sleep_ends_when_the_clock_is_moved_there_and_not_before() {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        let mut sleep = clock.sleep(Duration::from_secs(10));
        assert_eq!(clock.next_wake(), Some(Timestamp::from_second(10).unwrap()));
        assert!(sleep.as_mut().now_or_never().is_none());
        clock.advance(Duration::from_secs(9));
        assert!(sleep.as_mut().now_or_never().is_none());
        clock.clone().advance(Duration::from_secs(1));
        assert!(sleep.now_or_never().is_some());
        assert_eq!(clock.next_wake(), None);
    }

    #[tokio::test]
    async fn a_system_sleep_ends_no_earlier_than_asked() {
        let at = after(SystemClock.now(), Duration::from_millis(5));
        SystemClock.sleep_until(at).await;
        assert!(SystemClock.now() >= at);
    }
}
