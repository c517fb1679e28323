//! Trouble to order: what a server does wrong, set while it runs.
//!
//! Every fault names the paths it strikes by a prefix (query included) and how often.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::sync::watch;

/// What happens in place of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// This status with this JSON body.
    Status(u16, String),
    /// What would have been answered, broken off after so many bytes of the body.
    Truncated(usize),
    /// The connection is closed without a word.
    Drop,
    /// Nothing is ever sent, the connection stays.
    Silence,
}

impl Answer {
    /// A refusal as API servers word it: `reason` is one word (`Unauthorized`, `TooManyRequests`), `message` a sentence.
    #[must_use]
    pub fn refusal(code: u16, reason: &str, message: &str) -> Self {
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": code,
        });
        Self::Status(code, status.to_string())
    }
}

/// What happens to a watch that is open, or to the next one that opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// The stream ends as it does when the server restarts: cleanly.
    Close,
    /// Half of an event is sent, then the connection breaks.
    HalfLine,
    /// Nothing is sent any more, not even bookmarks; the connection stays.
    Silence,
    /// These bytes are sent between two events, as they are.
    Raw(Bytes),
}

/// The faults of one server; clones share them.
#[derive(Debug, Clone)]
pub struct Faults(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    plan: Mutex<Plan>,
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Plan {
    latency: Duration,
    answers: Vec<Pending<Answer>>,
    cuts: VecDeque<Pending<Cut>>,
    serial: u64,
}

#[derive(Debug)]
struct Pending<T> {
    serial: u64,
    prefix: String,
    what: T,
    /// How many more requests it strikes; none for all.
    times: Option<u32>,
}

impl Default for Faults {
    fn default() -> Self {
        Self(Arc::new(Shared { plan: Mutex::default(), changed: watch::Sender::new(0) }))
    }
}

impl Faults {
    /// Every answer waits this long.
    pub fn latency(&self, latency: Duration) {
        self.plan().latency = latency;
    }

    /// The next `times` requests (all, when none) to paths that begin with `prefix` are answered so.
    pub fn answer(&self, prefix: &str, what: Answer, times: Option<u32>) {
        let mut plan = self.plan();
        plan.serial += 1;
        let serial = plan.serial;
        plan.answers.push(Pending { serial, prefix: prefix.to_owned(), what, times });
    }

    /// Strikes `times` watches (all, when none) on paths that begin with `prefix`: open ones at once, then the next
    /// ones to open. Each watch is struck once.
    pub fn cut(&self, prefix: &str, what: Cut, times: Option<u32>) {
        let mut plan = self.plan();
        plan.serial += 1;
        let serial = plan.serial;
        plan.cuts.push_back(Pending { serial, prefix: prefix.to_owned(), what, times });
        drop(plan);
        self.0.changed.send_replace(serial);
    }

    /// Takes all faults back.
    pub fn clear(&self) {
        let mut plan = self.plan();
        *plan = Plan { serial: plan.serial + 1, ..Plan::default() };
        let serial = plan.serial;
        drop(plan);
        self.0.changed.send_replace(serial);
    }

    /// Whether nothing is ordered.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        let plan = self.plan();
        plan.answers.is_empty() && plan.cuts.is_empty() && plan.latency.is_zero()
    }

    pub(super) fn current_latency(&self) -> Duration {
        self.plan().latency
    }

    /// The fault that strikes a request, used up once.
    pub(super) fn take_answer(&self, path: &str) -> Option<Answer> {
        let mut plan = self.plan();
        let pending = plan.answers.iter_mut().find(|p| path.starts_with(&p.prefix))?;
        let what = pending.what.clone();
        if use_up(&mut pending.times) {
            let serial = pending.serial;
            plan.answers.retain(|p| p.serial != serial);
        }
        Some(what)
    }

    /// The next fault for a watch that was struck by all faults up to `seen`, which is moved on.
    pub(super) fn take_cut(&self, path: &str, seen: &mut u64) -> Option<Cut> {
        let mut plan = self.plan();
        let pending = plan.cuts.iter_mut().find(|p| p.serial > *seen && path.starts_with(&p.prefix))?;
        *seen = pending.serial;
        let what = pending.what.clone();
        if use_up(&mut pending.times) {
            let serial = pending.serial;
            plan.cuts.retain(|p| p.serial != serial);
        }
        Some(what)
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        // every method leaves the plan whole, so a poisoned lock is as good as another
        self.0.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one use; true when it was the last.
fn use_up(times: &mut Option<u32>) -> bool {
    let Some(times) = times else { return false };
    *times = times.saturating_sub(1);
    *times == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_used_up() {
        let faults = Faults::default();
        faults.answer("/api/", Answer::Drop, Some(2));
        assert_eq!(faults.take_answer("/apis"), None);
        assert_eq!(faults.take_answer("/api/v1/pods"), Some(Answer::Drop));
        assert_eq!(faults.take_answer("/api/v1/pods"), Some(Answer::Drop));
        assert_eq!(faults.take_answer("/api/v1/pods"), None);
    }

    #[test]
    fn one_watch_is_struck_once_by_a_lasting_cut() {
        let faults = Faults::default();
        faults.cut("/", Cut::Close, None);
        let (mut one, mut two) = (0, 0);
        assert_eq!(faults.take_cut("/a", &mut one), Some(Cut::Close));
        assert_eq!(faults.take_cut("/a", &mut one), None);
        assert_eq!(faults.take_cut("/b", &mut two), Some(Cut::Close));
    }
}
