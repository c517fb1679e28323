//! What sources tell the store. A source never touches the store: it pushes deltas into a [`Sink`].

use crate::domain::{AppKey, AppRow, Link, SourceFacts, Symbol};

/// One change of what is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta {
    /// The state of a source changed.
    Link(Symbol, Link),
    /// What is known of a source changed.
    Facts(Symbol, Box<SourceFacts>),
    /// The first list of a source begins: rows pushed from now on until [`Delta::Settle`] are all it has.
    Begin(Symbol),
    /// An Application is there, or changed. A sketch never replaces a full row.
    Upsert(Box<AppRow>),
    /// An Application is gone.
    Remove(AppKey),
    /// The first list is complete: rows of the source that were not seen since [`Delta::Begin`] are forgotten.
    Settle(Symbol),
    /// A later list, swapped in as one.
    Replace(Symbol, Vec<AppRow>),
}

/// Where a source puts its deltas. Never blocks: a lane that is full coalesces.
pub trait Sink: Send + Sync + 'static {
    /// Takes one change.
    fn push(&self, delta: Delta);
}
