//! The lanes of all sources, behind one lock.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::lane::Lane;
use super::namespace::NamespaceLane;
use crate::domain::window::Project;
use crate::domain::{AppKey, Event, ObjectName, Pod, Run, Symbol, Versus};
use crate::store::Place;
use crate::store::delta::{Delta, LiveDelta, Sink};

/// How many changes of one source are handed out before it is another's turn.
const TURN: usize = 64;

/// Takes the deltas of all sources and hands them to the loop, coalesced.
///
/// A push never waits for the loop. At the most one state of an Application is pending, twice while a list of its source
/// is being read: once before the list and once in it.
pub struct Mailbox {
    lanes: Mutex<Lanes>,
    notify: Arc<Notify>,
}

#[derive(Default)]
struct Lanes {
    of: HashMap<Symbol, Lane>,
    pods: HashMap<Place, NamespaceLane<Pod>>,
    events: HashMap<Place, NamespaceLane<Event>>,
    projects: HashMap<Place, NamespaceLane<Project>>,
    /// Things that are told whole: the newest only.
    wholes: HashMap<Whole, LiveDelta>,
    /// Lanes with something pending, each once, in the order of their turns.
    turns: VecDeque<LaneName>,
    figures: Figures,
}

/// Whose lane it is.
#[derive(Clone)]
enum LaneName {
    Source(Symbol),
    Pods(Place),
    Events(Place),
    Projects(Place),
    Whole(Whole),
}

/// What is told whole every time, or forgotten.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Whole {
    Detail(AppKey),
    Words(Run),
    Object(Symbol, ObjectName),
    Clusters(Symbol),
    Comparison(AppKey, Versus),
}

impl Lanes {
    /// Whether it begins to be pending, what it overtakes, and whose lane it is in.
    fn keep_newest(&mut self, whole: Whole, delta: LiveDelta) -> (bool, u64, LaneName) {
        let known = self.wholes.insert(whole.clone(), delta).is_some();
        (!known, u64::from(known), LaneName::Whole(whole))
    }

    /// Takes from a lane: how many changes that counts as, and whether more is pending there.
    fn take(&mut self, name: &LaneName, limit: usize, taken: &mut Vec<Delta>) -> (usize, bool) {
        match name {
            LaneName::Source(source) => {
                let Some(lane) = self.of.get_mut(source) else { return (0, false) };
                (lane.take(source, limit, taken), !lane.is_empty())
            }
            LaneName::Pods(place) => {
                let Some(lane) = self.pods.get_mut(place) else { return (0, false) };
                let count =
                    lane.take(limit, |d| taken.push(Delta::Live(LiveDelta::Pods(place.0.clone(), place.1.clone(), d))));
                let more = !lane.is_empty();
                if !more {
                    self.pods.remove(place);
                }
                (count, more)
            }
            LaneName::Events(place) => {
                let Some(lane) = self.events.get_mut(place) else { return (0, false) };
                let count = lane
                    .take(limit, |d| taken.push(Delta::Live(LiveDelta::Events(place.0.clone(), place.1.clone(), d))));
                let more = !lane.is_empty();
                if !more {
                    self.events.remove(place);
                }
                (count, more)
            }
            LaneName::Projects(place) => {
                let Some(lane) = self.projects.get_mut(place) else { return (0, false) };
                let count = lane
                    .take(limit, |d| taken.push(Delta::Live(LiveDelta::Projects(place.0.clone(), place.1.clone(), d))));
                let more = !lane.is_empty();
                if !more {
                    self.projects.remove(place);
                }
                (count, more)
            }
            LaneName::Whole(whole) => {
                let Some(delta) = self.wholes.remove(whole) else { return (0, false) };
                taken.push(Delta::Live(delta));
                (1, false)
            }
        }
    }
}

/// What went through a mailbox since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Deltas pushed by sources.
    pub pushed: u64,
    /// Deltas handed to the loop.
    pub taken: u64,
    /// Deltas that were overtaken before the loop took them.
    pub coalesced: u64,
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").field("figures", &self.figures()).finish_non_exhaustive()
    }
}

impl Mailbox {
    /// An empty one. `notify` is told when there is something to take.
    #[must_use]
    pub fn new(notify: Arc<Notify>) -> Self {
        Self { lanes: Mutex::default(), notify }
    }

    /// The next changes in an order that is right to apply them in, about `limit` at the most (a list that is swapped in
    /// as one is never cut). What is left is notified of again.
    #[must_use]
    pub fn take(&self, limit: usize) -> Vec<Delta> {
        let mut taken = Vec::new();
        let mut left = limit;
        let mut lanes = self.lock();
        while left > 0
            && let Some(lane) = lanes.turns.pop_front()
        {
            let (count, more) = lanes.take(&lane, left.min(TURN), &mut taken);
            left -= count.min(left);
            if more {
                lanes.turns.push_back(lane);
            }
        }
        lanes.figures.taken += taken.len() as u64;
        if !lanes.turns.is_empty() {
            self.notify.notify_one();
        }
        taken
    }

    /// Whether nothing is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().turns.is_empty()
    }

    /// What went through so far.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.lock().figures
    }

    fn lock(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Mailbox {
    fn push(&self, delta: Delta) {
        let source = match delta {
            Delta::Live(delta) => return self.push_live(delta),
            Delta::Link(ref source, _)
            | Delta::Facts(ref source, _)
            | Delta::Begin(ref source)
            | Delta::Settle(ref source)
            | Delta::Replace(ref source, _) => source.clone(),
            Delta::Upsert(ref row) => row.key.source.clone(),
            Delta::Remove(ref key) => key.source.clone(),
        };
        let mut guard = self.lock();
        let lanes = &mut *guard;
        lanes.figures.pushed += 1;
        let lane = lanes.of.entry(source.clone()).or_default();
        let was_empty = lane.is_empty();
        let overtaken = lane.push(delta);
        lanes.figures.coalesced += overtaken.count;
        if was_empty && !lane.is_empty() {
            lanes.turns.push_back(LaneName::Source(source));
            self.notify.notify_one();
        }
        // thousands of rows may be in what was overtaken: nobody has to wait while they are freed
        drop(guard);
        drop(overtaken);
    }
}

impl Mailbox {
    /// Takes what is read for as long as somebody looks: the lane is gone as soon as it is empty.
    fn push_live(&self, delta: LiveDelta) {
        let mut guard = self.lock();
        let lanes = &mut *guard;
        lanes.figures.pushed += 1;
        let (begins, overtaken, name) = match delta {
            LiveDelta::Pods(context, namespace, delta) => {
                let place = (context, namespace);
                let lane = lanes.pods.entry(place.clone()).or_default();
                (lane.is_empty(), lane.push(delta), LaneName::Pods(place))
            }
            LiveDelta::Events(context, namespace, delta) => {
                let place = (context, namespace);
                let lane = lanes.events.entry(place.clone()).or_default();
                (lane.is_empty(), lane.push(delta), LaneName::Events(place))
            }
            LiveDelta::Projects(source, namespace, delta) => {
                let place = (source, namespace);
                let lane = lanes.projects.entry(place.clone()).or_default();
                (lane.is_empty(), lane.push(delta), LaneName::Projects(place))
            }
            LiveDelta::Detail(ref app, _) | LiveDelta::ForgetDetail(ref app) => {
                lanes.keep_newest(Whole::Detail(app.clone()), delta)
            }
            LiveDelta::Words(ref run, _) | LiveDelta::ForgetWords(ref run) => {
                lanes.keep_newest(Whole::Words(run.clone()), delta)
            }
            LiveDelta::Object(ref context, ref name, _) | LiveDelta::ForgetObject(ref context, ref name) => {
                lanes.keep_newest(Whole::Object(context.clone(), name.clone()), delta)
            }
            LiveDelta::Comparison(ref app, ref versus, _) | LiveDelta::ForgetComparison(ref app, ref versus) => {
                lanes.keep_newest(Whole::Comparison(app.clone(), versus.clone()), delta)
            }
            LiveDelta::Clusters(ref source, _) => lanes.keep_newest(Whole::Clusters(source.clone()), delta),
        };
        lanes.figures.coalesced += overtaken;
        if begins {
            lanes.turns.push_back(name);
            self.notify.notify_one();
        }
    }
}
