//! What a source tells: deltas, each link state and each set of facts only when it is news.

use std::sync::Arc;

use super::decode::Decoder;
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
    fn update(&mut self, facts: SourceFacts) {
        if facts != self.facts {
            self.facts = facts.clone();
            self.push(Delta::Facts(self.source.clone(), Box::new(facts)));
        }
    }

    /// Tells the facts as `change` makes them, with what the decoder has learnt.
    pub fn tell_facts(&mut self, decoder: &Decoder, change: impl FnOnce(&mut SourceFacts)) {
        let mut facts = self.facts.clone();
        change(&mut facts);
        facts.odd = decoder.odd();
        facts.odd_example = decoder.odd_example().map(str::to_owned);
        if let Some(namespace) = decoder.controller_namespace() {
            facts.argocd_namespace = namespace.clone();
        }
        self.update(facts);
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
