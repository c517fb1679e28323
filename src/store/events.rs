//! The Events of the namespaces somebody looks at: the newest of each.

use std::collections::{BTreeMap, BTreeSet};

use super::delta::{EventsDelta, NamespaceDelta};
use super::pods::Place;
use crate::domain::{Event, Link, Symbol, Timestamp};

/// Events by place.
#[derive(Debug, Default)]
pub struct Events {
    places: BTreeMap<Place, EventsAt>,
    generation: u64,
}

#[derive(Debug, Default)]
struct EventsAt {
    link: Link,
    events: BTreeMap<Symbol, Event>,
    /// The same by time, so that the oldest is found without a search.
    by_time: BTreeSet<(Option<Timestamp>, Symbol)>,
    dropped: u64,
}

impl EventsAt {
    fn put(&mut self, event: Event) {
        self.remove(&event.name.clone());
        self.by_time.insert((event.last, event.name.clone()));
        self.events.insert(event.name.clone(), event);
        while self.events.len() > Events::KEPT
            && let Some((_, oldest)) = self.by_time.pop_first()
        {
            self.events.remove(&oldest);
            self.dropped += 1;
        }
    }

    fn remove(&mut self, name: &Symbol) -> bool {
        let Some(gone) = self.events.remove(name) else { return false };
        self.by_time.remove(&(gone.last, name.clone()))
    }
}

impl Events {
    /// How many Events of a namespace are kept; the oldest go first.
    pub const KEPT: usize = 2_000;

    /// Takes a change in.
    pub(super) fn apply(&mut self, place: &Place, delta: EventsDelta) {
        self.generation += 1;
        if delta == NamespaceDelta::Link(Link::Off) {
            self.places.remove(place);
            return;
        }
        let at = self.places.entry(place.clone()).or_default();
        match delta {
            NamespaceDelta::Link(link) => at.link = link,
            NamespaceDelta::Replace(events) => {
                at.events.clear();
                at.by_time.clear();
                for event in events {
                    at.put(event);
                }
            }
            NamespaceDelta::Upsert(event) => at.put(*event),
            NamespaceDelta::Remove(name) => drop(at.remove(&name)),
        }
    }

    /// The Events of a place, newest first; none where nobody looks.
    pub fn at<'a>(&'a self, place: &Place) -> impl Iterator<Item = &'a Event> + use<'a> {
        let at = self.places.get(place).into_iter();
        at.flat_map(|at| at.by_time.iter().rev().filter_map(|(_, name)| at.events.get(name)))
    }

    /// How reading a place is doing; `None` where nobody looks.
    #[must_use]
    pub fn link(&self, place: &Place) -> Option<&Link> {
        self.places.get(place).map(|at| &at.link)
    }

    /// How many Events of a place were more than are kept.
    #[must_use]
    pub fn dropped(&self, place: &Place) -> u64 {
        self.places.get(place).map_or(0, |at| at.dropped)
    }

    /// Moves at any change.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_come_first() {
        let place: Place = ("c".into(), "dev".into());
        let event = |n: i64, second: i64| Event {
            name: format!("e{n}").into(),
            last: Timestamp::from_second(second).ok(),
            ..Event::default()
        };
        let mut events = Events::default();
        let kept = Events::KEPT as i64;
        events.apply(&place, NamespaceDelta::Replace((0..kept).map(|n| event(n, n)).collect()));
        events.apply(&place, NamespaceDelta::Upsert(Box::new(event(0, kept + 1))));
        assert_eq!(events.dropped(&place), 0);
        events.apply(&place, NamespaceDelta::Upsert(Box::new(event(kept, kept))));
        let names: Vec<_> = events.at(&place).map(|e| e.name.to_string()).collect();
        assert_eq!((names.len(), events.dropped(&place)), (Events::KEPT, 1));
        assert_eq!((&*names[0], &*names[1]), ("e0", &*format!("e{kept}")));
        assert!(!names.contains(&"e1".to_owned()));
        events.apply(&place, NamespaceDelta::Link(Link::Off));
        assert_eq!((events.at(&place).count(), events.link(&place)), (0, None));
    }
}
