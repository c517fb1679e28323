//! What runs the pods: the controllers, the scheduler and the kubelets of a cluster.
//!
//! ```text
//! behaviour, cache, hand, recorder < pod, revisions < deployment, replica_set, stateful_set, daemon_set, job, cron_job,
//!   endpoints, scheduler, kubelet < cluster
//! ```
//!
//! They react to whatever is in the store, whoever wrote it, and act on the world's clock: every write is noticed by a
//! `Cluster`, which puts the controllers it concerns on the agenda a few milliseconds later. Each controller
//! looks at its object as it was last seen and does the next thing, as in a real cluster; nobody follows a script. What
//! a container does (how long it is pulled, whether it crashes) is told by a [`Behaviour`].
//!
//! Add a controller as a file with one `sync` function, its kind in `cache` and its reaction in `cluster`.

mod behaviour;
mod cache;
mod cluster;
mod cron_job;
mod daemon_set;
mod deployment;
mod endpoints;
mod hand;
mod job;
mod kubelet;
mod pod;
mod recorder;
mod replica_set;
mod revisions;
mod scheduler;
mod stateful_set;
#[cfg(test)]
mod tests;

pub use behaviour::{Behaviour, Rule};
pub use cluster::Workloads;
pub use kubelet::restarting;
