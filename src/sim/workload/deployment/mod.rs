//! The Deployment controller: one `ReplicaSet` a template, and the way from the old ones to the newest.

mod limits;
mod rollout;
mod sets;
mod status;

pub(super) use rollout::sync;
