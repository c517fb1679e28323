//! Log lines in memory: a ring of segments, the streams they come from, which of them pass a filter.
//!
//! Lines are numbered for good in the order they are shown. They are put into order by their timestamps while they
//! wait for `pending::HOLD`, then appended; a line that comes later than that stands where it came in. What the
//! ring has no room for is dropped from its old end, a segment at a time, and counted.

mod excerpt;
mod hits;
#[cfg(test)]
mod laws;
mod level;
mod matcher;
mod pending;
mod query;
mod readable;
mod ring;
mod segment;
mod streams;

pub use excerpt::{Excerpt, Reader};
pub use hits::{Hits, STEP};
pub use level::Level;
pub use matcher::{Filter, Pattern};
pub use query::LogQuery;
pub use readable::readable;
pub use ring::{Limits, LogStore};
pub use segment::{Kind, Line};
pub use streams::{Stream, StreamId, StreamState};
