//! A line as it is shown: its text, and the looks of the parts that brought their own.

use std::borrow::Cow;
use std::ops::Range;

use ratatui::style::Style;

use crate::store::logs::{Kind, Level, Line, readable};
use crate::widget::{sgr, wrap};

/// Bytes of a line that are shown: a few screens full. The rest is kept, found and saved.
const SHOWN: usize = 32 << 10;

/// A line as it is shown.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub text: String,
    pub looks: Vec<(Range<usize>, Style)>,
}

impl Shape {
    /// The shape of a line; `raw` shows it as it came.
    pub fn of(line: &Line<'_>, raw: bool) -> Self {
        let text = head(line.text);
        match line.kind {
            Kind::Colored => {
                let (text, looks) = sgr::runs(&text);
                Self { text, looks }
            }
            Kind::Marker => Self { text: text.into_owned(), looks: Vec::new() },
            Kind::Text if raw => Self { text: text.into_owned(), looks: Vec::new() },
            Kind::Text => {
                let text = readable(&text).map_or_else(|| without_level(text, line.level), Cow::Owned);
                Self { text: text.into_owned(), looks: Vec::new() }
            }
        }
    }

    /// Rows it takes where `cells` cells are wide; `None` does not wrap.
    pub fn rows(&self, cells: Option<usize>) -> usize {
        cells.map_or(1, |cells| wrap::count(&self.text, cells))
    }
}

fn head(text: &str) -> Cow<'_, str> {
    if text.len() <= SHOWN {
        return Cow::Borrowed(text);
    }
    let kept = text.floor_char_boundary(SHOWN);
    Cow::Owned(format!("{} [{} more bytes]", &text[..kept], text.len() - kept))
}

/// The level has a column of its own: a line that begins with it begins behind it.
fn without_level(text: Cow<'_, str>, level: Level) -> Cow<'_, str> {
    let word = level.word();
    let Some(rest) = text.strip_prefix(word).filter(|_| !word.is_empty()) else { return text };
    let trimmed = rest.strip_prefix("ING").unwrap_or(rest).trim_start_matches([':', ' ']);
    if trimmed.is_empty() || trimmed.len() == rest.len() { text } else { Cow::Owned(trimmed.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    fn shape(kind: Kind, text: &str, raw: bool) -> String {
        let (at, level) = (Timestamp::UNIX_EPOCH, Level::of(text));
        Shape::of(&Line { number: 0, at, stream: None, level, kind, text }, raw).text
    }

    #[test]
    fn what_stands_in_a_column_is_not_said_twice() {
        assert_eq!(shape(Kind::Text, "INFO:     10.88.0.1 \"GET /\" 200", false), "10.88.0.1 \"GET /\" 200");
        assert_eq!(shape(Kind::Text, "WARNING: disk", false), "disk");
        assert_eq!(shape(Kind::Text, "INFO:     on", true), "INFO:     on");
        assert_eq!(shape(Kind::Text, "INFORMATION", false), "INFORMATION");
        assert_eq!(shape(Kind::Text, "{\"level\":\"info\",\"msg\":\"up\"}", false), "up");
        assert_eq!(shape(Kind::Colored, "\u{1b}[32mok\u{1b}[0m", true), "ok");
        assert!(shape(Kind::Text, &"x".repeat(1 << 20), false).len() < SHOWN + 40);
    }
}
