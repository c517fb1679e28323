//! Colours that text brings along (`ESC [ ... m`), mapped to looks; nothing else that a terminal could be told is.

use std::ops::Range;

use ratatui::style::{Color, Modifier, Style};

/// The text without its colour sequences, and the looks of the parts that had any.
#[must_use]
pub fn runs(text: &str) -> (String, Vec<(Range<usize>, Style)>) {
    let mut plain = String::with_capacity(text.len());
    let mut parts = Vec::new();
    let mut style = Style::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.find('\u{1b}').unwrap_or(rest.len());
        if at > 0 {
            let from = plain.len();
            plain.push_str(&rest[..at]);
            if style != Style::new() {
                parts.push((from..plain.len(), style));
            }
        }
        rest = rest[at..].trim_start_matches('\u{1b}');
        let Some(behind) = rest.strip_prefix('[') else { continue };
        let end = behind.bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b';' | b':')).count();
        if behind.as_bytes().get(end) == Some(&b'm') {
            style = sequence(style, &behind[..end]);
            rest = &behind[end + 1..];
        } else {
            rest = &behind[end..];
        }
    }
    (plain, parts)
}

fn sequence(mut style: Style, parameters: &str) -> Style {
    let mut codes = parameters.split(';');
    while let Some(code) = codes.next() {
        if code.contains(':') {
            let numbers: Vec<u8> = code.split(':').map(|n| n.parse().unwrap_or_default()).collect();
            let color = match numbers[..] {
                [_, 5, n] => Some(Color::Indexed(n)),
                [_, 2, .., r, g, b] => Some(Color::Rgb(r, g, b)),
                _ => None,
            };
            style = set(style, numbers[0], color);
            continue;
        }
        let code: u8 = if code.is_empty() { 0 } else { code.parse().unwrap_or(u8::MAX) };
        let mut next = || codes.next().and_then(|n| n.parse::<u8>().ok());
        style = match code {
            0 => Style::new(),
            1 => style.add_modifier(Modifier::BOLD),
            2 => style.add_modifier(Modifier::DIM),
            3 => style.add_modifier(Modifier::ITALIC),
            4 => style.add_modifier(Modifier::UNDERLINED),
            7 => style.add_modifier(Modifier::REVERSED),
            9 => style.add_modifier(Modifier::CROSSED_OUT),
            22 => without(style, Modifier::BOLD | Modifier::DIM),
            23 => without(style, Modifier::ITALIC),
            24 => without(style, Modifier::UNDERLINED),
            27 => without(style, Modifier::REVERSED),
            29 => without(style, Modifier::CROSSED_OUT),
            30..=37 => style.fg(Color::Indexed(code - 30)),
            90..=97 => style.fg(Color::Indexed(code - 82)),
            40..=47 => style.bg(Color::Indexed(code - 40)),
            100..=107 => style.bg(Color::Indexed(code - 92)),
            39 => Style { fg: None, ..style },
            49 => Style { bg: None, ..style },
            38 | 48 => {
                let color = match next() {
                    Some(5) => next().map(Color::Indexed),
                    Some(2) => match (next(), next(), next()) {
                        (Some(r), Some(g), Some(b)) => Some(Color::Rgb(r, g, b)),
                        _ => None,
                    },
                    _ => None,
                };
                set(style, code, color)
            }
            _ => style,
        };
    }
    style
}

fn set(style: Style, code: u8, color: Option<Color>) -> Style {
    match (code, color) {
        (38, Some(color)) => style.fg(color),
        (48, Some(color)) => style.bg(color),
        _ => style,
    }
}

fn without(mut style: Style, modifiers: Modifier) -> Style {
    style.add_modifier.remove(modifiers);
    style
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_become_looks_and_leave_the_text() {
        let (plain, parts) = runs("\u{1b}[1;31mred\u{1b}[0m no \u{1b}[38;5;208mo\u{1b}[48:2::1:2:3mrgb\u{1b}[m.");
        assert_eq!(plain, "red no orgb.");
        let looks: Vec<_> = parts.iter().map(|(range, style)| (&plain[range.clone()], *style)).collect();
        let orange = Style::new().fg(Color::Indexed(208));
        assert_eq!(
            looks,
            [
                ("red", Style::new().fg(Color::Indexed(1)).add_modifier(Modifier::BOLD)),
                ("o", orange),
                ("rgb", orange.bg(Color::Rgb(1, 2, 3))),
            ]
        );
    }

    proptest! {
        #[test]
        fn no_escape_is_left_and_parts_lie_in_the_text(text in "[\u{1b}\\[;:m0-9a日]{0,60}") {
            let (plain, parts) = runs(&text);
            prop_assert_eq!(plain.find('\u{1b}'), None);
            prop_assert!(parts.iter().all(|(range, _)| plain.get(range.clone()).is_some()));
        }
    }
}
