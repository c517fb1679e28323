//! What is known, in memory: fed by deltas, read by views, synchronous.
//!
//! Views get rows by number and never iterate a table; what they list is an [`Index`] that is rebuilt only when
//! something it depends on has moved. Add a column in `field.rs`: it is at once shown, sortable and searchable.

pub mod apps;
pub mod census;
pub mod changes;
pub mod delta;
pub mod events;
pub mod field;
pub mod grid;
pub mod index;
pub mod interest;
mod live;
pub mod logs;
mod placed;
pub mod pods;
pub mod query;
mod slot;
mod source_state;
mod told;
mod why;
mod windows;

pub use apps::{Apps, RowId};
pub use census::{Census, EnvironmentCount};
pub use changes::{Change, Changes};
pub use delta::{Delta, EventsDelta, LiveDelta, NamespaceDelta, PodsDelta, ProjectsDelta, Sink};
pub use events::Events;
pub use field::{FIELDS, Field, FieldId};
pub use grid::Grid;
pub use index::{Index, Sort};
pub use interest::Interest;
pub use logs::LogStore;
pub use pods::{Place, Pods};
pub use query::Query;
pub use source_state::{ServedBy, SourceState};
