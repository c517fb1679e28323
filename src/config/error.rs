//! What is wrong in a file, where, and what to write instead.

use std::collections::BTreeSet;
use std::fmt;

/// How errors of the format begin.
pub(super) const NOT_TOML: &str = "not TOML: ";

/// What is said of a file that is not even text.
pub(super) const NOT_TEXT: &str = "not TOML: this is no UTF-8 text";

/// One thing that is wrong in a file of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file as the person knows it: a path, or the name of a bundled file.
    pub file: String,
    /// Line, from 1; 0 where the whole file is meant.
    pub line: usize,
    /// Column in characters, from 1; 0 where the whole file is meant.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to try.
    pub hint: Option<String>,
}

impl ConfigError {
    /// The error in one line, its file without the folders it lies in.
    #[must_use]
    pub fn brief(&self) -> String {
        let name = std::path::Path::new(&self.file).file_name().and_then(|name| name.to_str());
        let short = Self { file: name.unwrap_or(&self.file).to_owned(), ..self.clone() };
        short.to_string().replace("\n  try: ", "; try ")
    }

    /// Whether the text is no TOML there: what else stood beside it is not known.
    #[must_use]
    pub fn is_syntax(&self) -> bool {
        self.message.starts_with(NOT_TOML)
    }

    /// Whether nothing is known of what stands in the file.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.line == 0 || self.message == NOT_TEXT
    }

    /// Leaves of several errors on a line that is no TOML the first that says so: the others follow from it.
    pub(super) fn one_a_torn_line(errors: &mut Vec<Self>) {
        let place = |e: &Self| (e.file.clone(), e.line);
        let torn: BTreeSet<(String, usize)> = errors.iter().filter(|e| e.is_syntax()).map(place).collect();
        let mut said = BTreeSet::new();
        errors.retain(|e| !torn.contains(&place(e)) || (e.is_syntax() && said.insert(place(e))));
    }

    /// An error about a whole file: there is none, or it cannot be read.
    #[must_use]
    pub fn whole(file: impl Into<String>, message: impl Into<String>, hint: Option<String>) -> Self {
        Self { file: file.into(), line: 0, column: 0, message: message.into(), hint }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message)?,
            line => write!(f, "{}:{line}: {}", self.file, self.message)?,
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  try: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// The name among `known` that was most likely meant, if any is near enough.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // one letter in three may be wrong: beyond that another word was meant
    let far = word.chars().count().div_ceil(3);
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(&word.to_lowercase(), &k.to_lowercase()), k))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, k)| k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_meant() {
        assert_eq!(nearest("app.opne", ["app.open", "view.help"]), Some("app.open"));
        assert_eq!(nearest("drak", ["dark", "light"]), Some("dark"));
        assert_eq!(nearest("xyzzy", ["dark", "light"]), None);
        assert_eq!(nearest("app.snyc", ["app.open", "app.sync", "app.stop"]), Some("app.sync"));
        assert_eq!(
            nearest("app.snyc", ["app.open", "view.help"]),
            None,
            "a guess that leads elsewhere is worse than none"
        );
    }
}
