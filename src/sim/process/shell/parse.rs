//! From a line of text to commands.

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// A variable to be looked up; in quotes its value stays one word.
    Variable(String),
}

pub(super) type Word = Vec<Piece>;

/// Where a command's output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Redirect {
    /// `>&2`, `2>&1`: one of the two outputs into the other.
    Join { from: u8, into: u8 },
    /// `>/dev/null`; no other file can be written.
    File { from: u8, path: Word },
}

/// When a command runs, by how the one before it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Always,
    AfterSuccess,
    AfterFailure,
}

/// A simple command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Simple {
    pub when: When,
    pub words: Vec<Word>,
    pub redirects: Vec<Redirect>,
}

/// What a shell says of text it cannot read.
pub(super) type Complaint = String;

/// Reads a script.
pub(super) fn parse(text: &str) -> Result<Vec<Simple>, Complaint> {
    let mut chars = text.chars().peekable();
    let mut commands: Vec<Simple> = Vec::new();
    let mut now = Simple { when: When::Always, words: Vec::new(), redirects: Vec::new() };
    let mut word: Option<Word> = None;
    let unexpected = |what: &str| format!("syntax error: unexpected \"{what}\"");
    while let Some(next) = chars.next() {
        match next {
            ' ' | '\t' | '\r' => now.words.extend(word.take()),
            '#' if word.is_none() => while chars.next_if(|c| *c != '\n').is_some() {},
            ';' | '\n' | '&' | '|' => {
                now.words.extend(word.take());
                let doubled = matches!(next, '&' | '|') && chars.next_if_eq(&next).is_some();
                let when = match (next, doubled) {
                    (';' | '\n', _) => When::Always,
                    ('&', true) => When::AfterSuccess,
                    ('|', true) => When::AfterFailure,
                    _ => return Err(unexpected(&next.to_string())),
                };
                if now.words.is_empty() && now.redirects.is_empty() {
                    if next != '\n' {
                        return Err(unexpected(&next.to_string()));
                    }
                    continue;
                }
                commands.push(std::mem::replace(&mut now, Simple { when, words: Vec::new(), redirects: Vec::new() }));
            }
            '(' | ')' | '`' | '<' => return Err(unexpected(&next.to_string())),
            '>' => {
                let from = match word.take() {
                    None => 1,
                    Some(before) if before == [Piece::Text("1".to_owned())] => 1,
                    Some(before) if before == [Piece::Text("2".to_owned())] => 2,
                    Some(before) => {
                        now.words.push(before);
                        1
                    }
                };
                now.redirects.push(redirect(from, &mut chars)?);
            }
            _ => piece(next, &mut chars, word.get_or_insert_default())?,
        }
    }
    now.words.extend(word);
    if !now.words.is_empty() || !now.redirects.is_empty() {
        commands.push(now);
    }
    Ok(commands)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn redirect(from: u8, chars: &mut Chars<'_>) -> Result<Redirect, Complaint> {
    chars.next_if_eq(&'>');
    if chars.next_if_eq(&'&').is_some() {
        return match chars.next() {
            Some('1') => Ok(Redirect::Join { from, into: 1 }),
            Some('2') => Ok(Redirect::Join { from, into: 2 }),
            _ => Err("syntax error: bad fd number".to_owned()),
        };
    }
    while chars.next_if_eq(&' ').is_some() {}
    let mut path = Word::new();
    while let Some(next) = chars.next_if(|c| !matches!(c, ' ' | '\t' | ';' | '\n' | '&' | '|' | '>')) {
        piece(next, chars, &mut path)?;
    }
    if path.is_empty() { Err("syntax error: unexpected newline".to_owned()) } else { Ok(Redirect::File { from, path }) }
}

/// Adds what begins with `first` to a word: a quoted part, a variable, or one character.
fn piece(first: char, chars: &mut Chars<'_>, word: &mut Word) -> Result<(), Complaint> {
    match first {
        '\'' => {
            let mut text = String::new();
            loop {
                match chars.next() {
                    Some('\'') => break,
                    Some(inside) => text.push(inside),
                    None => return Err("syntax error: unterminated quoted string".to_owned()),
                }
            }
            word.push(Piece::Text(text));
        }
        '"' => {
            word.push(Piece::Text(String::new()));
            loop {
                match chars.next() {
                    Some('"') => break,
                    Some('$') => variable(chars, word),
                    Some('\\') if chars.peek().is_some_and(|c| matches!(c, '"' | '\\' | '$' | '`')) => {
                        push(word, chars.next().unwrap_or_default());
                    }
                    Some(inside) => push(word, inside),
                    None => return Err("syntax error: unterminated quoted string".to_owned()),
                }
            }
        }
        '\\' => push(word, chars.next().unwrap_or('\\')),
        '$' => variable(chars, word),
        other => push(word, other),
    }
    Ok(())
}

fn push(word: &mut Word, next: char) {
    if let Some(Piece::Text(text)) = word.last_mut() {
        text.push(next);
    } else {
        word.push(Piece::Text(next.to_string()));
    }
}

fn variable(chars: &mut Chars<'_>, word: &mut Word) {
    let mut name = String::new();
    if chars.next_if_eq(&'{').is_some() {
        while let Some(next) = chars.next().filter(|c| *c != '}') {
            name.push(next);
        }
    } else if let Some(special) = chars.next_if(|c| matches!(c, '?' | '$')) {
        name.push(special);
    } else {
        while let Some(next) = chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
            name.push(next);
        }
    }
    if name.is_empty() { push(word, '$') } else { word.push(Piece::Variable(name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        let show = |word: &Word| {
            let shown = word.iter().map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Variable(name) => format!("<{name}>"),
            });
            shown.collect::<String>()
        };
        parse(text).unwrap().iter().map(|c| c.words.iter().map(show).collect()).collect()
    }

    #[test]
    fn commands_are_taken_apart() {
        assert_eq!(words("echo a 'b c' \"d $X\"; ls"), [vec!["echo", "a", "b c", "d <X>"], vec!["ls"]]);
        assert_eq!(words("echo ${HOME}x$? # no"), [vec!["echo", "<HOME>x<?>"]]);
        assert_eq!(words("a && b || c\n\nd"), [["a"], ["b"], ["c"], ["d"]]);
        let one = parse("echo err >&2 2>/dev/null").unwrap().remove(0);
        assert_eq!(one.redirects[0], Redirect::Join { from: 1, into: 2 });
        assert_eq!(one.redirects[1], Redirect::File { from: 2, path: vec![Piece::Text("/dev/null".to_owned())] });
        assert_eq!(one.words.len(), 2);
        assert!(parse("a | b").is_err() && parse("'a").is_err() && parse("; a").is_err());
    }
}
