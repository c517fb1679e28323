//! The same requests as were made of a real Argo CD must give the same sequence of writes and Events.
//!
//! `tests/fixtures/argocd/conformance` holds what it wrote, one file a recording; [`recording`] reads and compares,
//! [`lab`] is a world in which time is stepped, [`git`] its repository. Its workloads are the world's own; a [`stand_in`] takes
//! their place where a recording is slower than they are. What was not recorded is tested in [`options`] and [`going`].

mod git;
mod lab;
mod recording;
mod stand_in;

mod broken;
mod deploy;
mod going;
mod held;
mod options;
mod sets;
