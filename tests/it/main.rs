//! Every integration test in one program, so that linking happens once.

mod clock;
mod sim_kubernetes;
mod sim_world;
mod source;
