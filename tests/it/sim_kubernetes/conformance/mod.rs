//! The world answers as a recorded API server did: each test holds one recording's facts against it.

mod access;
mod discovery;
mod lists;
mod recording;
mod tables;
mod watches;
mod words;

pub(super) use recording::{ask, facts, keys, same};
