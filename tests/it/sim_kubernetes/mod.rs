//! The simulated API server, asked over real TLS: by a bare HTTP client and by kubectl.

mod access;
mod client;
mod conformance;
mod faults;
mod kubectl;
mod lists;
mod watches;
mod world;
