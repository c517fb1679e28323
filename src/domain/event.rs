//! What controllers tell about objects: Kubernetes Events.

use super::{Symbol, Timestamp};

/// An Event, of either API. All text in it has been cleaned of terminal controls.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Event {
    /// The name of the Event object itself: its identity within its namespace.
    pub name: Symbol,
    /// `Warning`, not `Normal`.
    pub warning: bool,
    /// One word: `BackOff`, `FailedScheduling`, `OperationCompleted`, ...
    pub reason: Symbol,
    /// What it is about.
    pub object: ObjectRef,
    /// What happened.
    pub message: Box<str>,
    /// How often, the whole series counted.
    pub count: u32,
    /// The first time.
    pub first: Option<Timestamp>,
    /// The last time.
    pub last: Option<Timestamp>,
    /// Who says it: `kubelet`, `argocd-application-controller`, ...
    pub reporter: Symbol,
}

impl Event {
    /// Its reason and, where it happened more than once, how often: `BackOff x7`.
    #[must_use]
    pub fn brief(&self) -> String {
        if self.count > 1 { format!("{} x{}", self.reason, self.count) } else { self.reason.to_string() }
    }
}

/// An object as others refer to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ObjectRef {
    /// `Pod`, `Deployment`, `Application`, ...
    pub kind: Symbol,
    /// Empty for objects without one.
    pub namespace: Symbol,
    /// Its name.
    pub name: Symbol,
}

/// The Events in the order they were last seen, newest first; those that say the same of the same object are one, with
/// their counts added.
#[must_use]
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<Event> {
    let mut folded: std::collections::BTreeMap<(&ObjectRef, &Symbol, &str, &Symbol), Event> =
        std::collections::BTreeMap::new();
    for event in events {
        folded
            .entry((&event.object, &event.reason, &event.message, &event.reporter))
            .and_modify(|known| {
                known.count = known.count.saturating_add(event.count);
                known.first = [known.first, event.first].into_iter().flatten().min();
                if event.last > known.last {
                    known.last = event.last;
                    known.name = event.name.clone();
                }
            })
            .or_insert_with(|| event.clone());
    }
    let mut folded: Vec<Event> = folded.into_values().collect();
    folded.sort_by(|a, b| b.last.cmp(&a.last).then_with(|| a.name.cmp(&b.name)));
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_that_say_the_same_of_the_same_object_are_one() {
        let at = |second: i64| Timestamp::from_second(second).ok();
        let event = |name: &str, pod: &str, count, first, last| Event {
            name: name.into(),
            reason: "BackOff".into(),
            object: ObjectRef { kind: "Pod".into(), namespace: "dev".into(), name: pod.into() },
            count,
            first: at(first),
            last: at(last),
            ..Event::default()
        };
        let folded = fold(&[event("a", "p", 2, 1, 5), event("b", "q", 1, 6, 6), event("c", "p", 3, 7, 9)]);
        let brief: Vec<_> = folded.iter().map(|e| (&*e.object.name, e.count, e.first, e.last, &*e.name)).collect();
        assert_eq!(brief, [("p", 5, at(1), at(9), "c"), ("q", 1, at(6), at(6), "b")]);
    }
}
