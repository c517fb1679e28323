//! What is wrong in a file, where, and what to write instead.

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
    pub hint: String,
    /// The last line that it is about: what else is wrong from its own line to this one follows from it.
    pub until: usize,
}

impl ConfigError {
    /// The error in one line, its file without the folders it lies in.
    #[must_use]
    pub fn brief(&self) -> String {
        let name = std::path::Path::new(&self.file).file_name().and_then(|name| name.to_str());
        let short = Self { file: name.unwrap_or(&self.file).to_owned(), ..self.clone() };
        short.to_string().replace("\n  try: ", "; try ")
    }

    /// What is wrong and where, without what to try.
    #[must_use]
    pub fn said(&self) -> String {
        match self.line {
            0 => format!("{}: {}", self.file, self.message),
            line => format!("{}:{line}: {}", self.file, self.message),
        }
    }

    /// Whether more than its line is in doubt: nothing is known of what else the file would have said.
    #[must_use]
    pub fn leaves_doubt(&self) -> bool {
        self.is_unread() || self.is_syntax() || self.until > self.line
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

    /// Takes out what follows from another error of a file with this text: what is said of lines that one is about, of a
    /// line that is no TOML, and of what stands below a heading that is there twice.
    pub(super) fn one_a_cause(text: &str, errors: &mut Vec<Self>) {
        errors.sort_by_key(|e| (e.line, !e.is_syntax(), std::cmp::Reverse(e.until)));
        let mut explained: Vec<(String, usize, usize)> = Vec::new();
        let mut causes = Vec::new();
        // headings that are there twice first: they explain what stands above them too
        for twice in [true, false] {
            for (n, error) in errors.iter().enumerate() {
                let ranges = twin_sections(text, error);
                let is_cause = if twice { ranges.len() > 1 } else { error.is_syntax() || error.until > error.line };
                if is_cause && !is_in(&explained, error) {
                    causes.push(n);
                    let ranges = if ranges.len() > 1 { ranges } else { vec![(error.line, error.until)] };
                    explained.extend(ranges.into_iter().map(|(from, to)| (error.file.clone(), from, to)));
                }
            }
        }
        let mut n = 0;
        errors.retain(|error| {
            n += 1;
            causes.contains(&(n - 1)) || !is_in(&explained, error)
        });
    }

    /// An error at a place, about its line alone.
    #[must_use]
    pub fn at(
        file: impl Into<String>,
        (line, column): (usize, usize),
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { file: file.into(), line, column, message: message.into(), hint: hint.into(), until: line }
    }

    /// An error about a whole file: there is none, or it cannot be read.
    #[must_use]
    pub fn whole(file: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::at(file, (0, 0), message, hint)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  try: {}", self.said(), self.hint)
    }
}

impl std::error::Error for ConfigError {}

fn is_in(ranges: &[(String, usize, usize)], error: &ConfigError) -> bool {
    ranges.iter().any(|(file, from, to)| *file == error.file && (*from..=*to).contains(&error.line))
}

/// First and last lines of the sections with the heading that an error is about, when it is of TOML.
fn twin_sections(text: &str, error: &ConfigError) -> Vec<(usize, usize)> {
    let heading = text.lines().nth(error.line.saturating_sub(1)).unwrap_or_default().trim();
    if !error.is_syntax() || !heading.starts_with('[') {
        return Vec::new();
    }
    let count = text.lines().count();
    let headings = text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with('['));
    let starts: Vec<(usize, &str)> = headings.map(|(n, line)| (n + 1, line.trim())).collect();
    let ends = starts.iter().skip(1).map(|(next, _)| next - 1).chain([count]);
    starts.iter().zip(ends).filter(|((_, line), _)| *line == heading).map(|((from, _), to)| (*from, to)).collect()
}

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
