//! Reading the sources without a screen: until each has answered or is known to fail, or until a deadline.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::interests::Interests;
use super::mailbox::Mailbox;
use super::sources::Sources;
use crate::domain::{Clock, Link, Timestamp};
use crate::store::{Apps, Interest};

/// Deltas taken from the mailbox at once.
const SLICE: usize = 1_024;
/// News are left to gather for this long, so that a source does not wake us row by row.
const GATHER: Duration = Duration::from_millis(10);

/// Feeds `apps` until every source that is on is live or has failed, or until `deadline`.
pub async fn observe(
    apps: &mut Apps,
    sources: &Sources,
    mailbox: &Mailbox,
    news: &Notify,
    clock: &Arc<dyn Clock>,
    deadline: Timestamp,
) {
    loop {
        let deltas = mailbox.take(SLICE);
        let drained = deltas.is_empty();
        let now = clock.now();
        for delta in deltas {
            apps.apply(delta, now);
        }
        if drained && sources.on().all(|name| has_answered(apps.link(name))) {
            return;
        }
        if drained {
            tokio::select! {
                () = news.notified() => clock.sleep(GATHER).await,
                () = clock.sleep_until(deadline) => return,
            }
        } else if now >= deadline {
            return;
        }
    }
}

/// Feeds `apps` until everything of `wanted` has been read or is known to fail, or until `deadline`; whether it was.
pub async fn look(
    apps: &mut Apps,
    interests: &mut Interests,
    wanted: &[Interest],
    (mailbox, news): (&Mailbox, &Notify),
    clock: &Arc<dyn Clock>,
    deadline: Timestamp,
) -> bool {
    loop {
        let now = clock.now();
        let again = interests.want(wanted, apps, now);
        let deltas = mailbox.take(SLICE);
        let drained = deltas.is_empty();
        for delta in deltas {
            apps.apply(delta, now);
        }
        if drained && interests.have_answered(apps) {
            return true;
        }
        if now >= deadline {
            return false;
        }
        if drained {
            tokio::select! {
                () = news.notified() => clock.sleep(GATHER).await,
                () = clock.sleep_until(again.map_or(deadline, |at| at.min(deadline))) => {}
            }
        }
    }
}

fn has_answered(link: &Link) -> bool {
    !matches!(link, Link::Off | Link::Connecting { .. })
}
