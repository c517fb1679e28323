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

/// As [`clean`], but tabs become four spaces, spaces at the end stay, and the sequences that set colours and weights
/// (`ESC [ ... m`) stay: for log lines, whose colours are mapped to ours when they are drawn.
#[must_use]
pub fn clean_colored(text: &str) -> Cow<'_, str> {
    let plain = |b: &u8| (b' '..=b'~').contains(b);
    if text.as_bytes().iter().all(plain) || !text.chars().any(is_steering) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        let parameters = rest[at + 2..].bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b';' | b':')).count();
        let end = at + 2 + parameters;
        let is_color = rest.as_bytes().get(end) == Some(&b'm');
        // Another sequence is left to be taken out, with the bytes that end it.
        let upto = if is_color { at } else { end };
        keep_line(&rest[..upto], &mut out);
        if is_color {
            out.push_str(&rest[at..=end]);
            rest = &rest[end + 1..];
        } else {
            rest = rest[end..].trim_start_matches(|c| matches!(c, '\u{20}'..='\u{3f}'));
            rest = rest.strip_prefix(|c| matches!(c, '\u{40}'..='\u{7e}')).unwrap_or(rest);
        }
    }
    keep_line(rest, &mut out);
    Cow::Owned(out)
}

fn keep_line(text: &str, out: &mut String) {
    strip(text, |c| match c {
        '\t' => out.push_str("    "),
        c if is_steering(c) => {}
        c => out.push(c),
    });
}

/// Hands every character outside escape sequences to `keep`. Sequences follow ECMA-48: CSI up to its final byte,
/// the strings (OSC, DCS, SOS, PM, APC) up to BEL or ST, everything else ESC plus intermediates plus one.
/// A string that never ends swallows no more than its own line, so that nothing can hide the rest of a message.
fn strip(text: &str, mut keep: impl FnMut(char)) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let kind = match c {
            '\u{1b}' => chars.next_if(|n| !n.is_control()).unwrap_or('\0'),
            '\u{9b}' => '[',
            '\u{9d}' => ']',
            '\u{90}' => 'P',
            '\u{98}' => 'X',
            '\u{9e}' => '^',
            '\u{9f}' => '_',
            c => {
                keep(c);
                continue;
            }
        };
        match kind {
            '[' => {
                while chars.next_if(|n| matches!(n, '\u{20}'..='\u{3f}')).is_some() {}
                chars.next_if(|n| matches!(n, '\u{40}'..='\u{7e}'));
            }
            ']' | 'P' | 'X' | '^' | '_' => skip_string(&mut chars),
            '\u{20}'..='\u{2f}' => {
                while chars.next_if(|n| matches!(n, '\u{20}'..='\u{2f}')).is_some() {}
                chars.next_if(|n| matches!(n, '\u{30}'..='\u{7e}'));
            }
            _ => {}
        }
    }
}

fn skip_string(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(c) = chars.next_if(|c| *c != '\n') {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' if chars.next_if_eq(&'\\').is_some() => return,
            _ => {}
        }
    }
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

        #[test]
        fn of_a_log_line_nothing_but_colour_is_left(text in any::<String>(), noise in "[\u{1b}\u{9b}\u{9d}\u{7}\\]\\[;m0-9\u{202e}\n]{0,40}") {
            let text = format!("{text}{noise}");
            let colored = clean_colored(&text).into_owned();
            let mut rest = colored.as_str();
            while let Some(at) = rest.find('\u{1b}') {
                let behind = rest[at..].strip_prefix("\u{1b}[").expect("only colour sequences are left");
                let end = behind.find(|c: char| !matches!(c, '0'..='9' | ';' | ':')).expect("they end");
                prop_assert_eq!(&behind[end..=end], "m");
                prop_assert!(!rest[..at].chars().any(is_steering));
                rest = &behind[end + 1..];
            }
            prop_assert!(!rest.chars().any(is_steering));
        }

        #[test]
        fn cleaning_twice_changes_nothing(text in any::<String>()) {
            let once = clean(&text).into_owned();
            prop_assert_eq!(clean(&once), once.as_str());
        }
    }
}
