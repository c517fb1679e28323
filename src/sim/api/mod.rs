//! The Kubernetes API, answered from a store.

mod answer;

pub use answer::Api;
