//! The same requests as were made of a real Argo CD must give the same sequence of writes and Events.
//!
//! `tests/fixtures/argocd/conformance` holds what it wrote, one file a recording; [`recording`] reads and compares,
//! [`lab`] is a world in which time is stepped, [`git`] and [`stand_in`] are its repository and its workloads.

mod git;
mod lab;
mod recording;
mod stand_in;

mod broken;
mod deploy;
mod held;
mod sets;
