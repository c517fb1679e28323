//! What Argo CD keeps of an Application besides its object: its tree and its resources from all sides.

pub(in crate::sim) mod managed;
pub(in crate::sim) mod mask;
pub(in crate::sim) mod touched;
pub(in crate::sim) mod tree;
