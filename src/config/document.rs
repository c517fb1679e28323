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
        let document = Self { file, text, root };
        let errors = errors
            .iter()
            .map(|e| {
                let message = format!("{NOT_TOML}{}", e.message().lines().collect::<Vec<_>>().join(", "));
                document.error(&e.span().unwrap_or_default(), &message, Some(mend(e.message()).to_owned()))
            })
            .collect();
        (document, errors)
    }

    /// The values of the outermost table.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_, 't>> {
        entries(self, self.root.get_ref())
    }

    /// Something wrong at a place of the file.
    #[must_use]
    pub fn error(&self, span: &Range<usize>, message: &str, hint: Option<String>) -> ConfigError {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |n| n + 1);
        ConfigError {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.to_owned(),
            hint,
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
        self.document.error(&(self.key_span.0..self.key_span.1), "", None).line
    }

    /// Line and column of its value, each from 1.
    #[must_use]
    pub fn place(&self) -> (usize, usize) {
        let place = self.document.error(&self.value.span(), "", None);
        (place.line, place.column)
    }

    /// Something wrong with the key.
    #[must_use]
    pub fn wrong_key(&self, message: &str, hint: Option<String>) -> ConfigError {
        self.document.error(&(self.key_span.0..self.key_span.1), message, hint)
    }

    /// A key nobody knows, with the known one that was most likely meant.
    #[must_use]
    pub fn unknown<'k>(&self, what: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> ConfigError {
        let hint = match nearest(self.key, known.clone()) {
            Some(near) => near.to_owned(),
            None => format!("one of {}", known.into_iter().collect::<Vec<_>>().join(", ")),
        };
        self.wrong_key(&format!("there is no {what} `{}`", self.key), Some(hint))
    }

    /// Something wrong with the value.
    #[must_use]
    pub fn wrong(&self, message: &str, hint: Option<String>) -> ConfigError {
        self.document.error(&self.value.span(), message, hint)
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
        self.wrong(&message, Some(format!("{} = {example}", self.key)))
    }
}
