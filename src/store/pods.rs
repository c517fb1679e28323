//! The pods of the namespaces somebody looks at.

use std::collections::BTreeMap;

use super::delta::{NamespaceDelta, PodsDelta};
use crate::domain::{Link, Pod, Symbol};

/// A kube context and a namespace in its cluster. The context is part of it: two clusters may hold the same names.
pub type Place = (Symbol, Symbol);

/// Pods by place and name.
#[derive(Debug, Default)]
pub struct Pods {
    places: BTreeMap<Place, PodsAt>,
    generation: u64,
}

#[derive(Debug, Default)]
struct PodsAt {
    link: Link,
    pods: BTreeMap<Symbol, Pod>,
    generation: u64,
}

/// What a change touched.
#[derive(Debug)]
pub(super) enum Touched {
    /// Nothing anybody would notice.
    Nothing,
    /// One pod, as it was and as it is.
    Pod(Box<[Option<Pod>; 2]>),
    /// All of them.
    All,
}

impl Pods {
    pub(super) fn apply(&mut self, place: &Place, delta: PodsDelta) -> Touched {
        self.generation += 1;
        if delta == NamespaceDelta::Link(Link::Off) {
            return if self.places.remove(place).is_some() { Touched::All } else { Touched::Nothing };
        }
        let at = self.places.entry(place.clone()).or_default();
        at.generation = self.generation;
        match delta {
            NamespaceDelta::Link(link) => {
                at.link = link;
                Touched::Nothing
            }
            NamespaceDelta::Replace(pods) => {
                at.pods = pods.into_iter().map(|pod| (pod.name.clone(), pod)).collect();
                Touched::All
            }
            NamespaceDelta::Upsert(pod) => {
                let before = at.pods.insert(pod.name.clone(), (*pod).clone());
                if before.as_ref() == Some(&*pod) {
                    Touched::Nothing
                } else {
                    Touched::Pod(Box::new([before, Some(*pod)]))
                }
            }
            NamespaceDelta::Remove(name) => match at.pods.remove(&name) {
                Some(before) => Touched::Pod(Box::new([Some(before), None])),
                None => Touched::Nothing,
            },
        }
    }

    /// The pods of a place, by name; none where nobody looks.
    pub fn at<'a>(&'a self, place: &Place) -> impl Iterator<Item = &'a Pod> + use<'a> {
        self.places.get(place).into_iter().flat_map(|at| at.pods.values())
    }

    /// One pod.
    #[must_use]
    pub fn get(&self, place: &Place, name: &str) -> Option<&Pod> {
        self.places.get(place)?.pods.get(name)
    }

    /// How reading a place is doing; `None` where nobody looks.
    #[must_use]
    pub fn link(&self, place: &Place) -> Option<&Link> {
        self.places.get(place).map(|at| &at.link)
    }

    /// The places somebody looks at.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.keys()
    }

    /// Moves at any change of a place; 0 where nobody looks.
    #[must_use]
    pub fn generation_at(&self, place: &Place) -> u64 {
        self.places.get(place).map_or(0, |at| at.generation)
    }

    /// Moves at any change.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }
}
