//! The tasks that read what the visible screen needs beyond the rows: started when a view asks, stopped a while after it
//! no longer does.
//!
//! ```text
//! reading: what is to be read for the interests of a view      work: what the task of a reading does
//! task: a reading that is under way                            under_way: which ones start, go on and stop
//! ```

mod reading;
mod task;
mod under_way;
mod work;

pub use reading::MOST;
pub(crate) use reading::are_hopeless;
pub use under_way::Interests;

#[cfg(test)]
mod tests;
