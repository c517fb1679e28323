//! The same requests as were made of a real Argo CD must give the same sequence of writes and Events.
//!
//! `tests/fixtures/argocd/conformance` holds what it wrote, one file a recording; [`recording`] reads and compares,
//! [`lab`] is a world in which time is stepped, with the world's own workloads, and [`git`] its repository. What was not
//! recorded is tested in [`options`] and [`going`].

mod git;
mod lab;
mod recording;

mod broken;
mod deploy;
mod going;
mod held;
mod options;
mod sets;
