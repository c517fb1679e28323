//! Words of a query.

use super::QueryError;

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A metric, label, function or keyword.
    Name(String),
    /// A number.
    Number(f64),
    /// A quoted text.
    Text(String),
    /// A duration in milliseconds.
    Duration(i64),
    /// An operator or a bracket.
    Sign(&'static str),
}

/// Longer ones first.
const SIGNS: [&str; 22] = [
    "=~", "!~", "==", "!=", ">=", "<=", "=", ">", "<", "+", "-", "*", "/", "%", "^", "(", ")", "{", "}", "[", "]", ",",
];

/// The words with where each begins, from 1 on.
pub fn lex(query: &str) -> Result<Vec<(usize, Token)>, QueryError> {
    let mut all = Vec::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let at = query.len() - rest.len() + 1;
        if first.is_whitespace() {
            rest = &rest[first.len_utf8()..];
            continue;
        }
        if first == '#' {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
            continue;
        }
        let (token, length) = if first == '"' || first == '\'' {
            quoted(rest, first).ok_or_else(|| QueryError { at, reason: "unterminated quoted string".to_owned() })?
        } else if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|next: char| next.is_ascii_digit()))
        {
            number(rest).ok_or_else(|| {
                let word = rest.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default();
                QueryError { at, reason: format!("bad number or duration syntax: {word:?}") }
            })?
        } else if first.is_ascii_alphabetic() || first == '_' || first == ':' {
            let inside = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == ':';
            let end = rest.find(|letter| !inside(letter)).unwrap_or(rest.len());
            (Token::Name(rest[..end].to_owned()), end)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Token::Sign(sign), sign.len())
        } else {
            return Err(QueryError { at, reason: format!("unexpected character: {first:?}") });
        };
        all.push((at, token));
        rest = &rest[length..];
    }
    Ok(all)
}

fn quoted(text: &str, quote: char) -> Option<(Token, usize)> {
    let mut out = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            letter if letter == quote => return Some((Token::Text(out), at + 1)),
            '\\' => match letters.next()?.1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                other => out.push(other),
            },
            letter => out.push(letter),
        }
    }
    None
}

/// A number, or a duration such as `1h30m`.
fn number(text: &str) -> Option<(Token, usize)> {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.').unwrap_or(text.len());
    let word = &text[..end];
    if let Some(millis) = duration(word) {
        return Some((Token::Duration(millis), end));
    }
    // 1e-3 has a sign inside
    let signed = word.ends_with(['e', 'E']) && text[end..].starts_with(['+', '-']);
    let more = if signed {
        1 + text[end + 1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - end - 1)
    } else {
        0
    };
    text[..end + more].parse().ok().map(|number| (Token::Number(number), end + more))
}

/// Milliseconds of `5m`, `1h30m`, `250ms`; none when it is something else.
pub fn duration(word: &str) -> Option<i64> {
    let (mut rest, mut millis) = (word, 0);
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).filter(|end| *end > 0)?;
        let count: i64 = rest[..end].parse().ok()?;
        let unit = rest[end..].find(|letter: char| letter.is_ascii_digit()).map_or(rest.len(), |more| end + more);
        let of = match &rest[end..unit] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            "y" => 31_536_000_000,
            _ => return None,
        };
        millis = count.checked_mul(of)?.checked_add(millis)?;
        rest = &rest[unit..];
    }
    (!word.is_empty()).then_some(millis)
}
