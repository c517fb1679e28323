//! The tokens of an action.

use super::parse::ParseError;

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// `.name`
    Field(String),
    /// `.`
    Dot,
    /// `$` or `$name`
    Variable(String),
    /// A function or a keyword.
    Word(String),
    /// Text in quotes, unquoted.
    Text(String),
    /// A number.
    Number(f64),
    /// `(`, `)`, `|` or `,`
    Sign(char),
    /// `:=` is true, `=` is false.
    Assign(bool),
}

/// A token, where it begins and ends in the template, and whether a space comes before it.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub kind: Kind,
    pub at: usize,
    pub end: usize,
    pub spaced: bool,
}

/// A template, cut where actions begin and end.
pub(super) enum Piece {
    /// Text between actions.
    Text(String),
    /// What is between `{{` and `}}`.
    Action(Vec<Token>, usize),
}

/// Cuts a template into text and actions; text beside `{{-` and `-}}` is trimmed.
pub(super) fn pieces(template: &str) -> Result<Vec<Piece>, ParseError> {
    let mut pieces = Vec::new();
    let (mut at, mut trims) = (0, false);
    loop {
        let open = template[at..].find("{{").map(|offset| at + offset);
        let mut text = &template[at..open.unwrap_or(template.len())];
        if trims {
            text = text.trim_start_matches(SPACE);
        }
        let Some(open) = open else {
            pieces.push(Piece::Text(text.to_owned()));
            return Ok(pieces);
        };
        let mut from = open + 2;
        if is_trim(&template[from..], true) {
            text = text.trim_end_matches(SPACE);
            from += 1;
        }
        pieces.push(Piece::Text(text.to_owned()));
        let inner = template[from..].trim_start_matches(SPACE);
        if inner.starts_with("/*") {
            let begin = template.len() - inner.len();
            let end = template[begin..].find("*/").ok_or_else(|| ParseError::at(template, open, "unclosed comment"))?;
            let after = begin + end + 2;
            let rest = template[after..].trim_start_matches(SPACE);
            let place = template.len() - rest.len();
            trims = rest.starts_with("-}}") && place > after;
            let close = if trims { "-}}" } else { "}}" };
            if !rest.starts_with(close) {
                return Err(ParseError::at(template, open, "comment ends before closing delimiter"));
            }
            at = place + close.len();
            continue;
        }
        let (tokens, end, trim) = action(template, from)?;
        pieces.push(Piece::Action(tokens, open));
        (at, trims) = (end, trim);
    }
}

const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// Whether a `-` here trims: it does only with a space between it and the action.
fn is_trim(rest: &str, opens: bool) -> bool {
    let mut letters = rest.chars();
    opens && letters.next() == Some('-') && letters.next().is_some_and(|letter| SPACE.contains(&letter))
}

/// The tokens of an action, where it ends, and whether what follows is trimmed.
fn action(template: &str, from: usize) -> Result<(Vec<Token>, usize, bool), ParseError> {
    let mut tokens: Vec<Token> = Vec::new();
    let (mut at, mut spaced) = (from, false);
    loop {
        let rest = &template[at..];
        let unclosed = || ParseError::at(template, at, "unclosed action");
        let Some(first) = rest.chars().next() else { return Err(unclosed()) };
        if rest.starts_with("}}") {
            return Ok((tokens, at + 2, false));
        }
        if spaced && rest.starts_with("-}}") {
            return Ok((tokens, at + 3, true));
        }
        if SPACE.contains(&first) {
            (at, spaced) = (at + 1, true);
            continue;
        }
        let word = |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        let (kind, length) = match first {
            '.' if rest[1..].starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                let length = word(&rest[1..]);
                (Kind::Field(rest[1..=length].to_owned()), length + 1)
            }
            '.' if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => (Kind::Dot, 1),
            '$' => {
                let length = word(&rest[1..]);
                (Kind::Variable(rest[..=length].to_owned()), length + 1)
            }
            '(' | ')' | '|' | ',' => (Kind::Sign(first), 1),
            ':' if rest[1..].starts_with('=') => (Kind::Assign(true), 2),
            '=' => (Kind::Assign(false), 1),
            '"' => quoted(rest).ok_or_else(|| ParseError::at(template, at, "unterminated quoted string"))?,
            '`' => {
                let end = rest[1..].find('`');
                let end = end.ok_or_else(|| ParseError::at(template, at, "unterminated raw quoted string"))?;
                (Kind::Text(rest[1..=end].to_owned()), end + 2)
            }
            _ if first.is_ascii_digit() || matches!(first, '+' | '-' | '.') => {
                let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.' | '_'));
                let text = &rest[..length.unwrap_or(rest.len())];
                let number = number(text);
                let bad = || ParseError::at(template, at, &format!("bad number syntax: {text:?}"));
                (Kind::Number(number.ok_or_else(bad)?), text.len())
            }
            _ if first.is_alphabetic() || first == '_' => {
                let length = word(rest);
                (Kind::Word(rest[..length].to_owned()), length)
            }
            other => {
                let words = format!("unexpected bad character U+{:04X} {other:?} in command", u32::from(other));
                return Err(ParseError::at(template, at, &words));
            }
        };
        tokens.push(Token { kind, at, end: at + length, spaced });
        (at, spaced) = (at + length, false);
    }
}

fn number(text: &str) -> Option<f64> {
    let hex = text.strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
    hex.map(f64::from).or_else(|| text.parse().ok())
}

/// Text in double quotes at the beginning, and how long it is written.
fn quoted(rest: &str) -> Option<(Kind, usize)> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((Kind::Text(text), at + 1)),
            '\n' => return None,
            '\\' => text.push(match letters.next()?.1 {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            }),
            other => text.push(other),
        }
    }
    None
}
