//! The world's own time: the wall's at the start, plus what has passed times the speed, plus what was skipped.

use jiff::Timestamp;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Cheap to clone; all clones tell the same time.
#[derive(Debug, Clone)]
pub struct SimClock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    origin: Timestamp,
    /// When it began to run; it stands still before.
    began: OnceLock<Instant>,
    /// What it shows while it stands still.
    shown: Mutex<Timestamp>,
    speed: f64,
    skipped: watch::Sender<Duration>,
}

impl SimClock {
    /// Starts at the wall's time and runs `speed` times as fast (held between 0.001 and 10,000).
    #[must_use]
    pub fn start(speed: f64) -> Self {
        let clock = Self::still(speed);
        clock.run();
        clock
    }

    /// The same, but it stands at the wall's time until it is told to run.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place where the world reads the wall clock: its origin")]
    pub fn still(speed: f64) -> Self {
        let speed = if speed.is_finite() { speed.clamp(0.001, 10_000.0) } else { 1.0 };
        let origin = Timestamp::now();
        Self(Arc::new(Inner {
            origin,
            began: OnceLock::new(),
            shown: Mutex::new(origin),
            speed,
            skipped: watch::Sender::new(Duration::ZERO),
        }))
    }

    /// Lets time pass from here on.
    pub fn run(&self) {
        self.0.began.get_or_init(Instant::now);
    }

    /// Shows another moment until it runs: what is written while the past is performed bears the time it happened.
    pub fn show(&self, at: Timestamp) {
        *self.0.shown.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    /// The world's present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let Some(began) = self.0.began.get() else {
            return *self.0.shown.lock().unwrap_or_else(PoisonError::into_inner);
        };
        let passed = began.elapsed().mul_f64(self.0.speed);
        plus(self.0.origin, passed.saturating_add(*self.0.skipped.borrow()))
    }

    /// The moment the world began.
    #[must_use]
    pub fn origin(&self) -> Timestamp {
        self.0.origin
    }

    /// Seconds of the world in a second of the wall.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.0.speed
    }

    /// Skips ahead; whoever sleeps on this clock looks again.
    pub fn advance(&self, by: Duration) {
        self.0.skipped.send_modify(|skipped| *skipped = skipped.saturating_add(by));
    }

    /// Ends once [`SimClock::now`] has reached `at`.
    pub async fn sleep_until(&self, at: Timestamp) {
        let mut skipped = self.0.skipped.subscribe();
        loop {
            let left = Duration::try_from(at.duration_since(self.now())).unwrap_or(Duration::ZERO);
            if left.is_zero() {
                return;
            }
            // a day at a time: a slow clock could ask for more than a timer can hold
            let real = left.div_f64(self.0.speed).clamp(Duration::from_millis(1), Duration::from_hours(24));
            tokio::select! {
                () = tokio::time::sleep(real) => {}
                _ = skipped.changed() => {}
            }
        }
    }
}

/// `at` plus `by`, held at the end of representable time.
#[must_use]
pub fn plus(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// `at` minus `by`, held at the beginning of representable time.
#[must_use]
pub fn minus(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// As Kubernetes writes a time: RFC 3339 in UTC, whole seconds.
#[must_use]
pub fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Reads `300ms`, `90s`, `5m`, `3h`, `2d` and sums like `1h30m`; none when it is something else.
#[must_use]
pub fn read_duration(text: &str) -> Option<Duration> {
    if let Some(millis) = text.strip_suffix("ms") {
        return millis.parse().ok().map(Duration::from_millis);
    }
    let mut total = Duration::ZERO;
    let mut digits = String::new();
    for letter in text.chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        let count: u64 = digits.parse().ok()?;
        let unit = match letter {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        total = total.checked_add(Duration::from_secs(count.checked_mul(unit)?))?;
        digits.clear();
    }
    (digits.is_empty() && !text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_refused() {
        assert_eq!(read_duration("90s"), Some(Duration::from_secs(90)));
        assert_eq!(read_duration("1h30m"), Some(Duration::from_secs(5_400)));
        assert_eq!(read_duration("300ms"), Some(Duration::from_millis(300)));
        assert_eq!(read_duration("41d"), Some(Duration::from_secs(41 * 86_400)));
        for bad in ["", "5", "m", "ms", "5 m", "1s5ms", "-5m", "5w", "99999999999999999999s", "9999999999999999999d"] {
            assert_eq!(read_duration(bad), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_time_is_skipped() {
        let clock = SimClock::start(1.0);
        let at = plus(clock.now(), Duration::from_secs(3_600));
        let sleeper = clock.clone();
        let sleep = sleeper.sleep_until(at);
        tokio::pin!(sleep);
        assert!(futures::poll!(&mut sleep).is_pending());
        clock.advance(Duration::from_secs(3_601));
        sleep.await;
        assert!(clock.now() >= at);
    }
}
