//! What sources tell the store. A source never touches the store: it pushes deltas into a [`Sink`].

use std::sync::Arc;

use crate::domain::window::Project;
use crate::domain::{
    AppDetail, AppKey, AppRow, ClusterNames, Comparison, Event, LastWords, Link, LiveObject, ObjectName, Pod, Run,
    SourceFacts, Symbol, Versus,
};

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
    /// What is read for as long as somebody looks changed.
    Live(LiveDelta),
}

/// A change of what is read for as long as somebody looks, beyond the rows.
#[derive(Clone, Debug, PartialEq)]
pub enum LiveDelta {
    /// What is known of the pods of a namespace changed. The first symbol is the kube context.
    Pods(Symbol, Symbol, PodsDelta),
    /// What is known of the Events of a namespace changed. The first symbol is the kube context.
    Events(Symbol, Symbol, EventsDelta),
    /// What is known of the AppProjects of a namespace changed. The first symbol is the source.
    Projects(Symbol, Symbol, ProjectsDelta),
    /// The resources of an Application were read.
    Detail(AppKey, Box<AppDetail>),
    /// Nobody looks at the resources of an Application any more.
    ForgetDetail(AppKey),
    /// What a run wrote last was read.
    Words(Run, Box<LastWords>),
    /// Nobody looks at what a run wrote last any more.
    ForgetWords(Run),
    /// A live object was read through a context.
    Object(Symbol, ObjectName, Box<LiveObject>),
    /// What the Argo CD of a source calls its clusters was read.
    Clusters(Symbol, Box<ClusterNames>),
    /// Nobody looks at a live object any more.
    ForgetObject(Symbol, ObjectName),
    /// Two states of an Application were compared.
    Comparison(AppKey, Versus, Arc<Comparison>),
    /// Nobody looks at that any more.
    ForgetComparison(AppKey, Versus),
}

/// A change of what is known of a namespace's objects of one kind.
#[derive(Clone, Debug, PartialEq)]
pub enum NamespaceDelta<T> {
    /// These are all there are.
    Replace(Vec<T>),
    /// One is there, or changed.
    Upsert(Box<T>),
    /// The one of this name is gone.
    Remove(Symbol),
    /// The state of the connection changed. [`Link::Off`]: nobody reads it any more, and what was read is forgotten.
    Link(Link),
}

/// A change of what is known of a namespace's pods.
pub type PodsDelta = NamespaceDelta<Pod>;
/// A change of what is known of a namespace's Events.
pub type EventsDelta = NamespaceDelta<Event>;
/// A change of what is known of a namespace's AppProjects.
pub type ProjectsDelta = NamespaceDelta<Project>;

/// Where a source puts its deltas. Never blocks: a lane that is full coalesces.
pub trait Sink: Send + Sync + 'static {
    /// Takes one change.
    fn push(&self, delta: Delta);
}
