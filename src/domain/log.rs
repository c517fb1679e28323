//! Lines that containers print, and what is known of the streams they come on.

use std::sync::Arc;

use super::Timestamp;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When the node took it in; none when the server gave no time.
    pub at: Option<Timestamp>,
    /// Its text: one line, no terminal controls but colours (`ESC [ … m`).
    pub text: Box<str>,
}

/// Names one stream of lines among those that share a lane. Whoever opens streams numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LogStreamId(pub u32);

/// Lines that came together, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogChunk {
    /// Where they came from.
    pub stream: LogStreamId,
    /// How often the container had been restarted before it printed them.
    pub restart: u32,
    /// The lines; never empty.
    pub lines: Vec<LogLine>,
}

/// How a run of a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEnd {
    /// Its exit code, when it is known.
    pub exit_code: Option<i32>,
    /// `Completed`, `Error`, `OOMKilled`, …; `Deleted` when the pod is gone. Cleaned.
    pub reason: Box<str>,
    /// When, as far as the node has told.
    pub at: Option<Timestamp>,
    /// It is not started again.
    pub is_final: bool,
}

/// The state of a stream of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogState {
    /// The server is asked.
    Connecting,
    /// Lines come as they are printed; how often the container had been restarted.
    Following(u32),
    /// The container ended; it is waited for when it may start again.
    Ended(LogEnd),
    /// There is nothing to read, in the server's words; it is asked again while following.
    NotStarted(Box<str>),
    /// We may not read it, in the server's words; it is asked again while following.
    Denied(Box<str>),
    /// The connection failed: why, and when it is tried again. Nothing is lost by it.
    Retrying {
        /// What went wrong.
        why: Box<str>,
        /// The next attempt.
        at: Timestamp,
    },
}

/// What a stream tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogNews {
    /// Lines.
    Lines(LogChunk),
    /// Another state. The last one told stays true when the stream is over.
    State(LogStreamId, LogState),
}

/// Which log is read, and how much of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogRequest {
    /// The stream's name in what it tells.
    pub stream: LogStreamId,
    /// The pod's namespace.
    pub namespace: Arc<str>,
    /// The pod.
    pub pod: Arc<str>,
    /// The pod's uid, when a successor of the same name is not meant; any pod of that name when none.
    pub uid: Option<Arc<str>>,
    /// The container, init containers included.
    pub container: Arc<str>,
    /// The run before the present one; never followed.
    pub previous: bool,
    /// Nothing printed before this moment.
    pub since: Option<Timestamp>,
    /// At most so many lines of what is there already.
    pub tail: Option<u32>,
    /// Go on with what is printed later, over restarts of the container, until its pod is gone.
    pub follow: bool,
}
