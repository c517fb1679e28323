//! Writes runs of text into one line of the screen, never outside it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The cells a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// A position on a line and the end it may not cross.
#[derive(Debug)]
pub struct Pen<'a> {
    buf: &'a mut Buffer,
    x: u16,
    y: u16,
    end: u16,
    ellipsis: &'static str,
}

impl<'a> Pen<'a> {
    /// A pen at the left of line `row` (counted from 0) of `area`. Outside the buffer it writes nothing.
    pub fn new(buf: &'a mut Buffer, area: Rect, row: u16, ellipsis: &'static str) -> Self {
        let area = area.intersection(buf.area);
        let inside = row < area.height;
        let end = if inside { area.right() } else { area.x };
        Self { buf, x: area.x, y: area.y.saturating_add(row), end, ellipsis }
    }

    /// The buffer, to draw a part of the line with a pen of its own.
    pub fn buffer(&mut self) -> &mut Buffer {
        self.buf
    }

    /// Cells left on the line.
    #[must_use]
    pub fn room(&self) -> u16 {
        self.end.saturating_sub(self.x)
    }

    /// The column the pen is at.
    #[must_use]
    pub fn x(&self) -> u16 {
        self.x
    }

    /// Writes text; what does not fit is cut with an ellipsis.
    pub fn text(&mut self, text: &str, style: Style) -> &mut Self {
        self.field(text, self.room(), style)
    }

    /// Writes text in at most `cells` cells, cut with an ellipsis, and goes on right behind it.
    pub fn field(&mut self, text: &str, cells: u16, style: Style) -> &mut Self {
        let cells = cells.min(self.room());
        if cells == 0 || text.is_empty() {
            return self;
        }
        if width(text) <= usize::from(cells) {
            self.write(text, style);
            return self;
        }
        let mark = width(self.ellipsis).min(usize::from(cells));
        let mut left = usize::from(cells) - mark;
        let mut fits = 0;
        for (at, grapheme) in text.grapheme_indices(true) {
            let wide = width(grapheme);
            if wide > left {
                break;
            }
            left -= wide;
            fits = at + grapheme.len();
        }
        self.write(&text[..fits], style);
        self.write(self.ellipsis, style);
        self
    }

    /// Writes text in exactly `cells` cells: cut or padded.
    pub fn cell(&mut self, text: &str, cells: u16, style: Style) -> &mut Self {
        let end = self.x.saturating_add(cells).min(self.end);
        self.field(text, cells, style);
        self.x = end.max(self.x);
        self
    }

    /// Writes text so that it ends right-aligned in `cells` cells.
    pub fn right(&mut self, text: &str, cells: u16, style: Style) -> &mut Self {
        let pad = usize::from(cells).saturating_sub(width(text));
        self.skip(pad as u16).cell(text, cells.saturating_sub(pad as u16), style)
    }

    /// Leaves cells as they are.
    pub fn skip(&mut self, cells: u16) -> &mut Self {
        self.x = self.x.saturating_add(cells).min(self.end);
        self
    }

    fn write(&mut self, text: &str, style: Style) {
        let (x, _) = self.buf.set_stringn(self.x, self.y, text, usize::from(self.room()), style);
        self.x = x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(buf: &Buffer) -> String {
        (0..buf.area.width).map(|x| buf[(x, 0)].symbol()).collect()
    }

    #[test]
    fn what_does_not_fit_is_cut_with_a_mark() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 1));
        let area = buf.area;
        Pen::new(&mut buf, area, 0, "…").cell("backend-staging", 8, Style::new()).text("ok", Style::new());
        assert_eq!(line(&buf), "backend…ok  ");
    }

    #[test]
    fn wide_characters_are_never_halved() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 6, 1));
        let area = buf.area;
        Pen::new(&mut buf, area, 0, "…").field("日本語日本", 4, Style::new()).text("|", Style::new());
        assert_eq!(line(&buf).replace(' ', ""), "日…|");
    }

    proptest! {
        #[test]
        fn nothing_is_written_outside(text: String, x in 0u16..8, w in 0u16..8, row in 0u16..6, cells in 0u16..20) {
            let mut buf = Buffer::empty(Rect::new(0, 0, 8, 4));
            let area = Rect::new(x, 1, w, 2);
            Pen::new(&mut buf, area, row, "…").cell(&text, cells, Style::new()).text(&text, Style::new());
            for (n, cell) in buf.content.iter().enumerate() {
                let (cx, cy) = (n as u16 % 8, n as u16 / 8);
                prop_assert!(area.contains((cx, cy).into()) || cell.symbol() == " ");
            }
        }
    }
}
