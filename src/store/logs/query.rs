//! Which lines a screen wants to be brought.

use crate::domain::{AppKey, Timestamp};

/// The logs of an Application's containers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogQuery {
    /// The Application.
    pub app: AppKey,
    /// Only those of the hooks of its operation.
    pub hooks: bool,
    /// Those of the containers before their last restart.
    pub previous: bool,
    /// Not older than this.
    pub since: Option<Timestamp>,
    /// This many of the newest lines of each container, to begin with; all where it is not said.
    pub tail: Option<u32>,
}
