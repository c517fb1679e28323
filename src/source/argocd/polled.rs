//! Lists that no stream of argocd-server tells of: they are asked for again and again, and what is news is told.

use std::time::Duration;

use super::super::kube::fault::{Fault, Kind};
use super::super::kube::pace::pause;
use crate::domain::{Link, Timestamp, time};
use crate::store::delta::NamespaceDelta;

/// What was told of a list, and how asking for it goes.
pub(super) struct Polled<T, F> {
    tell: F,
    again: Duration,
    told: Option<Vec<T>>,
    link: Link,
    failures: u32,
    since: Timestamp,
}

impl<T: Clone + PartialEq, F: Fn(NamespaceDelta<T>)> Polled<T, F> {
    /// Of a list that is asked for every `again` from `now` on.
    pub fn new(again: Duration, now: Timestamp, tell: F) -> Self {
        let link = Link::Connecting { loaded: 0 };
        tell(NamespaceDelta::Link(link.clone()));
        Self { tell, again, told: None, link, failures: 0, since: now }
    }

    /// Tells what is news in an answer: all there is and the link of the place, or what went wrong. Returns how long to
    /// wait before it is asked for again.
    pub fn take(&mut self, answer: Result<(Vec<T>, Link), Fault>, now: Timestamp) -> Duration {
        let (link, wait) = match answer {
            Ok((all, link)) => {
                (self.failures, self.since) = (0, now);
                if self.told.as_ref() != Some(&all) {
                    (self.tell)(NamespaceDelta::Replace(all.clone()));
                    self.told = Some(all);
                }
                (link, self.again)
            }
            Err(fault) => {
                self.failures = self.failures.saturating_add(1);
                let wait = pause(self.failures, fault.retry_after);
                (link_of(fault, time::after(now, wait), self.since), wait)
            }
        };
        if self.link != link {
            (self.tell)(NamespaceDelta::Link(link.clone()));
            self.link = link;
        }
        wait
    }
}

/// What a fault makes of the link of a place.
pub(super) fn link_of(fault: Fault, retry_at: Timestamp, since: Timestamp) -> Link {
    match fault.kind {
        Kind::Auth => Link::Auth { why: fault.why },
        Kind::Denied => Link::Denied { what: fault.why },
        _ => Link::Down { why: fault.why, retry_at, since },
    }
}
