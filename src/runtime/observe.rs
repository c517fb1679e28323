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

fn has_answered(link: &Link) -> bool {
    !matches!(link, Link::Off | Link::Connecting { .. })
}

/// Has `wanted` read and feeds it into `apps`, until all that can be read has answered, or until `deadline`.
pub async fn observe_live(
    apps: &mut Apps,
    interests: &mut Interests,
    wanted: &[Interest],
    mailbox: &Mailbox,
    news: &Notify,
    clock: &Arc<dyn Clock>,
    deadline: Timestamp,
) {
    loop {
        let now = clock.now();
        let again = interests.want(wanted, apps, now).unwrap_or(deadline);
        apps.set_left_out(interests.left_out());
        let deltas = mailbox.take(SLICE);
        // what came in may name more to read
        let settled = deltas.is_empty();
        for delta in deltas {
            apps.apply(delta, now);
        }
        let drained = mailbox.is_empty();
        if now >= deadline || (settled && drained && interests.have_answered(apps)) {
            return;
        }
        if settled && drained {
            tokio::select! {
                () = news.notified() => clock.sleep(GATHER).await,
                () = clock.sleep_until(again.min(deadline)) => {}
            }
        }
    }
}
