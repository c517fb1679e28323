//! What runs over upgraded connections: exec and port-forward, as recorded and as kubectl uses them.

mod conformance;
mod forwards;
mod kubectl;
mod ports;
mod scene;
mod socket;
