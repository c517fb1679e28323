//! What a line has to be to be shown, or to be found.

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};

use super::level::Level;
use super::segment::{Kind, Line};
use super::streams::StreamId;
use crate::domain::Timestamp;
use crate::domain::text::clean;

/// A compiled expression may take this much memory: far more than a hand types.
const LARGEST: usize = 1 << 20;

/// Words to look for, or an expression between slashes.
#[derive(Clone, Debug)]
pub struct Pattern {
    typed: String,
    regex: Regex,
    literal: bool,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.typed == other.typed
    }
}

impl Pattern {
    /// Reads what was typed: `/expression/`, else words that stand in the line as they are. Without a capital letter
    /// both kinds of letters match. Nothing typed is no pattern; the error says what is wrong with an expression.
    pub fn parse(typed: &str) -> Result<Option<Self>, String> {
        let expression = typed.strip_prefix('/').and_then(|t| t.strip_suffix('/')).filter(|e| !e.is_empty());
        if typed.is_empty() {
            return Ok(None);
        }
        let source = expression.map_or_else(|| Cow::Owned(regex::escape(typed)), Cow::Borrowed);
        let any_case = !typed.chars().any(char::is_uppercase);
        let built = RegexBuilder::new(&source).case_insensitive(any_case).size_limit(LARGEST).build();
        let regex = built.map_err(|error| {
            let why = error.to_string();
            let last = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("{typed} is no expression: {last}")
        })?;
        Ok(Some(Self { typed: typed.to_owned(), regex, literal: expression.is_none() }))
    }

    /// What was typed.
    #[must_use]
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// Where it stands in a text, as byte ranges.
    pub fn find_in<'t>(&'t self, text: &'t str) -> impl Iterator<Item = std::ops::Range<usize>> + 't {
        self.regex.find_iter(text).map(|m| m.range()).filter(|r| !r.is_empty())
    }

    fn is_in(&self, line: &Line<'_>) -> bool {
        match line.kind {
            Kind::Colored => self.regex.is_match(&clean(line.text)),
            Kind::Text | Kind::Marker => self.regex.is_match(line.text),
        }
    }

    /// The expression, where it can be looked for in many lines at once: it cannot reach over a line break.
    pub(super) fn across_lines(&self) -> Option<&Regex> {
        self.literal.then_some(&self.regex)
    }
}

/// What lines are narrowed to. The default lets every line pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Has to be in the line, or must not be where `inverse` is set.
    pub pattern: Option<Pattern>,
    /// The pattern must not be in the line.
    pub inverse: bool,
    /// This bad or worse.
    pub level: Option<Level>,
    /// Not older.
    pub since: Option<Timestamp>,
    /// Of this stream.
    pub stream: Option<StreamId>,
    /// Has to be in the line as well, and the line no marker: what is searched.
    pub search: Option<Pattern>,
}

impl Filter {
    /// Reads the words of a filter: `!` before them takes lines away instead of keeping them.
    pub fn parse_words(&mut self, typed: &str) -> Result<(), String> {
        let words = typed.strip_prefix('!');
        self.pattern = Pattern::parse(words.unwrap_or(typed))?;
        self.inverse = words.is_some();
        Ok(())
    }

    /// Whether every line passes.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a line passes. Markers of what is shown pass whatever they say.
    #[must_use]
    pub fn passes(&self, line: &Line<'_>) -> bool {
        self.passes_cheaply(line) && self.passes_patterns(line)
    }

    /// All but the patterns.
    pub(super) fn passes_cheaply(&self, line: &Line<'_>) -> bool {
        let marker = line.kind == Kind::Marker;
        if marker && self.search.is_some() {
            return false;
        }
        self.since.is_none_or(|since| line.at >= since)
            && self.level.is_none_or(|least| marker || line.level.reaches(least))
            && self.stream.is_none_or(|stream| line.stream == Some(stream) || (marker && line.stream.is_none()))
    }

    /// The patterns alone.
    pub(super) fn passes_patterns(&self, line: &Line<'_>) -> bool {
        if line.kind == Kind::Marker {
            return true;
        }
        self.pattern.as_ref().is_none_or(|p| p.is_in(line) != self.inverse)
            && self.search.as_ref().is_none_or(|p| p.is_in(line))
    }
}
