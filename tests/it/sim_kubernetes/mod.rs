//! The simulated API server, asked over real TLS: by a bare HTTP client, by kube-rs and by kubectl.

mod access;
mod applications;
mod charts;
pub(crate) mod client;
mod conformance;
mod faults;
mod going;
mod kube_client;
pub(crate) mod kubectl;
mod kubectl_cluster;
mod kubectl_pods;
mod kubectl_writes;
mod lists;
mod logs;
mod order;
mod subresources;
mod watches;
mod whole;
pub(crate) mod world;
mod writes;
