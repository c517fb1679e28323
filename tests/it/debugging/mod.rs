//! Remote debugging: real debugpy behind a forward, and what `pilothouse debug` says and writes.

mod attach;
mod client;
mod process;
mod program;
