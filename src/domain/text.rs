//! Text from clusters is not to be trusted: names, messages and log lines may hold bytes that steer a terminal.
//!
//! Everything that is drawn, copied or printed goes through [`clean`] (one line) or [`clean_lines`] at the door.

use std::borrow::Cow;

/// Whether a character may not reach a terminal inside text: C0 and C1 controls, the characters that reorder text
/// (bidi controls, which make one name look like another) and those that take no room or break a line.
#[must_use]
pub fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200b}'..='\u{200f}'     // zero width, LRM, RLM
            | '\u{2028}'..='\u{202e}'   // line and paragraph separators, bidi embeddings and overrides
            | '\u{2060}'..='\u{206f}'   // word joiner, invisible operators, bidi isolates
            | '\u{061c}'                // Arabic letter mark
            | '\u{fe00}'..='\u{fe0f}'   // variation selectors: they change the width terminals give a character
            | '\u{feff}'                // byte order mark
            | '\u{fff9}'..='\u{fffb}'   // interlinear annotation
            | '\u{e0000}'..='\u{e007f}' // tags
        )
}

/// `text` as one line that is safe to draw: escape sequences are taken out whole, line breaks and tabs become single
/// spaces, every other steering character is dropped. Clean text is handed back as it came.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_steering) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    strip(text, |c| match c {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' if !out.ends_with(' ') && !out.is_empty() => out.push(' '),
        c if is_steering(c) => {}
        c => out.push(c),
    });
    out.truncate(out.trim_end().len());
    Cow::Owned(out)
}

/// As [`clean`], but line breaks stay (as `\n`): for text that is shown as a block.
#[must_use]
pub fn clean_lines(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_steering(c) && c != '\n') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    strip(text, |c| match c {
        '\n' => out.push('\n'),
        '\t' => out.push_str("    "),
        c if is_steering(c) => {}
        c => out.push(c),
    });
    Cow::Owned(out)
}

/// As [`clean`] for a line of a log: nothing is trimmed, tabs become four spaces, and colours stay: sequences of
/// `ESC [`, digits with `;` or `:` between them, and `m`. A line that ends coloured gets a reset.
#[must_use]
pub fn clean_keeping_colour(text: &str) -> Cow<'_, str> {
    // most lines are plain ASCII, and looking at bytes is several times faster than at characters
    if text.bytes().all(|b| (0x20..0x7f).contains(&b)) || !text.chars().any(is_steering) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + RESET.len());
    let mut coloured = false;
    walk(text, |piece| match piece {
        Piece::Colour(sequence) => {
            coloured = !matches!(sequence, "\u{1b}[m" | RESET);
            out.push_str(sequence);
        }
        Piece::Char('\t') => out.push_str("    "),
        Piece::Char('\n' | '\r' | '\u{2028}' | '\u{2029}') => out.push(' '),
        Piece::Char(c) if is_steering(c) => {}
        Piece::Char(c) => out.push(c),
    });
    if coloured {
        out.push_str(RESET);
    }
    Cow::Owned(out)
}

/// `text` without the colours that [`clean_keeping_colour`] left in it.
#[must_use]
pub fn without_colour(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    strip(text, |c| out.push(c));
    Cow::Owned(out)
}

const RESET: &str = "\u{1b}[0m";

/// What a text is made of, as far as it is kept.
enum Piece<'a> {
    /// A character outside escape sequences.
    Char(char),
    /// A whole sequence that sets colours, spelled with `ESC [`.
    Colour(&'a str),
}

/// Hands every character outside escape sequences to `keep`.
fn strip(text: &str, mut keep: impl FnMut(char)) {
    walk(text, |piece| {
        if let Piece::Char(c) = piece {
            keep(c);
        }
    });
}

/// Hands out characters outside escape sequences, and colours. Sequences follow ECMA-48: CSI up to its final byte,
/// the strings (OSC, DCS, SOS, PM, APC) up to BEL or ST, everything else ESC plus intermediates plus one.
/// A string that never ends swallows no more than its own line, so that nothing can hide the rest of a message.
fn walk<'a>(text: &'a str, mut on: impl FnMut(Piece<'a>)) {
    let mut chars = text.chars().peekable();
    // what is behind, counted by characters taken: a peekable iterator does not say where it is
    let mut at = 0;
    while let Some(c) = chars.next() {
        let start = at;
        at += c.len_utf8();
        let kind = match c {
            '\u{1b}' => chars.next_if(|n| !n.is_control()).unwrap_or('\0'),
            '\u{9b}' => '[',
            '\u{9d}' => ']',
            '\u{90}' => 'P',
            '\u{98}' => 'X',
            '\u{9e}' => '^',
            '\u{9f}' => '_',
            c => {
                on(Piece::Char(c));
                continue;
            }
        };
        if c == '\u{1b}' && kind != '\0' {
            at += kind.len_utf8();
        }
        let mut skip = |chars: &mut Chars<'_>, from: char, to: char| {
            let taken = chars.next_if(|n| (from..=to).contains(n));
            at += taken.map_or(0, char::len_utf8);
            taken
        };
        match kind {
            '[' => {
                let mut plain = c == '\u{1b}';
                while let Some(c) = skip(&mut chars, '\u{20}', '\u{3f}') {
                    plain &= matches!(c, '0'..='9' | ';' | ':');
                }
                if skip(&mut chars, '\u{40}', '\u{7e}') == Some('m') && plain {
                    on(Piece::Colour(&text[start..at]));
                }
            }
            ']' | 'P' | 'X' | '^' | '_' => at += skip_string(&mut chars),
            '\u{20}'..='\u{2f}' => {
                while skip(&mut chars, '\u{20}', '\u{2f}').is_some() {}
                skip(&mut chars, '\u{30}', '\u{7e}');
            }
            _ => {}
        }
    }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Skips a string of an escape sequence: how many bytes it has.
fn skip_string(chars: &mut Chars<'_>) -> usize {
    let mut bytes = 0;
    while let Some(c) = chars.next_if(|c| *c != '\n') {
        bytes += c.len_utf8();
        match c {
            '\u{7}' | '\u{9c}' => break,
            '\u{1b}' if chars.next_if_eq(&'\\').is_some() => return bytes + 1,
            _ => {}
        }
    }
    bytes
}

/// A URL without user name, password and query: what may be shown and logged.
#[must_use]
pub fn without_credentials(url: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = url.split_once("://") else { return Cow::Borrowed(url) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, h)| h);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    if host.len() == authority.len() && path.len() == rest.len() - end {
        return Cow::Borrowed(url);
    }
    Cow::Owned(format!("{scheme}://{host}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sequences_are_taken_out_whole() {
        let cases = [
            ("plain", "plain"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("a\u{1b}]52;c;ZXZpbA==\u{7}b", "ab"),
            ("a\u{1b}]0;title\u{1b}\\b", "ab"),
            ("\u{9b}2Jx\u{9d}0;t\u{9c}y", "xy"),
            ("up\u{1b}[10;10Hdown", "updown"),
            ("a\u{202e}dcb", "adcb"),
            ("one\ntwo\r\n\tthree\n", "one two three"),
            ("\u{1b}Pq#0\u{1b}\\z", "z"),
            ("\u{1b}(Bx\u{1b}cy", "xy"),
            ("\u{1b}]never ends\nsecond line", "second line"),
        ];
        for (from, to) in cases {
            assert_eq!(clean(from).trim_start(), to, "{from:?}");
        }
        assert_eq!(clean_lines("a\u{1b}[1m\n\tb"), "a\n    b");
    }

    #[test]
    fn colours_of_a_line_stay() {
        let cases = [
            ("  plain ", "  plain "),
            ("\u{1b}[1;31mred\u{1b}[0m", "\u{1b}[1;31mred\u{1b}[0m"),
            ("\u{1b}[32mgreen", "\u{1b}[32mgreen\u{1b}[0m"),
            ("\u{1b}[2J\u{1b}[31mx\u{1b}[m", "\u{1b}[31mx\u{1b}[m"),
            ("\u{1b}[?25lx\u{1b}[>4mé\u{1b}[38:5:9m", "xé\u{1b}[38:5:9m\u{1b}[0m"),
            ("\u{1b}]0;\u{1b}[31mtitle\u{7}y", "y"),
            ("50%\r100%\tdone", "50% 100%    done"),
        ];
        for (from, to) in cases {
            assert_eq!(clean_keeping_colour(from), to, "{from:?}");
        }
        assert_eq!(without_colour("\u{1b}[31mx\u{1b}[0m y"), "x y");
    }

    #[test]
    fn urls_lose_what_must_not_be_shown() {
        assert_eq!(without_credentials("https://user:token@git.example/x.git?key=1"), "https://git.example/x.git");
        assert_eq!(without_credentials("https://git.example/x.git"), "https://git.example/x.git");
        assert_eq!(without_credentials("git@git.example:x.git"), "git@git.example:x.git");
    }

    proptest! {
        #[test]
        fn nothing_steering_is_left(text in any::<String>(), noise in "[\u{1b}\u{9b}\u{9d}\u{7}\\]\\[;a-z0-9\u{202e}\n]{0,40}") {
            let text = format!("{text}{noise}");
            prop_assert!(!clean(&text).chars().any(is_steering));
            prop_assert!(!clean_lines(&text).chars().any(|c| is_steering(c) && c != '\n'));
        }

        /// Nothing but colours steers, and colours are what they seem: taken out, the text is what is left without them.
        #[test]
        fn nothing_but_colour_is_left(text in any::<String>(), noise in "[\u{1b}\u{9b}\u{9d}\u{7}\\]\\[;:am0-9?\u{202e}\r\t\n]{0,60}") {
            let text = format!("{text}{noise}");
            let kept = clean_keeping_colour(&text).into_owned();
            let mut rest = kept.as_str();
            while let Some(at) = rest.find(is_steering) {
                let Some(tail) = rest[at..].strip_prefix("\u{1b}[") else { panic!("{kept:?}") };
                let end = tail.find(|c: char| !matches!(c, '0'..='9' | ';' | ':')).unwrap_or(tail.len());
                prop_assert!(tail[end..].starts_with('m'), "{:?}", kept);
                rest = &tail[end + 1..];
            }
            prop_assert!(!without_colour(&kept).chars().any(is_steering));
            prop_assert_eq!(clean_keeping_colour(&kept), kept.as_str());
        }

        #[test]
        fn cleaning_twice_changes_nothing(text in any::<String>()) {
            let once = clean(&text).into_owned();
            prop_assert_eq!(clean(&once), once.as_str());
        }
    }
}
