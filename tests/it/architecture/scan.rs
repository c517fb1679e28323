//! Just enough of Rust's grammar to find every path that names a part of this crate: comments, strings and characters
//! are skipped, `use` trees are spread out, `self` and `super` are resolved, also inside inline modules.

/// A path of the code to a part of the crate, from the crate's root.
#[derive(Debug, PartialEq, Eq)]
pub struct Reference {
    /// The line it stands on, counted from one.
    pub line: usize,
    /// Its first segments: a folder of `src/`, and what follows.
    pub path: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Separator,
    Open,
    Close,
    Comma,
    Other,
}

/// Every reference in `text`, which is the file of the module `module`; `crate_name` also names the root.
pub fn references(text: &str, module: &[&str], crate_name: &str) -> Vec<Reference> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    // the inline modules that are open, each with the depth of braces outside of it
    let (mut inline, mut depth) = (Vec::<(String, usize)>::new(), 0_usize);
    let mut at = 0;
    while let Some((token, line)) = tokens.get(at) {
        match token {
            Token::Open => depth += 1,
            Token::Close => {
                depth = depth.saturating_sub(1);
                while inline.last().is_some_and(|(_, outside)| *outside == depth) {
                    inline.pop();
                }
            }
            Token::Word(word) if word == "mod" => {
                if let (Some(Token::Word(name)), Some(Token::Open)) = (kind(&tokens, at + 1), kind(&tokens, at + 2)) {
                    inline.push((name.clone(), depth));
                    depth += 1;
                    at += 2;
                }
            }
            Token::Word(word) if kind(&tokens, at + 1) == Some(&Token::Separator) && starts_path(&tokens, at) => {
                let here = module.iter().map(ToString::to_string).chain(inline.iter().map(|(name, _)| name.clone()));
                let begin = match word.as_str() {
                    "crate" => Some((Vec::new(), at + 2)),
                    "self" | "super" => Some((here.collect(), at)),
                    word if word == crate_name => Some((Vec::new(), at + 2)),
                    _ => None,
                };
                if let Some((root, tree)) = begin {
                    at = spread(&tokens, tree, root, &mut |path| found.push(Reference { line: *line, path }));
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Every word of `text` outside comments and strings that is followed by what `after` spells, with its line.
pub fn uses_of(text: &str, path: &[&str]) -> Vec<usize> {
    let tokens = tokens(text);
    let wanted: Vec<Token> = path
        .iter()
        .enumerate()
        .flat_map(|(n, word)| (n > 0).then_some(Token::Separator).into_iter().chain([Token::Word((*word).to_owned())]))
        .collect();
    tokens
        .windows(wanted.len())
        .filter(|window| window.iter().map(|(token, _)| token).eq(&wanted))
        .map(|window| window[0].1)
        .collect()
}

fn kind(tokens: &[(Token, usize)], at: usize) -> Option<&Token> {
    tokens.get(at).map(|(token, _)| token)
}

/// Whether the word at `at` is the first of its path.
fn starts_path(tokens: &[(Token, usize)], at: usize) -> bool {
    at == 0 || kind(tokens, at - 1) != Some(&Token::Separator)
}

/// Hands out the path of every branch of the tree at `at`, which continues `path`; returns where it ends.
fn spread(
    tokens: &[(Token, usize)],
    mut at: usize,
    mut path: Vec<String>,
    found: &mut impl FnMut(Vec<String>),
) -> usize {
    loop {
        match kind(tokens, at) {
            Some(Token::Word(word)) => {
                match word.as_str() {
                    "self" => {}
                    "super" => drop(path.pop()),
                    _ => path.push(word.clone()),
                }
                at += 1;
                if kind(tokens, at) != Some(&Token::Separator) {
                    found(path);
                    return at;
                }
                at += 1;
            }
            Some(Token::Open) => {
                at += 1;
                while !matches!(kind(tokens, at), Some(Token::Close) | None) {
                    if kind(tokens, at) == Some(&Token::Comma) {
                        at += 1;
                        continue;
                    }
                    at = spread(tokens, at, path.clone(), found);
                    // what stands behind a branch: `as name`
                    while !matches!(kind(tokens, at), Some(Token::Comma | Token::Close) | None) {
                        at += 1;
                    }
                }
                return at + 1;
            }
            // a glob, or `path::<T>`
            _ => {
                found(path);
                return at + 1;
            }
        }
    }
}

fn tokens(text: &str) -> Vec<(Token, usize)> {
    let chars: Vec<char> = text.chars().collect();
    let (mut tokens, mut at, mut line) = (Vec::new(), 0, 1);
    let starts = |at: usize, what: &str| what.chars().enumerate().all(|(n, c)| chars.get(at + n) == Some(&c));
    while let Some(&c) = chars.get(at) {
        let begin = at;
        if starts(at, "//") {
            at = end_of(&chars, at, |at| chars.get(at) == Some(&'\n'));
        } else if starts(at, "/*") {
            let mut open = 0;
            at = end_of(&chars, at, |at| {
                if at >= begin + 2 && starts(at - 2, "*/") && !starts(at - 3, "/*/") {
                    open -= 1;
                }
                if starts(at, "/*") {
                    open += 1;
                }
                at > begin && open == 0
            });
        } else if let Some(hashes) = raw_string(&chars, at) {
            let close = format!("\"{}", "#".repeat(hashes));
            let text_begins = end_of(&chars, at, |at| chars[at] == '"') + 1;
            at = end_of(&chars, text_begins, |at| starts(at, &close)) + close.len();
        } else if c == '"' {
            at = quoted(&chars, at, '"');
        } else if c == '\'' && (chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'')) {
            at = quoted(&chars, at, '\'');
        } else if c.is_alphabetic() || c == '_' {
            at = end_of(&chars, at, |at| !(chars[at].is_alphanumeric() || chars[at] == '_'));
            tokens.push((Token::Word(chars[begin..at].iter().collect()), line));
        } else {
            let token = match c {
                ':' if starts(at, "::") => Some(Token::Separator),
                '{' => Some(Token::Open),
                '}' => Some(Token::Close),
                ',' => Some(Token::Comma),
                c if c.is_whitespace() => None,
                _ => Some(Token::Other),
            };
            at += if token == Some(Token::Separator) { 2 } else { 1 };
            tokens.extend(token.map(|token| (token, line)));
        }
        line += chars[begin..at.min(chars.len())].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

fn end_of(chars: &[char], from: usize, mut ends: impl FnMut(usize) -> bool) -> usize {
    (from..chars.len()).find(|at| ends(*at)).unwrap_or(chars.len())
}

/// The number of `#` when a raw string begins at `at`.
fn raw_string(chars: &[char], at: usize) -> Option<usize> {
    let word_before = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    let prefix = match chars.get(at)? {
        'r' => 1,
        'b' | 'c' if chars.get(at + 1) == Some(&'r') => 2,
        _ => return None,
    };
    let hashes = chars[at + prefix..].iter().take_while(|c| **c == '#').count();
    (!word_before && chars.get(at + prefix + hashes) == Some(&'"')).then_some(hashes)
}

/// Where the string or character that opens at `at` has ended.
fn quoted(chars: &[char], at: usize, quote: char) -> usize {
    let mut at = at + 1;
    while let Some(&c) = chars.get(at) {
        at += if c == '\\' { 2 } else { 1 };
        if c == quote {
            break;
        }
    }
    at
}

#[test]
fn paths_are_found_wherever_they_stand_and_nothing_else_is() {
    let code = r##"
        //! crate::comment::one
        /* crate::comment /* nested */ crate::two */
        use crate::{domain::{AppRow, time as t, self}, store::delta::Sink, config::*};
        use super::{super::view::Row, sibling};
        const S: &str = "crate::string \" crate::more"; const R: &str = r#"crate::raw " "#; const C: char = '"';
        fn f<'a>(x: &'a crate::action::Plan) { let y = self::inner::z(); mycrate::sim::go(); std::crate_like::x(); }
        mod tests { use super::*; use super::super::top; mod deep { fn g() { super::super::h(); } } }
        fn after() { super::last::<u8>(); }
    "##;
    let found: Vec<String> = references(code, &["app", "stack"], "mycrate")
        .iter()
        .map(|r| format!("{}:{}", r.line, r.path.join("::")))
        .collect();
    assert_eq!(
        found,
        [
            "4:domain::AppRow",
            "4:domain::time",
            "4:domain",
            "4:store::delta::Sink",
            "4:config",
            "5:view::Row",
            "5:app::sibling",
            "7:action::Plan",
            "7:app::stack::inner::z",
            "7:sim::go",
            "8:app::stack",
            "8:app::top",
            "8:app::stack::h",
            "9:app::last",
        ]
    );
    assert_eq!(uses_of("a::b(); // a::b\nx::a::b", &["a", "b"]), [1, 2]);
}
