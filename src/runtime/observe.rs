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

/// Has `wanted` read and feeds it into `apps`, until every pod and Event place has answered and every detail is there, or
/// until `deadline`.
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
        for delta in mailbox.take(SLICE) {
            apps.apply(delta, now);
        }
        let drained = mailbox.is_empty();
        if now >= deadline || (drained && wanted.iter().all(|interest| is_answered(apps, interest))) {
            return;
        }
        if drained {
            tokio::select! {
                () = news.notified() => clock.sleep(GATHER).await,
                () = clock.sleep_until(again.min(deadline)) => {}
            }
        }
    }
}

fn is_answered(apps: &Apps, interest: &Interest) -> bool {
    let Some(id) = apps.find(interest.app()) else { return true };
    let answered = |link: Option<&Link>| link.is_some_and(has_answered);
    match interest {
        Interest::Pods(_) => apps.place_of(id).is_none_or(|place| answered(apps.pods().link(&place))),
        Interest::Events(_) => apps.place_of(id).is_none_or(|place| answered(apps.events().link(&place))),
        Interest::Resources(app) => apps.detail(app).is_some(),
    }
}
