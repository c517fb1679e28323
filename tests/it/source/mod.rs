//! The kube source against the simulated world, over real TLS with the real client.

mod credentials;
mod harness;
mod links;
mod lists;
mod proxies;
