//! How a forward is doing: a state machine that is told what happened and never says more than it was told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ports::Mapping;
use super::state::{Event, Opened, State};
use super::target::Target;
use crate::domain::{AppKey, Symbol, Timestamp};

/// What keeps connections from getting through.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Trouble {
    Failed(String),
    NotFound(String),
    Denied(String),
    Barred(String),
}

/// A forward: what it is, and how it is doing.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its number in this run.
    pub id: u64,
    /// The Application it belongs to.
    pub app: AppKey,
    /// That one's environment.
    pub environment: Symbol,
    /// The namespace of the pods.
    pub namespace: String,
    /// What it leads to.
    pub target: Target,
    /// It is for a debugger.
    pub debug: bool,
    /// `kubectl port-forward` carries it.
    pub kubectl: bool,
    /// Its ports.
    pub ports: Vec<Opened>,
    /// Where it listens can be reached from other machines.
    pub exposed: bool,
    /// When it was opened.
    pub opened: Timestamp,
    /// When its state became what it is.
    pub since: Timestamp,
    /// The pod that answers, and its container.
    pub pod: Option<(String, String)>,
    /// Connections there were.
    pub served: u64,
    /// What went wrong last, also when it goes well again.
    pub last: Option<String>,
    connections: BTreeMap<u64, bool>,
    trouble: Option<Trouble>,
    ended: Option<String>,
    up: Arc<AtomicU64>,
    down: Arc<AtomicU64>,
}

/// The forwards of this run, by number.
pub type Sessions = BTreeMap<u64, Session>;

impl Session {
    /// A forward that listens and has nobody yet.
    #[must_use]
    pub fn new(id: u64, app: AppKey, environment: Symbol, namespace: String, target: Target, now: Timestamp) -> Self {
        Self {
            id,
            app,
            environment,
            namespace,
            target,
            debug: false,
            kubectl: false,
            ports: Vec::new(),
            exposed: false,
            opened: now,
            since: now,
            pod: None,
            served: 0,
            last: None,
            connections: BTreeMap::new(),
            trouble: None,
            ended: None,
            up: Arc::default(),
            down: Arc::default(),
        }
    }

    /// Counts bytes to the pod and from it.
    #[must_use]
    pub fn counters(&self) -> (Arc<AtomicU64>, Arc<AtomicU64>) {
        (Arc::clone(&self.up), Arc::clone(&self.down))
    }

    /// Bytes to the pod, and from it.
    #[must_use]
    pub fn bytes(&self) -> (u64, u64) {
        (self.up.load(Ordering::Relaxed), self.down.load(Ordering::Relaxed))
    }

    /// What it does now. Alive is said of what stands only.
    #[must_use]
    pub fn state(&self) -> State {
        if let Some(why) = &self.ended {
            return State::Stopped(why.clone());
        }
        let open = self.connections.values().filter(|open| **open).count();
        match &self.trouble {
            _ if open > 0 => State::Connected(open),
            Some(Trouble::Denied(what) | Trouble::Barred(what)) => State::Denied(what.clone()),
            Some(Trouble::NotFound(why)) => State::NoReadyPod(why.clone()),
            Some(Trouble::Failed(why)) => State::Redialling(why.clone()),
            None if self.connections.is_empty() => State::Listening,
            None => State::Dialling,
        }
    }

    /// Connections that stand.
    #[must_use]
    pub fn connected(&self) -> usize {
        self.connections.values().filter(|open| **open).count()
    }

    /// Whether it still listens.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.ended.is_none()
    }

    /// Takes in what happened; whether it reads differently now.
    pub fn take(&mut self, event: Event, now: Timestamp) -> bool {
        let before = (self.state(), self.pod.clone());
        if let Event::NotFound(why) | Event::Denied(why) | Event::Barred(why) | Event::Failed(why) | Event::Lost(why) =
            &event
        {
            self.last = Some(why.clone());
        }
        match event {
            Event::Accepted(number) => {
                self.served += 1;
                self.connections.insert(number, false);
            }
            Event::Found { pod, container } => {
                self.pod = Some((pod, container));
                // that dialling failed is mended by a connection only
                let stays = match &self.trouble {
                    Some(Trouble::Barred(_)) => true,
                    Some(Trouble::Failed(_)) => !self.connections.is_empty(),
                    _ => false,
                };
                if !stays {
                    self.trouble = None;
                }
            }
            Event::NotFound(why) => {
                self.pod = None;
                self.trouble = Some(Trouble::NotFound(why));
            }
            Event::Denied(what) => self.trouble = Some(Trouble::Denied(what)),
            Event::Barred(what) => self.trouble = Some(Trouble::Barred(what)),
            Event::Failed(why) | Event::Lost(why) => self.trouble = Some(Trouble::Failed(why)),
            Event::Open(number) => {
                // one that was closed meanwhile stays closed
                if let Some(open) = self.connections.get_mut(&number) {
                    *open = true;
                    self.trouble = None;
                }
            }
            Event::Closed(number) => drop(self.connections.remove(&number)),
            Event::Ended(why) => {
                self.connections.clear();
                self.ended.get_or_insert(why);
            }
        }
        let after = self.state();
        if after != before.0 {
            self.since = now;
        }
        (after, &self.pod) != (before.0, &before.1)
    }

    /// What was asked for, in a few words: `service/backend 8000`.
    #[must_use]
    pub fn leads_to(&self) -> String {
        let ports: Vec<String> = self.ports.iter().map(|port| port.remote.to_string()).collect();
        format!("{} {}", self.target, ports.join(" "))
    }

    /// What would ask for it again.
    #[must_use]
    pub fn mappings(&self) -> Vec<Mapping> {
        let of = |port: &Opened| Mapping { local: port.local.port(), remote: port.remote.clone() };
        self.ports.iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn session() -> Session {
        let key = AppKey { source: "s".into(), namespace: "argocd".into(), name: "backend-dev".into() };
        Session::new(1, key, "dev".into(), "ns".into(), Target::Service("backend".into()), Timestamp::UNIX_EPOCH)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn found(pod: &str) -> Event {
        Event::Found { pod: pod.to_owned(), container: "api".to_owned() }
    }

    #[test]
    fn a_forward_lives_through_its_pods() {
        let mut session = session();
        assert_eq!(session.state(), State::Listening);
        session.take(Event::Accepted(1), at(1));
        assert_eq!(session.state(), State::Dialling);
        session.take(found("a"), at(1));
        session.take(Event::Open(1), at(2));
        assert_eq!((session.state(), session.since), (State::Connected(1), at(2)));
        session.take(Event::Closed(1), at(3));
        session.take(Event::Lost("pod a is gone".into()), at(3));
        assert_eq!(session.state(), State::Redialling("pod a is gone".into()));
        session.take(Event::NotFound("there is no pod".into()), at(4));
        assert_eq!((session.state().word(), session.pod.clone()), ("no ready pod", None));
        assert!(!session.take(Event::NotFound("there is no pod".into()), at(5)), "nothing reads differently");
        assert_eq!(session.since, at(4));
        session.take(found("b"), at(6));
        assert_eq!(session.state(), State::Listening);
        session.take(Event::Denied("pods/portforward".into()), at(7));
        assert_eq!(session.state().word(), "denied");
        session.take(Event::Ended("stopped".into()), at(8));
        session.take(Event::Open(1), at(9));
        assert_eq!(session.state(), State::Stopped("stopped".into()));
    }

    #[test]
    fn a_pod_that_is_found_does_not_make_up_for_dialling_that_fails() {
        let mut session = session();
        session.take(Event::Accepted(1), at(1));
        session.take(Event::Failed("connection refused".into()), at(1));
        session.take(found("a"), at(1));
        assert_eq!(session.state().word(), "re-dialling");
        session.take(Event::Closed(1), at(2));
        session.take(found("a"), at(2));
        assert_eq!(session.state(), State::Listening);
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            (0u64..4).prop_map(Event::Accepted),
            Just(found("a")),
            Just(Event::NotFound("none".into())),
            Just(Event::Denied("no".into())),
            Just(Event::Barred("no".into())),
            Just(Event::Failed("no".into())),
            (0u64..4).prop_map(Event::Open),
            (0u64..4).prop_map(Event::Closed),
            Just(Event::Lost("gone".into())),
            Just(Event::Ended("over".into())),
        ]
    }

    proptest! {
        /// Whatever happens, it never claims a connection nobody opened, and never lives again.
        #[test]
        fn it_never_says_it_is_alive_when_it_is_not(events in prop::collection::vec(event(), 0..40)) {
            let mut session = session();
            let (mut open, mut ended) = (std::collections::BTreeSet::new(), false);
            let mut accepted = std::collections::BTreeSet::new();
            for event in events {
                match &event {
                    Event::Accepted(n) => { accepted.insert(*n); open.remove(n); }
                    Event::Open(n) if accepted.contains(n) => { open.insert(*n); }
                    Event::Closed(n) => { open.remove(n); accepted.remove(n); }
                    Event::Ended(_) => { ended = true; open.clear(); accepted.clear(); }
                    _ => {}
                }
                let before = session.state();
                let differs = session.take(event, at(1));
                prop_assert!(differs || session.state() == before);
                match session.state() {
                    State::Connected(n) => prop_assert!(!ended && n == open.len() && n > 0),
                    State::Stopped(_) => prop_assert!(ended),
                    _ => prop_assert!(!ended && open.is_empty()),
                }
            }
        }
    }
}
