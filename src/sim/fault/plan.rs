//! What a server does wrong, set while it runs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
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
    /// 429 with this `Retry-After`, in seconds.
    Busy(u32),
    /// What would have been answered, at about so many bytes a second.
    Slow(usize),
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
    /// The stream says that its version is forgotten and ends.
    Expired,
}

/// Requests of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Only {
    /// All of them.
    #[default]
    Any,
    /// Those that would change something.
    Writes,
    /// Lists and watches of whole collections, and whatever else is read.
    Reads,
}

/// Which requests a fault strikes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aim {
    /// The beginning of their paths.
    pub prefix: String,
    /// Their kind.
    pub only: Only,
    /// How many are struck; none for all.
    pub times: Option<u32>,
    /// Only every so manieth is struck; 0 and 1 for each.
    pub every: u32,
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
    /// Whether the store behind the server cannot stream lists.
    old_store: bool,
    /// How often everybody was logged out; a token says with which of these it was given.
    logins: u32,
    /// Whether tokens given before the last of these are refused.
    logged_out: bool,
}

#[derive(Debug)]
struct Pending<T> {
    serial: u64,
    /// `times` counts down.
    aim: Aim,
    what: T,
    /// Requests it could have struck.
    seen: u32,
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
        self.strike(Aim { prefix: prefix.to_owned(), times, ..Aim::default() }, what);
    }

    /// Requests are answered so; the number takes it back.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn strike(&self, aim: Aim, what: Answer) -> u64 {
        let mut plan = self.plan();
        plan.serial += 1;
        let serial = plan.serial;
        plan.answers.push(Pending { serial, aim, what, seen: 0 });
        serial
    }

    /// Strikes `times` watches (all, when none) on paths that begin with `prefix`: open ones at once, then the next
    /// ones to open. Each watch is struck once.
    pub fn cut(&self, prefix: &str, what: Cut, times: Option<u32>) {
        self.cut_off(Aim { prefix: prefix.to_owned(), times, ..Aim::default() }, what);
    }

    /// Strikes watches, as [`Faults::cut`]; the number takes it back.
    pub fn cut_off(&self, aim: Aim, what: Cut) -> u64 {
        let mut plan = self.plan();
        plan.serial += 1;
        let serial = plan.serial;
        plan.cuts.push_back(Pending { serial, aim, what, seen: 0 });
        drop(plan);
        self.0.changed.send_replace(serial);
        serial
    }

    /// Takes one fault back.
    pub fn take_back(&self, serial: u64) {
        let mut plan = self.plan();
        plan.answers.retain(|pending| pending.serial != serial);
        plan.cuts.retain(|pending| pending.serial != serial);
        plan.serial += 1;
        let serial = plan.serial;
        drop(plan);
        self.0.changed.send_replace(serial);
    }

    /// Whether the store behind the server is too old to stream lists.
    pub fn old_store(&self, old: bool) {
        self.plan().old_store = old;
    }

    /// From now on every token is refused until somebody logs in again: [`Faults::token`].
    pub fn log_out(&self) {
        let mut plan = self.plan();
        plan.logins += 1;
        plan.logged_out = true;
    }

    /// Tokens of all logins are accepted again.
    pub fn let_in(&self) {
        self.plan().logged_out = false;
    }

    /// What a user's token reads after logging in again.
    #[must_use]
    pub fn token(&self, token: &str) -> String {
        match self.plan().logins {
            0 => token.to_owned(),
            logins => format!("{token}~{logins}"),
        }
    }

    /// The token a user was made with, from the one that was sent; none when it is of an earlier login.
    #[must_use]
    pub(in crate::sim) fn accept<'a>(&self, sent: &'a str) -> Option<&'a str> {
        let plan = self.plan();
        if plan.logins == 0 {
            return Some(sent);
        }
        let (token, login) = match sent.rsplit_once('~') {
            Some((token, login)) => (token, login.parse().ok()?),
            None => (sent, 0),
        };
        (!plan.logged_out || login == plan.logins).then_some(token)
    }

    /// Takes all faults back.
    pub fn clear(&self) {
        let mut plan = self.plan();
        *plan = Plan { serial: plan.serial + 1, logins: plan.logins, ..Plan::default() };
        let serial = plan.serial;
        drop(plan);
        self.0.changed.send_replace(serial);
    }

    /// Whether nothing is ordered.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        let plan = self.plan();
        plan.answers.is_empty() && plan.cuts.is_empty() && plan.latency.is_zero() && !plan.old_store && !plan.logged_out
    }

    pub(in crate::sim) fn has_old_store(&self) -> bool {
        self.plan().old_store
    }

    pub(in crate::sim) fn current_latency(&self) -> Duration {
        self.plan().latency
    }

    /// The fault that strikes a request, used up once.
    pub(in crate::sim) fn take_answer(&self, method: &Method, path: &str) -> Option<Answer> {
        let mut plan = self.plan();
        let reads = matches!(*method, Method::GET | Method::HEAD);
        let meant = |pending: &Pending<Answer>| {
            let kind = match pending.aim.only {
                Only::Any => true,
                Only::Writes => !reads,
                Only::Reads => reads,
            };
            kind && path.starts_with(&pending.aim.prefix)
        };
        let mut pending = plan.answers.iter_mut().filter(|pending| meant(pending));
        let pending = pending.find_map(|pending| pending.is_due().then_some(pending))?;
        let what = pending.what.clone();
        if use_up(&mut pending.aim.times) {
            let serial = pending.serial;
            plan.answers.retain(|p| p.serial != serial);
        }
        Some(what)
    }

    /// The next fault for a watch that was struck by all faults up to `seen`, which is moved on.
    pub(in crate::sim) fn take_cut(&self, path: &str, seen: &mut u64) -> Option<Cut> {
        let mut plan = self.plan();
        let pending = plan.cuts.iter_mut().find(|p| p.serial > *seen && path.starts_with(&p.aim.prefix))?;
        if !pending.is_due() {
            *seen = pending.serial;
            drop(plan);
            return self.take_cut(path, seen);
        }
        *seen = pending.serial;
        let what = pending.what.clone();
        if use_up(&mut pending.aim.times) {
            let serial = pending.serial;
            plan.cuts.retain(|p| p.serial != serial);
        }
        Some(what)
    }

    pub(in crate::sim) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        // every method leaves the plan whole, so a poisoned lock is as good as another
        self.0.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Pending<T> {
    /// Counts one request it could strike; true when it is that one's turn.
    fn is_due(&mut self) -> bool {
        self.seen = self.seen.wrapping_add(1);
        self.aim.every < 2 || self.seen.is_multiple_of(self.aim.every)
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
        assert_eq!(faults.take_answer(&Method::GET, "/apis"), None);
        assert_eq!(faults.take_answer(&Method::GET, "/api/v1/pods"), Some(Answer::Drop));
        assert_eq!(faults.take_answer(&Method::GET, "/api/v1/pods"), Some(Answer::Drop));
        assert_eq!(faults.take_answer(&Method::GET, "/api/v1/pods"), None);
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

    #[test]
    fn an_aim_says_which_and_how_often() {
        let faults = Faults::default();
        let aim = Aim { only: Only::Writes, every: 3, ..Aim::default() };
        faults.strike(aim, Answer::Drop);
        let struck = |method| (0..6).filter(|_| faults.take_answer(&method, "/x").is_some()).count();
        assert_eq!(struck(Method::GET), 0);
        assert_eq!(struck(Method::PATCH), 2);
    }

    #[test]
    fn a_token_is_refused_until_the_next_login() {
        let faults = Faults::default();
        assert_eq!(faults.accept("t"), Some("t"));
        faults.log_out();
        assert_eq!(faults.accept("t"), None);
        let new = faults.token("t");
        assert_eq!(faults.accept(&new), Some("t"));
        faults.log_out();
        assert_eq!(faults.accept(&new), None);
        faults.clear();
        assert_eq!((faults.accept(&new), faults.accept("t")), (Some("t"), Some("t")));
    }
}
