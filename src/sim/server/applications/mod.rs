//! The service of Applications, one file a call.

pub(super) mod delete;
pub(super) mod list;
pub(super) mod manifests;
pub(super) mod operation;
pub(super) mod read;
pub(super) mod revisions;
pub(super) mod rollback;
pub(super) mod sync;
pub(super) mod windows;
pub(super) mod write;
