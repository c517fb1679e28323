//! What controllers and kubelets do, as clients see it: the same requests bring about the same states and Events as on
//! a real Kubernetes.

mod conformance;
mod recorder;
mod told;
