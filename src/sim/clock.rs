//! The world's time: handed in, so that a demo can run faster and a test can stand still.

use std::sync::Arc;

use jiff::Timestamp;

/// Where a store takes the present moment from; cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// A clock that asks `now` each time.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The machine's own time.
    #[must_use]
    pub fn wall() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place where the world reads the machine's clock")]
        Self::new(Timestamp::now)
    }

    /// The present moment of the world.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}
