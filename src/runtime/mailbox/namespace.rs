//! What is pending of a namespace's objects of one kind: the newest state of each, and of the connection.

use std::collections::{HashMap, VecDeque};

use crate::domain::window::Project;
use crate::domain::{Event, Link, Pod, Symbol};
use crate::store::NamespaceDelta;

/// Objects a lane carries.
pub(super) trait Named {
    /// How many changes may be pending; above that the oldest are dropped.
    const MOST: usize;
    /// Its name within the namespace.
    fn name(&self) -> &Symbol;
}

impl Named for Pod {
    // bounded by the pods there are: none may be dropped, or the store would never hear of it
    const MOST: usize = usize::MAX;
    fn name(&self) -> &Symbol {
        &self.name
    }
}

impl Named for Event {
    const MOST: usize = crate::store::Events::KEPT;
    fn name(&self) -> &Symbol {
        &self.name
    }
}

impl Named for Project {
    // as with pods
    const MOST: usize = usize::MAX;
    fn name(&self) -> &Symbol {
        &self.name
    }
}

pub(super) struct NamespaceLane<T> {
    replace: Option<Vec<T>>,
    /// What came after the list; `None` is gone.
    changes: HashMap<Symbol, Option<Box<T>>>,
    order: VecDeque<Symbol>,
    /// Said when all before it has been taken, so that nothing is live before its objects are there.
    link: Option<Link>,
}

impl<T> Default for NamespaceLane<T> {
    fn default() -> Self {
        Self { replace: None, changes: HashMap::new(), order: VecDeque::new(), link: None }
    }
}

impl<T: Named> NamespaceLane<T> {
    pub fn is_empty(&self) -> bool {
        self.replace.is_none() && self.order.is_empty() && self.link.is_none()
    }

    /// Takes one change in: how many it made void.
    pub fn push(&mut self, delta: NamespaceDelta<T>) -> u64 {
        match delta {
            NamespaceDelta::Replace(items) => {
                let void = self.clear();
                self.replace = Some(items);
                void
            }
            NamespaceDelta::Upsert(item) => self.change(item.name().clone(), Some(item)),
            NamespaceDelta::Remove(name) => self.change(name, None),
            NamespaceDelta::Link(link) => {
                // nobody reads it any more: what is pending was for nobody
                let void = if link == Link::Off { self.clear() } else { 0 };
                void + u64::from(self.link.replace(link).is_some())
            }
        }
    }

    fn clear(&mut self) -> u64 {
        let void = self.order.len() + usize::from(self.replace.take().is_some());
        self.changes.clear();
        self.order.clear();
        void as u64
    }

    fn change(&mut self, name: Symbol, item: Option<Box<T>>) -> u64 {
        if self.changes.insert(name.clone(), item).is_some() {
            return 1;
        }
        self.order.push_back(name);
        if self.order.len() <= T::MOST {
            return 0;
        }
        if let Some(oldest) = self.order.pop_front() {
            self.changes.remove(&oldest);
        }
        1
    }

    /// Hands out about `limit` changes: how many it counts as.
    pub fn take(&mut self, limit: usize, mut taken: impl FnMut(NamespaceDelta<T>)) -> usize {
        let mut count = 0;
        if self.link == Some(Link::Off) {
            // a lane that goes on after this was begun anew
            self.link = None;
            taken(NamespaceDelta::Link(Link::Off));
            count += 1;
        }
        if let Some(items) = self.replace.take() {
            count += items.len().max(1);
            taken(NamespaceDelta::Replace(items));
        }
        while count < limit
            && let Some(name) = self.order.pop_front()
        {
            match self.changes.remove(&name).flatten() {
                Some(item) => taken(NamespaceDelta::Upsert(item)),
                None => taken(NamespaceDelta::Remove(name)),
            }
            count += 1;
        }
        if self.order.is_empty()
            && let Some(link) = self.link.take()
        {
            taken(NamespaceDelta::Link(link));
            count += 1;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn pod(name: u8, restarts: u32) -> Pod {
        Pod { name: format!("p{name}").into(), restarts, ..Pod::default() }
    }

    fn apply(known: &mut (BTreeMap<Symbol, Pod>, Link), delta: NamespaceDelta<Pod>) {
        match delta {
            NamespaceDelta::Replace(pods) => known.0 = pods.into_iter().map(|p| (p.name.clone(), p)).collect(),
            NamespaceDelta::Upsert(pod) => drop(known.0.insert(pod.name.clone(), *pod)),
            NamespaceDelta::Remove(name) => drop(known.0.remove(&name)),
            NamespaceDelta::Link(link) => known.1 = link,
        }
    }

    fn deltas() -> impl Strategy<Value = NamespaceDelta<Pod>> {
        let pods = prop::collection::vec((0..5u8, 0..9u32).prop_map(|(n, r)| pod(n, r)), 0..5);
        prop_oneof![
            6 => (0..5u8, 0..9u32).prop_map(|(n, r)| NamespaceDelta::Upsert(Box::new(pod(n, r)))),
            3 => (0..5u8).prop_map(|n| NamespaceDelta::Remove(format!("p{n}").into())),
            1 => pods.prop_map(NamespaceDelta::Replace),
            1 => Just(NamespaceDelta::Link(Link::Live)),
        ]
    }

    proptest! {
        /// However late the loop takes what was pushed, it knows in the end what it would have been told one by one.
        #[test]
        fn coalescing_changes_nothing(steps in prop::collection::vec((deltas(), 0..4usize), 0..60)) {
            let (mut lane, mut naive, mut told) = (NamespaceLane::default(), Default::default(), Default::default());
            for (delta, takes) in steps {
                lane.push(delta.clone());
                apply(&mut naive, delta);
                lane.take(takes, |delta| apply(&mut told, delta));
            }
            while lane.take(2, |delta| apply(&mut told, delta)) > 0 {}
            prop_assert!(lane.is_empty());
            prop_assert_eq!(told, naive);
        }
    }

    #[test]
    fn pending_events_are_bounded_and_what_nobody_reads_any_more_is_dropped() {
        let mut lane = NamespaceLane::default();
        for n in 0..=Event::MOST {
            lane.push(NamespaceDelta::Upsert(Box::new(Event { name: n.to_string().into(), ..Event::default() })));
        }
        assert_eq!((lane.order.len(), lane.changes.len()), (Event::MOST, Event::MOST));
        lane.push(NamespaceDelta::Link(Link::Off));
        let mut taken = Vec::new();
        lane.take(9, |delta| taken.push(delta));
        assert_eq!((taken, lane.is_empty()), (vec![NamespaceDelta::Link(Link::Off)], true));
    }
}
