//! A sync that is watched from its start and taken back when it goes wrong.
//!
//! ```text
//! Harbour (what is gone back to, decided before) -> watch (signs of failure) -> decide (by policy) -> back
//! ```
//!
//! A sync that waits for a sick Deployment never ends by itself, and a failing one holds the operation through its retries
//! (recorded, `bad-image`): so it is not waited for. On the first sign of failure auto-sync is switched off, the operation
//! is terminated and gone, the last good deployment is rolled back to, and that is watched too. Each step goes the road of
//! its own and stands in the audit log; the confirmation of the sync covers them.

mod back;
mod harbour;
mod sick;
mod watch;

pub use harbour::{Harbour, Watch};
pub use watch::{Said, Voyage, Watched, failing, watch};
