//! The lines on show, as text for a file.

use std::fmt::Write as _;

use super::place::Lines;
use crate::domain::Timestamp;
use crate::domain::text::clean;
use crate::store::logs::Kind;

/// A line each: time, pod, container, and the text as it came without its colours.
pub(super) fn text(lines: &Lines<'_>) -> String {
    let mut out = String::new();
    let mut next = lines.at_or_after(0);
    while let Some(number) = next {
        next = lines.at_or_after(number + 1);
        let Some(line) = lines.store.get(number) else { continue };
        let stream = line.stream.and_then(|id| lines.store.stream_of(id));
        let (pod, container) = stream.map_or(("-", "-"), |s| (s.pod.as_str(), s.container.as_str()));
        let marker = if line.kind == Kind::Marker { "--- " } else { "" };
        let text = if line.kind == Kind::Colored { clean(line.text) } else { line.text.into() };
        _ = writeln!(out, "{} {pod} {container} {marker}{text}", line.at);
    }
    out
}

/// A name for the file: what is shown, and when it was saved.
pub(super) fn name(app: &str, now: Timestamp) -> String {
    format!("{app}-{}.log", now.strftime("%Y%m%d-%H%M%S"))
}
