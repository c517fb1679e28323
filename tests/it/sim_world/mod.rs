//! The simulated world as its clients see it: over HTTPS, through its kubeconfig and its control endpoint.

mod client;
mod demo;
mod deploy_order;
mod filled;
mod scenario;
mod steered;
