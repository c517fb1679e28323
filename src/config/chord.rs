//! A key with its modifiers, as people write it: `j`, `G`, `ctrl-d`, `shift-tab`, `pageup`.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers. Shift is part of a letter (`G`), and only named keys carry it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// Names of keys that are not one character.
const NAMED: [(&str, KeyCode); 16] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("minus", KeyCode::Char('-')),
];

/// Keys of the longest sequence: nobody remembers more, and all but the last do nothing that is seen.
const LONGEST: usize = 4;

/// With ctrl these make the same byte as a key that has a name.
const TWINS: [(char, &str); 4] = [('i', "tab"), ('m', "enter"), ('[', "esc"), ('?', "backspace")];

impl Chord {
    /// Reads one key; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text;
        let mut modifiers = KeyModifiers::NONE;
        while let Some((word, tail)) = rest.split_once('-').filter(|(word, tail)| !word.is_empty() && !tail.is_empty())
        {
            modifiers |= match word.to_ascii_lowercase().as_str() {
                "ctrl" => KeyModifiers::CONTROL,
                "alt" => KeyModifiers::ALT,
                "shift" => KeyModifiers::SHIFT,
                _ => return Err(format!("there is no modifier `{word}`; use ctrl, alt or shift")),
            };
            rest = tail;
        }
        let code = Self::code(rest)?;
        if let (true, KeyCode::Char(c)) = (modifiers.contains(KeyModifiers::CONTROL), code)
            && let Some((_, name)) = TWINS.iter().find(|(twin, _)| *twin == c.to_ascii_lowercase())
        {
            return Err(format!("a terminal sends the same for `{text}` as for `{name}`; write `{name}`"));
        }
        if modifiers.contains(KeyModifiers::SHIFT) && matches!(code, KeyCode::Char(c) if c != ' ') {
            return Err(format!("write shift and a letter as the capital letter, not `{text}`"));
        }
        Ok(Self::new(code, modifiers))
    }

    fn code(word: &str) -> Result<KeyCode, String> {
        let mut chars = word.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return Ok(KeyCode::Char(c));
        }
        let lower = word.to_ascii_lowercase();
        if let Some((_, code)) = NAMED.iter().find(|(name, _)| *name == lower) {
            return Ok(*code);
        }
        let function = lower.strip_prefix('f').and_then(|n| n.parse::<u8>().ok()).filter(|n| (1..=12).contains(n));
        function.map(KeyCode::F).ok_or_else(|| {
            let near = super::error::nearest(&lower, NAMED.iter().map(|(name, _)| *name));
            let near = near.map_or_else(String::new, |n| format!("; {n}"));
            format!("there is no key `{word}`{near}")
        })
    }

    /// The sequence of keys in a text: `g g`, `ctrl-w j`.
    pub fn sequence(text: &str) -> Result<Vec<Self>, String> {
        let keys: Vec<Self> = text.split_whitespace().map(Self::parse).collect::<Result<_, _>>()?;
        match keys.len() {
            0 => Err("no key is named".to_owned()),
            1..=LONGEST => Ok(keys),
            n => Err(format!("`{text}` are {n} keys; a sequence has at most {LONGEST}")),
        }
    }

    fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        let modifiers = modifiers & known;
        match code {
            KeyCode::BackTab => Self { code: KeyCode::Tab, modifiers: modifiers | KeyModifiers::SHIFT },
            // Terminals report ctrl-X and ctrl-x alike.
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => {
                Self { code: KeyCode::Char(c.to_ascii_lowercase()), modifiers: modifiers - KeyModifiers::SHIFT }
            }
            // Some terminals report a capital as the small letter and shift.
            KeyCode::Char(c) if c.is_ascii_lowercase() && modifiers.contains(KeyModifiers::SHIFT) => {
                Self { code: KeyCode::Char(c.to_ascii_uppercase()), modifiers: modifiers - KeyModifiers::SHIFT }
            }
            KeyCode::Char(_) => Self { code, modifiers: modifiers - KeyModifiers::SHIFT },
            code => Self { code, modifiers },
        }
    }
}

impl From<KeyEvent> for Chord {
    fn from(key: KeyEvent) -> Self {
        Self::new(key.code, key.modifiers)
    }
}

impl From<Chord> for KeyEvent {
    fn from(chord: Chord) -> Self {
        Self::new(chord.code, chord.modifiers)
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, word) in
            [(KeyModifiers::CONTROL, "ctrl-"), (KeyModifiers::ALT, "alt-"), (KeyModifiers::SHIFT, "shift-")]
        {
            if self.modifiers.contains(modifier) {
                f.write_str(word)?;
            }
        }
        let named = NAMED.iter().find(|(name, code)| *code == self.code && *name != "minus");
        match (self.code, named) {
            (_, Some((name, _))) => f.write_str(name),
            (KeyCode::Char(c), None) => write!(f, "{c}"),
            (KeyCode::F(n), None) => write!(f, "f{n}"),
            (code, None) => write!(f, "{code:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_what_is_pressed() {
        let pressed = |code, modifiers| Chord::from(KeyEvent::new(code, modifiers));
        let cases = [
            ("j", KeyCode::Char('j'), KeyModifiers::NONE),
            ("G", KeyCode::Char('G'), KeyModifiers::SHIFT),
            ("G", KeyCode::Char('g'), KeyModifiers::SHIFT),
            ("ctrl-d", KeyCode::Char('d'), KeyModifiers::CONTROL),
            ("shift-tab", KeyCode::BackTab, KeyModifiers::SHIFT),
            ("-", KeyCode::Char('-'), KeyModifiers::NONE),
            ("space", KeyCode::Char(' '), KeyModifiers::NONE),
            ("alt-enter", KeyCode::Enter, KeyModifiers::ALT),
            ("f5", KeyCode::F(5), KeyModifiers::NONE),
        ];
        for (text, code, modifiers) in cases {
            assert_eq!(Chord::parse(text).unwrap(), pressed(code, modifiers), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_explained() {
        assert!(Chord::parse("entr").unwrap_err().contains("enter"));
        assert!(Chord::parse("hyper-x").unwrap_err().contains("ctrl"));
        assert!(Chord::parse("shift-g").unwrap_err().contains("capital"));
        assert!(Chord::parse("ctrl-i").unwrap_err().contains("`tab`"));
        assert!(Chord::sequence("  ").is_err());
        assert!(Chord::sequence("a b c d e").unwrap_err().contains("at most"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_explained_and_reads_back(text: String) {
            if let Ok(chord) = Chord::parse(&text) {
                prop_assert_eq!(Chord::parse(&chord.to_string()), Ok(chord));
            }
        }
    }
}
