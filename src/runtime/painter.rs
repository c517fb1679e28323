//! Turns frames into the bytes that change the terminal from the last frame to this one.

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

/// Asks the terminal to show what follows at once (mode 2026); terminals without it ignore the request.
const BEGIN: &[u8] = b"\x1b[?2026h";
/// Ends what [`BEGIN`] began.
const END: &[u8] = b"\x1b[?2026l";
/// Clears the screen before a frame that owes nothing to the last one.
const CLEAR: &[u8] = b"\x1b[0m\x1b[2J";

/// Remembers what the terminal shows.
#[derive(Debug)]
pub struct Painter {
    shown: Buffer,
    next: Buffer,
    whole: bool,
}

impl Painter {
    /// A painter for a terminal of this size that shows nothing of ours yet.
    #[must_use]
    pub fn new(size: Size) -> Self {
        let area = Rect::new(0, 0, size.width, size.height);
        Self { shown: Buffer::empty(area), next: Buffer::empty(area), whole: true }
    }

    /// The terminal has another size, or shows who knows what: the next frame is drawn whole.
    pub fn reset(&mut self, size: Size) {
        *self = Self::new(size);
    }

    /// Lets `draw` fill a frame and appends to `out` what brings the terminal there; nothing when it is there.
    pub fn paint(&mut self, out: &mut Vec<u8>, draw: impl FnOnce(&mut Buffer)) -> std::io::Result<()> {
        self.next.reset();
        draw(&mut self.next);
        let changes = self.shown.diff(&self.next);
        if changes.is_empty() && !self.whole {
            return Ok(());
        }
        out.extend_from_slice(BEGIN);
        if self.whole {
            out.extend_from_slice(CLEAR);
        }
        CrosstermBackend::new(&mut *out).draw(changes.into_iter())?;
        out.extend_from_slice(END);
        self.whole = false;
        std::mem::swap(&mut self.shown, &mut self.next);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    fn frame(painter: &mut Painter, text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        painter.paint(&mut out, |buf| _ = buf.set_stringn(0, 0, text, 20, Style::new())).unwrap();
        out
    }

    #[test]
    fn a_still_frame_writes_not_a_byte() {
        let mut painter = Painter::new(Size::new(20, 3));
        assert!(!frame(&mut painter, "ready").is_empty());
        assert_eq!(frame(&mut painter, "ready"), b"");
    }

    #[test]
    fn what_was_painted_is_what_a_terminal_shows() {
        let mut painter = Painter::new(Size::new(20, 3));
        let mut terminal = vt100::Parser::new(3.try_into().unwrap(), 20.try_into().unwrap(), 0);
        for text in ["first", "second frame", "3", "日本語"] {
            terminal.process(&frame(&mut painter, text));
            assert_eq!(terminal.screen().contents().trim_end(), text);
        }
        painter.reset(Size::new(20, 3));
        terminal.process(b"garbage of another program\r\nmore");
        terminal.process(&frame(&mut painter, "whole"));
        assert_eq!(terminal.screen().contents().trim_end(), "whole");
    }
}
