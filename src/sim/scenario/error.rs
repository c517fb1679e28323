//! What is wrong with a scenario, where, and what was probably meant.

use std::ops::Range;

/// A scenario could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// No bundled scenario has this name.
    #[error("there is no scenario `{name}`{hint}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        hint: String,
    },
    /// The file could not be read.
    #[error("cannot read the scenario {file}: {source}")]
    Unreadable {
        /// Its path.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no text.
    #[error("{file}:{line}: this is no UTF-8 text; save the file as UTF-8")]
    NotText {
        /// Its path.
        file: String,
        /// Counted from 1.
        line: usize,
    },
    /// The text says something that cannot be.
    #[error("{file}:{line}: {reason}{hint}")]
    Invalid {
        /// The file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
        /// What to try, empty or starting with a separator.
        hint: String,
    },
}

/// What a check of the values found, before anybody knows which line that is.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) span: Range<usize>,
    pub(super) reason: String,
    pub(super) hint: String,
}

impl Wrong {
    /// A name that nothing has.
    pub(super) fn unknown<'a>(
        span: Range<usize>,
        what: &str,
        name: &str,
        there: impl Iterator<Item = &'a str>,
    ) -> Self {
        Self { span, reason: format!("there is no {what} `{name}`"), hint: nearest(name, there) }
    }

    pub(super) fn at(self, file: &str, text: &str) -> ScenarioError {
        ScenarioError::Invalid {
            file: file.to_owned(),
            line: line(text, self.span.start),
            reason: self.reason,
            hint: self.hint,
        }
    }
}

impl ScenarioError {
    pub(super) fn unknown_name<'a>(name: &str, there: impl Iterator<Item = &'a str> + Clone) -> Self {
        let all = there.clone().collect::<Vec<_>>().join(", ");
        let near = nearest(name, there);
        let hint = if near.is_empty() { format!("; there are: {all}, or give the path of a file") } else { near };
        Self::Unknown { name: name.to_owned(), hint }
    }

    pub(super) fn syntax(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        let line = error.span().map_or(1, |span| line(text, span.start));
        Self::Invalid { file: file.to_owned(), line, hint: expected(&message), reason: message }
    }
}

/// serde's "unknown field `a`, expected one of `b`, `c`" made into a hint.
fn expected(message: &str) -> String {
    let mut words = message.split('`').skip(1).step_by(2);
    let name = words.next().unwrap_or_default();
    match message.split_whitespace().next().unwrap_or_default() {
        "unknown" => {
            let near = nearest(name, words);
            if near.is_empty() { "; it may belong under another heading".to_owned() } else { near }
        }
        "missing" => format!("; add {name} = ..."),
        "duplicate" => "; keep one of the two".to_owned(),
        // what it says names what is wanted already
        "invalid" if message.contains("expected") => String::new(),
        _ => "; a line is key = value, texts stand in quotes, lists in [ ]".to_owned(),
    }
}

fn nearest<'a>(name: &str, there: impl Iterator<Item = &'a str>) -> String {
    let best = there.map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate)).min();
    match best {
        Some((distance, candidate)) if distance <= 1 + name.len() / 3 => format!("; did you mean `{candidate}`?"),
        _ => String::new(),
    }
}

fn line(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
