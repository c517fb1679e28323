//! Builders of Kubernetes objects as an API server would return them, one noun a file.
//!
//! Each takes plain values and the moments things happened, and gives a JSON value; nothing here writes to a store or
//! knows what time it is. Add a kind as a file of its own.

pub mod app;
pub mod application;
pub mod argocd;
pub mod crd;
mod definition;
pub mod event;
pub mod managed;
pub mod meta;
pub mod node;
pub mod plain;
pub mod settings;
pub mod workload;
