//! Remote debugging: real debugpy behind a forward, and what `pilothouse debug` says and writes.

mod attach;
mod client;
mod probe;
mod process;
mod program;
