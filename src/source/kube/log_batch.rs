//! Lines of a log that go to the cockpit together.

use super::lines::Line;
use super::log_line::{self, Read, Seen};
use crate::domain::{LogLine, Timestamp};

/// Lines that go together.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) lines: Vec<LogLine>,
    pub(super) bytes: usize,
    /// When they have waited long enough.
    pub(super) due: Option<Timestamp>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Takes in what is new; the node's words when it has removed the log.
    pub(super) fn take(&mut self, line: Line<'_>, seen: &mut Seen) -> Option<String> {
        match log_line::read(line) {
            Read::Removed(words) => return Some(words),
            Read::Line(line) => {
                if seen.admit(line.at) {
                    self.bytes += line.text.len() + 48;
                    self.lines.push(line);
                }
            }
        }
        None
    }
}
