//! When Argo CD has compared an Application anew: it publishes that each time it reconciles, whether or not what lies in
//! the cache became another (recorded).

use std::sync::Arc;
use std::time::Duration;

use super::super::cluster::Cluster;
use super::line::Line;
use super::pace::{PAUSE, longer};
use crate::domain::Timestamp;
use crate::domain::time::after;

/// Listens for one Application, on a connection of its own.
pub struct Changes {
    argo: Cluster,
    namespace: String,
    /// Fits the channel, whichever version of the format it carries.
    pattern: String,
    line: Option<Line>,
    /// It is not dialled before, after it could not be reached.
    again: Timestamp,
    pause: Duration,
}

impl Changes {
    pub(super) fn new(argo: Cluster, namespace: String, key: &str) -> Self {
        let again = argo.clock().now();
        Self { argo, namespace, pattern: format!("{key}*"), line: None, again, pause: PAUSE }
    }

    /// Whether it listens: as long as it does, nothing is missed.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.line.is_some()
    }

    /// Waits until the Application was compared anew, or may have been: what was published before it listens is not
    /// known. Whoever stops waiting misses nothing. Where Redis cannot be reached it waits on, and dials again now and
    /// then.
    pub async fn next(&mut self) {
        if let Some(line) = &mut self.line {
            if line.message().await.is_ok() {
                return;
            }
            self.line = None;
        }
        let Self { argo, namespace, pattern, line, pause, again } = self;
        let clock = Arc::clone(argo.clock());
        while line.is_none() {
            clock.sleep_until(*again).await;
            match listen(argo, namespace, pattern).await {
                Ok(stands) => (*line, *pause) = (Some(stands), PAUSE),
                Err(why) => {
                    tracing::debug!(%why, "changes of Argo CD's cache are not heard");
                    (*again, *pause) = (after(clock.now(), *pause), longer(*pause));
                }
            }
        }
    }
}

async fn listen(argo: &Cluster, namespace: &str, pattern: &str) -> Result<Line, String> {
    let mut line = Line::dial(argo, namespace).await?;
    line.subscribe(pattern).await?;
    Ok(line)
}
