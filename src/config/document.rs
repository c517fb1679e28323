//! A TOML file whose every value knows its line.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, NOT_TOML, nearest};

/// A table of a file, with the means to say what is wrong in it.
pub struct Document<'t> {
    file: &'t str,
    text: &'t str,
    root: Spanned<DeTable<'t>>,
    /// Lines of it are no TOML: what they were to say is not known.
    torn: bool,
}

/// A value and where it stands.
#[derive(Clone, Copy)]
pub struct Entry<'d, 't> {
    /// The document it is part of.
    pub document: &'d Document<'t>,
    /// The key it stands under; empty in a list.
    pub key: &'d str,
    /// Where the key stands.
    pub key_span: (usize, usize),
    value: &'d Spanned<DeValue<'t>>,
}

impl<'t> Document<'t> {
    /// Reads what can be read of a file; what cannot is said and left out.
    #[must_use]
    pub fn parse(file: &'t str, text: &'t str) -> (Self, Vec<ConfigError>) {
        let (root, errors) = DeTable::parse_recoverable(text);
        // a heading that is there twice has taken lines from what it stands in
        let is_heading = |error: &toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            before.rsplit('\n').next().is_some_and(|line| line.trim_start().starts_with('['))
        };
        let tears = |error: &toml::de::Error| !error.message().starts_with("duplicate key") || is_heading(error);
        let torn = errors.iter().any(tears);
        let document = Self { file, text, root, torn };
        let errors = errors
            .iter()
            .map(|e| {
                let message = format!("{NOT_TOML}{}", e.message().lines().collect::<Vec<_>>().join(", "));
                let mut error = document.error(&e.span().unwrap_or_default(), &message, mend(e.message()));
                error.until = document.last_of(error.line);
                error
            })
            .collect();
        (document, errors)
    }

    /// The values of the outermost table.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_, 't>> {
        entries(self, self.root.get_ref())
    }

    /// Whether lines of it are no TOML: what they were to say is not known.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.torn
    }

    /// Something wrong at a place of the file.
    #[must_use]
    pub fn error(&self, span: &Range<usize>, message: &str, hint: impl Into<String>) -> ConfigError {
        ConfigError::at(self.file, self.place(span.start), message, hint)
    }

    /// Line and column of a byte, each from 1.
    fn place(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |n| n + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The last line that something wrong in a line makes wrong too: that of a heading takes all below it along.
    fn last_of(&self, line: usize) -> usize {
        let is_heading = |text: &str| text.trim_start().starts_with('[');
        let mut below = self.text.lines().enumerate().skip(line.saturating_sub(1)).map(|(n, text)| (n + 1, text));
        match below.next() {
            Some((_, text)) if is_heading(text) => {
                below.take_while(|(_, text)| !is_heading(text)).last().map_or(line, |(last, _)| last)
            }
            _ => line,
        }
    }
}

/// What mends text that is no TOML.
fn mend(message: &str) -> &'static str {
    if message.starts_with("duplicate key") {
        "keep one of the two"
    } else {
        "a line is key = value, texts stand in quotes, lists in [ ]"
    }
}

/// The values of a table in the order of the file, so that "first" means what a person sees first.
fn entries<'d, 't>(
    document: &'d Document<'t>,
    table: &'d DeTable<'t>,
) -> impl Iterator<Item = Entry<'d, 't>> + use<'d, 't> {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| {
            let key_span = (key.span().start, key.span().end);
            Entry { document, key: key.get_ref().as_ref(), key_span, value }
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_span);
    entries.into_iter()
}

impl<'d, 't> Entry<'d, 't> {
    /// The line its key stands on, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.document.place(self.key_span.0).0
    }

    /// Line and column of its value, each from 1.
    #[must_use]
    pub fn place(&self) -> (usize, usize) {
        self.document.place(self.value.span().start)
    }

    /// Something wrong with the key.
    #[must_use]
    pub fn wrong_key(&self, message: &str, hint: impl Into<String>) -> ConfigError {
        self.document.error(&(self.key_span.0..self.key_span.1), message, hint)
    }

    /// A key nobody knows, with the known one that was most likely meant.
    #[must_use]
    pub fn unknown<'k>(&self, what: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> ConfigError {
        let hint = match nearest(self.key, known.clone()) {
            Some(near) => near.to_owned(),
            None => format!("one of {}", known.into_iter().collect::<Vec<_>>().join(", ")),
        };
        self.wrong_key(&format!("there is no {what} `{}`", self.key), hint)
    }

    /// Something wrong with the value.
    #[must_use]
    pub fn wrong(&self, message: &str, hint: impl Into<String>) -> ConfigError {
        self.document.error(&self.value.span(), message, hint)
    }

    /// Nothing, because something is missing from this table. That is an error, unless a line of it is known to be wrong
    /// or the file is torn: then what is missing may have stood there.
    pub fn incomplete<T>(&self, known: bool, message: &str, hint: impl Into<String>) -> Result<Option<T>, ConfigError> {
        if known || self.document.torn { Ok(None) } else { Err(self.wrong(message, hint)) }
    }

    /// The value as text.
    pub fn text(&self) -> Result<&'d str, ConfigError> {
        self.value.get_ref().as_str().ok_or_else(|| self.mistyped("a text in quotes", "\"...\""))
    }

    /// The value as yes or no.
    pub fn flag(&self) -> Result<bool, ConfigError> {
        self.value.get_ref().as_bool().ok_or_else(|| self.mistyped("true or false", "true"))
    }

    /// Whether the value is `false`, by which entries of defaults are taken away.
    #[must_use]
    pub fn is_false(&self) -> bool {
        self.value.get_ref().as_bool() == Some(false)
    }

    /// The value as a whole number within a range.
    pub fn number(&self, range: std::ops::RangeInclusive<u64>) -> Result<u64, ConfigError> {
        let number = self.value.get_ref().as_integer().and_then(|n| u64::from_str_radix(n.as_str(), n.radix()).ok());
        number.filter(|n| range.contains(n)).ok_or_else(|| {
            let wanted = format!("a whole number from {} to {}", range.start(), range.end());
            self.mistyped(&wanted, &range.start().to_string())
        })
    }

    /// The values of a table.
    pub fn table(&self) -> Result<impl Iterator<Item = Entry<'d, 't>> + use<'d, 't>, ConfigError> {
        let table = self.value.get_ref().as_table().ok_or_else(|| self.mistyped("a table", "{ ... }"))?;
        Ok(entries(self.document, table))
    }

    /// Whether the value is a table.
    #[must_use]
    pub fn is_table(&self) -> bool {
        self.value.get_ref().is_table()
    }

    /// The values of a list, each under this entry's key.
    pub fn list(&self) -> Result<impl Iterator<Item = Entry<'d, 't>> + use<'d, 't>, ConfigError> {
        let list = self.value.get_ref().as_array().ok_or_else(|| self.mistyped("a list in brackets", "[ ... ]"))?;
        let Self { document, key, key_span, .. } = *self;
        Ok(list.iter().map(move |value| Entry { document, key, key_span, value }))
    }

    fn mistyped(&self, wanted: &str, example: &str) -> ConfigError {
        let found = self.value.get_ref().type_str();
        let message = format!("`{}` takes {wanted}; this is of type {found}", self.key);
        let is_bare = self.key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        let key = if is_bare { self.key.to_owned() } else { format!("\"{}\"", self.key) };
        self.wrong(&message, format!("{key} = {example}"))
    }
}
