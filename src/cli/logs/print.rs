//! Lines as people and programs read them.

use std::io::{self, Write};

use serde::Serialize;

use crate::cli::arguments::{LogOutput, Logs};
use crate::domain::text::{clean, without_colour};
use crate::domain::{AppRow, LogLine, LogState, Timestamp};

/// Where a stream's lines come from.
#[derive(Clone, Debug, Default)]
pub(super) struct Origin {
    pub pod: String,
    pub container: String,
}

impl Origin {
    pub(super) fn new(pod: &str, container: &str) -> Self {
        Self { pod: clean(pod).into_owned(), container: clean(container).into_owned() }
    }
}

/// Writes lines.
pub(super) struct Printer<W> {
    out: W,
    output: LogOutput,
    timestamps: bool,
    coloured: bool,
    source: String,
    namespace: String,
    app: String,
    /// Lines written.
    pub lines: u64,
}

/// A line as scripts read it. Keys are never omitted.
#[derive(Serialize)]
struct LineJson<'a> {
    source: &'a str,
    namespace: &'a str,
    app: &'a str,
    pod: &'a str,
    container: &'a str,
    restart: u32,
    time: Option<Timestamp>,
    line: &'a str,
}

impl<W: Write> Printer<W> {
    pub(super) fn new(out: W, logs: &Logs, row: &AppRow, coloured: bool) -> Self {
        Self {
            out,
            output: logs.output,
            timestamps: logs.timestamps,
            coloured,
            source: row.key.source.to_string(),
            namespace: row.destination.namespace.to_string(),
            app: row.key.name.to_string(),
            lines: 0,
        }
    }

    pub(super) fn line(&mut self, origin: &Origin, restart: u32, line: &LogLine) -> io::Result<()> {
        self.lines += 1;
        let plain;
        let text = if self.coloured {
            &*line.text
        } else {
            plain = without_colour(&line.text);
            &*plain
        };
        let Origin { pod, container } = origin;
        if self.output == LogOutput::Json {
            let (source, namespace, app) = (&self.source, &self.namespace, &self.app);
            let line = LineJson { source, namespace, app, pod, container, restart, time: line.at, line: text };
            serde_json::to_writer(&mut self.out, &line)?;
            return writeln!(self.out);
        }
        match line.at.filter(|_| self.timestamps) {
            Some(at) => writeln!(self.out, "{pod} {container} {at:.9} {text}"),
            None => writeln!(self.out, "{pod} {container} {text}"),
        }
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// What a state says to people; none when it is nothing to speak of.
pub(super) fn words(state: &LogState) -> Option<String> {
    Some(match state {
        LogState::Connecting | LogState::Following(0) => return None,
        LogState::Following(restart) => format!("started for the {}. time", u64::from(*restart) + 1),
        LogState::Ended(end) => match end.exit_code {
            Some(code) => format!("ended: exit {code} ({})", end.reason),
            None => format!("ended: {}", end.reason),
        },
        LogState::NotStarted(why) => format!("nothing to read: {why}"),
        LogState::Denied(why) => format!("denied: {why}"),
        LogState::Retrying { why, at } => format!("{why}; tried again at {}", at.strftime("%H:%M:%SZ")),
    })
}
