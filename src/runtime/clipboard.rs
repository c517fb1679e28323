//! The clipboard of whoever sits at the terminal, through SSH and terminal multiplexers, by OSC 52.
//!
//! A terminal does not say whether it took the text, and many take none until told to: what was sent is all we know.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::domain::text::clean_lines;

/// Bytes that are sent at the most. Encoded they stay below the 100,000 that careful terminals take.
pub const LARGEST: usize = 74_994;
/// Characters of a string that GNU screen passes on at once: it spills what is longer over the screen.
const SCREEN_PIECE: usize = 252;

/// Why nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CopyError {
    /// There is no text: terminals take that for a wish to forget what they hold.
    #[error("{what}: there is nothing to copy")]
    Empty {
        /// What was to be copied.
        what: String,
    },
    /// More than terminals take.
    #[error("{what} was not copied: it has {bytes} bytes, and terminals take {LARGEST} at the most")]
    TooLarge {
        /// What was to be copied.
        what: String,
        /// How long it is.
        bytes: usize,
    },
}

/// What stands between us and the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Road {
    /// Nothing that we know of.
    #[default]
    Plain,
    /// tmux: it takes the sequence itself where `set-clipboard` is on, and passes it on where `allow-passthrough` is.
    Tmux,
    /// GNU screen: it passes on what is wrapped, in small pieces.
    Screen,
}

impl Road {
    /// The road by the variables `TMUX`, `STY` and `TERM`; the last is all that ssh leaves of a multiplexer.
    #[must_use]
    pub fn detect(tmux: Option<&str>, sty: Option<&str>, term: Option<&str>) -> Self {
        let set = |value: Option<&str>| value.is_some_and(|v| !v.is_empty());
        let term = term.unwrap_or_default();
        if set(tmux) || (term.starts_with("tmux") && !set(sty)) {
            Self::Tmux
        } else if set(sty) || term.starts_with("screen") {
            Self::Screen
        } else {
            Self::Plain
        }
    }

    /// The road of this process.
    #[must_use]
    pub fn here() -> Self {
        let [tmux, sty, term] = ["TMUX", "STY", "TERM"].map(|name| std::env::var(name).ok());
        Self::detect(tmux.as_deref(), sty.as_deref(), term.as_deref())
    }
}

/// What has been copied and waits for the next frame, to go out with it. The newest wins.
#[derive(Debug, Default)]
pub struct Clipboard {
    road: Road,
    waiting: Vec<u8>,
}

impl Clipboard {
    /// An empty one.
    #[must_use]
    pub fn new(road: Road) -> Self {
        Self { road, waiting: Vec::new() }
    }

    /// Takes text, without what steers terminals, and says in words that it did.
    pub fn put(&mut self, what: String, text: &str) -> Result<String, CopyError> {
        let text = clean_lines(text);
        if text.is_empty() {
            return Err(CopyError::Empty { what });
        }
        if text.len() > LARGEST {
            return Err(CopyError::TooLarge { what, bytes: text.len() });
        }
        self.waiting = sequence(&text, self.road).into_bytes();
        let lines = text.lines().count();
        let size = if lines > 1 { format!(" ({lines} lines)") } else { String::new() };
        Ok(format!("copied {what}{size}"))
    }

    /// The bytes for the terminal; none when nothing waits.
    #[must_use]
    pub fn waiting(&self) -> &[u8] {
        &self.waiting
    }

    /// They are out.
    pub fn sent(&mut self) {
        self.waiting.clear();
    }
}

fn sequence(text: &str, road: Road) -> String {
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
    match road {
        Road::Plain => plain,
        // by either way it sets the same text; which of them is open is a setting of tmux
        Road::Tmux => format!("{plain}\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")),
        Road::Screen => {
            let mut out = String::new();
            // all of it is ASCII: pieces end between characters
            for piece in plain.as_bytes().chunks(SCREEN_PIECE) {
                _ = write!(out, "\x1bP{}\x1b\\", String::from_utf8_lossy(piece));
            }
            out
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(road: Road, text: &str) -> String {
        let mut clipboard = Clipboard::new(road);
        clipboard.put("it".to_owned(), text).unwrap();
        String::from_utf8(clipboard.waiting().to_vec()).unwrap()
    }

    #[test]
    fn each_road_has_its_wrapping() {
        assert_eq!(sent(Road::Plain, "hi"), "\x1b]52;c;aGk=\x07");
        assert_eq!(sent(Road::Tmux, "hi"), "\x1b]52;c;aGk=\x07\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\");
        let long = sent(Road::Screen, &"x".repeat(1_000));
        let pieces: Vec<&str> = long.split("\x1b\\").filter(|p| !p.is_empty()).collect();
        assert!(pieces.iter().all(|p| p.starts_with("\x1bP") && p.len() <= SCREEN_PIECE + 2), "{pieces:?}");
        let joined: String = pieces.iter().map(|p| &p[2..]).collect();
        assert_eq!(joined, sent(Road::Plain, &"x".repeat(1_000)));
    }

    #[test]
    fn the_road_is_known_by_variables() {
        let cases = [
            ((None, None, Some("xterm-256color")), Road::Plain),
            ((Some("/tmp/tmux-0/default,1,0"), None, Some("screen")), Road::Tmux),
            ((None, None, Some("tmux-256color")), Road::Tmux),
            ((None, Some("12.pts"), Some("screen")), Road::Screen),
            ((None, None, Some("screen.xterm-256color")), Road::Screen),
            ((Some(""), Some(""), None), Road::Plain),
        ];
        for ((tmux, sty, term), road) in cases {
            assert_eq!(Road::detect(tmux, sty, term), road, "{tmux:?} {sty:?} {term:?}");
        }
    }

    #[test]
    fn what_steers_is_not_copied_and_too_much_is_refused() {
        let mut clipboard = Clipboard::new(Road::Plain);
        let said = clipboard.put("the name".to_owned(), "a\x1b]52;c;ZXZpbA==\x07b\nc").unwrap();
        assert_eq!(said, "copied the name (2 lines)");
        assert_eq!(clipboard.waiting(), format!("\x1b]52;c;{}\x07", STANDARD.encode("ab\nc")).as_bytes());
        let before = clipboard.waiting().to_vec();
        let error = clipboard.put("the log".to_owned(), &"x".repeat(LARGEST + 1)).unwrap_err().to_string();
        assert_eq!(error, "the log was not copied: it has 74995 bytes, and terminals take 74994 at the most");
        assert!(clipboard.put("the image".to_owned(), "\x1b[2J").is_err());
        assert_eq!(clipboard.waiting(), before, "what was copied before is not lost");
        assert!(STANDARD.encode("x".repeat(LARGEST)).len() < 100_000);
    }
}
