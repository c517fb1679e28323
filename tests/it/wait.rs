//! Waiting for what somebody else brings about: a file, a process, an object of the world. None of these wakes a test, so
//! they are looked at again and again, and the last thing that stood in place of what was waited for is told.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// Longer than anything takes on a busy machine.
pub const DEADLINE: Duration = Duration::from_mins(2);
/// Between two looks: whoever is waited for needs the processor more.
const LOOK: Duration = Duration::from_millis(10);

/// Waits until something holds.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    found(what, async || if holds() { Ok(()) } else { Err("") }).await;
}

/// Waits until a look finds it; what it finds instead is its error.
pub async fn found<T, E: Display>(what: &str, look: impl AsyncFnMut() -> Result<T, E>) -> T {
    found_within(DEADLINE, what, look).await
}

/// As [`found`], for what may take longer.
pub async fn found_within<T, E: Display>(
    patience: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let begun = Instant::now();
    loop {
        match look().await {
            Ok(found) => return found,
            Err(instead) => assert!(begun.elapsed() < patience, "in vain: {what}; {instead}"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// As [`found`], on a thread of its own: for tests that have no runtime.
pub fn found_blocking<T, E: Display>(what: &str, mut look: impl FnMut() -> Result<T, E>) -> T {
    let begun = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(instead) => assert!(begun.elapsed() < DEADLINE, "in vain: {what}; {instead}"),
        }
        std::thread::sleep(LOOK);
    }
}

/// As [`until`], on a thread of its own.
pub fn until_blocking(what: &str, mut holds: impl FnMut() -> bool) {
    found_blocking(what, || if holds() { Ok(()) } else { Err("") });
}
