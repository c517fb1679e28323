//! Acts in the order in which they fall due, and the task that performs them.

use crate::sim::time::{SimClock, plus};
use futures::future::select_all;
use jiff::Timestamp;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// One thing that happens.
pub type Act = Box<dyn FnOnce(&mut Play<'_>) + Send>;

/// What an act may use.
pub struct Play<'a> {
    /// The moment the act was due: what it writes into objects.
    pub at: Timestamp,
    /// The moment it is done at: later than `at` where more falls due than this machine performs, or time was skipped.
    pub now: Timestamp,
    /// What comes later.
    pub agenda: &'a mut Agenda,
    /// The world's own randomness.
    pub random: &'a mut fastrand::Rng,
}

/// Everything that is going to happen.
#[derive(Default)]
pub struct Agenda {
    due: BinaryHeap<Due>,
    serial: u64,
    observers: Vec<Observer>,
}

type Look = Box<dyn FnMut(Timestamp, &mut Agenda) + Send>;

/// Somebody who reacts to what others write, by putting acts on the agenda.
struct Observer {
    /// Wake at every write that may matter.
    wakes: Vec<watch::Receiver<u64>>,
    look: Look,
}

struct Due {
    at: Timestamp,
    serial: u64,
    act: Act,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Due {}
impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Due {
    // the heap gives its greatest first, so the earliest is the greatest; equal moments keep the order they came in
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.serial).cmp(&(self.at, self.serial))
    }
}

impl Agenda {
    /// Has `act` happen at a moment, after everything already due then.
    pub fn at(&mut self, at: Timestamp, act: impl FnOnce(&mut Play<'_>) + Send + 'static) {
        self.serial += 1;
        self.due.push(Due { at, serial: self.serial, act: Box::new(act) });
    }

    /// Has `look` called after every act, and whenever one of `wakes` tells of a write from outside.
    pub fn observe(
        &mut self,
        wakes: Vec<watch::Receiver<u64>>,
        look: impl FnMut(Timestamp, &mut Agenda) + Send + 'static,
    ) {
        self.observers.push(Observer { wakes, look: Box::new(look) });
    }

    fn look(&mut self, at: Timestamp) {
        let mut observers = std::mem::take(&mut self.observers);
        for observer in &mut observers {
            (observer.look)(at, self);
        }
        observers.append(&mut self.observers);
        self.observers = observers;
    }

    /// Ends when somebody outside has written; never when nobody is looked at.
    async fn written(&mut self) {
        let wakes = self.observers.iter_mut().flat_map(|observer| &mut observer.wakes);
        let changes: Vec<_> = wakes.map(|wake| Box::pin(wake.changed())).collect();
        if changes.is_empty() {
            return std::future::pending().await;
        }
        if select_all(changes).await.0.is_err() {
            // the store is gone, and nobody can write any more
            std::future::pending::<()>().await;
        }
    }

    /// The moment of the next act.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        self.due.peek().map(|due| due.at)
    }

    /// Performs what is due up to `now`, including what that brings about; at most `most` acts.
    pub fn run(&mut self, now: Timestamp, random: &mut fastrand::Rng, most: usize) {
        for wake in self.observers.iter_mut().flat_map(|observer| &mut observer.wakes) {
            wake.mark_unchanged();
        }
        // when time was skipped, what was due first comes first for those who look, too
        self.look(self.next().map_or(now, |next| next.min(now)));
        for _ in 0..most {
            if self.next().is_none_or(|at| at > now) {
                return;
            }
            let Some(due) = self.due.pop() else { return };
            (due.act)(&mut Play { at: due.at, now, agenda: self, random });
            self.look(due.at);
        }
    }
}

impl Agenda {
    /// Performs everything due up to `now`, and has `show` set the clock to each moment before.
    pub fn replay(&mut self, now: Timestamp, random: &mut fastrand::Rng, show: impl Fn(Timestamp)) {
        while let Some(at) = self.next().filter(|at| *at <= now) {
            show(at);
            self.run(at, random, usize::MAX);
        }
        show(now);
        self.run(now, random, usize::MAX);
    }
}

impl Play<'_> {
    /// Has `act` happen `millis` milliseconds after this one.
    pub fn later(&mut self, millis: u64, act: impl FnOnce(&mut Play<'_>) + Send + 'static) {
        self.agenda.at(plus(self.at, Duration::from_millis(millis)), act);
    }
}

/// Performs the agenda as the clock goes, and acts that come in from outside at once, until nobody can send any more.
pub async fn perform(mut agenda: Agenda, mut random: fastrand::Rng, clock: SimClock, mut sent: mpsc::Receiver<Act>) {
    /// A skip of hours can make thousands of acts due; between batches other tasks get their turn.
    const BATCH: usize = 64;
    loop {
        agenda.run(clock.now(), &mut random, BATCH);
        let next = agenda.next().unwrap_or(Timestamp::MAX);
        if next <= clock.now() {
            tokio::task::yield_now().await;
            // who orders something is heard also when more falls due than this machine performs
            match sent.try_recv() {
                Ok(act) => agenda.at(clock.now(), move |play| act(play)),
                Err(mpsc::error::TryRecvError::Empty) => {}
                Err(mpsc::error::TryRecvError::Disconnected) => return,
            }
            continue;
        }
        tokio::select! {
            () = clock.sleep_until(next) => {}
            () = agenda.written() => {}
            act = sent.recv() => match act {
                Some(act) => agenda.at(clock.now(), move |play| act(play)),
                None => return,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn acts_happen_in_order_and_may_bring_about_more() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let mut agenda = Agenda::default();
        let second = |s| Timestamp::from_second(s).unwrap();
        for (at, word) in [(3, "c"), (1, "a"), (3, "d"), (9, "never")] {
            let told = Arc::clone(&told);
            agenda.at(second(at), move |play| {
                told.lock().unwrap().push(word);
                if word == "a" {
                    play.later(1000, move |_| told.lock().unwrap().push("b"));
                }
            });
        }
        agenda.run(second(5), &mut fastrand::Rng::with_seed(1), 100);
        assert_eq!(*told.lock().unwrap(), ["a", "b", "c", "d"]);
        assert_eq!(agenda.next(), Some(second(9)));
    }
}
