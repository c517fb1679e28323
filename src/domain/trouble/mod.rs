//! The cockpit's own verdict beside Argo CD's health.
//!
//! ```text
//! verdict: its kinds, and which is worse      row: what an Application tells      pod: what its pods tell
//! ```

mod pod;
mod row;
mod verdict;

pub use pod::{culprit, of_pod};
pub use row::{awaits_auto_sync, held_by_window, of_row};
pub use verdict::{Trouble, TroubleKind, worse};
