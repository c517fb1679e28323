//! What a source tells: deltas, each link state and each set of facts only when it is news.

use std::sync::Arc;

use crate::domain::{Link, SourceFacts, Symbol};
use crate::store::delta::{Delta, Sink};

/// Tells of one source.
pub(in crate::source) struct Reporter {
    sink: Arc<dyn Sink>,
    source: Symbol,
    link: Option<Link>,
    facts: SourceFacts,
}

impl Reporter {
    /// A reporter that has told nothing yet.
    pub fn new(sink: Arc<dyn Sink>, source: Symbol) -> Self {
        Self { sink, source, link: None, facts: SourceFacts::default() }
    }

    /// The facts last told.
    pub fn facts(&self) -> &SourceFacts {
        &self.facts
    }

    /// Tells the link state, if it is another.
    pub fn link(&mut self, link: Link) {
        if self.link.as_ref() != Some(&link) {
            self.link = Some(link.clone());
            self.push(Delta::Link(self.source.clone(), link));
        }
    }

    /// Tells the facts, if they are others.
    pub fn update(&mut self, facts: SourceFacts) {
        if facts != self.facts {
            self.facts = facts.clone();
            self.push(Delta::Facts(self.source.clone(), Box::new(facts)));
        }
    }

    /// Tells a change.
    pub fn push(&self, delta: Delta) {
        self.sink.push(delta);
    }

    /// A change of the source as a whole.
    pub fn push_for(&self, delta: impl FnOnce(Symbol) -> Delta) {
        self.push(delta(self.source.clone()));
    }
}
