//! One line of text being typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use tui_textarea::{CursorMove, TextArea};

/// A prompt with its text. Editing keys are those of a shell's line.
#[derive(Clone, Debug)]
pub struct Prompt {
    area: TextArea<'static>,
}

impl Prompt {
    /// A prompt that begins with `text`, the cursor behind it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::from([text]);
        area.set_cursor_line_style(Style::new());
        area.move_cursor(CursorMove::End);
        Self { area }
    }

    /// What has been typed.
    #[must_use]
    pub fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    /// Takes a key; says whether the text changed. Keys that would make a second line are not taken.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        if matches!(key.code, KeyCode::Enter | KeyCode::Up | KeyCode::Down) {
            return false;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            match key.code {
                KeyCode::Char('u') => return self.area.delete_line_by_head(),
                KeyCode::Char('m') => return false,
                _ => {}
            }
        }
        self.area.input(key)
    }

    /// Takes pasted text, its line breaks as spaces.
    pub fn paste(&mut self, text: &str) -> bool {
        self.area.insert_str(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Draws the text on the first line of `area`.
    pub fn draw(&self, area: Rect, style: Style, cursor: Style, buf: &mut Buffer) {
        let line = Rect { height: area.height.min(1), ..area }.intersection(buf.area);
        if line.is_empty() {
            return;
        }
        let mut area = self.area.clone();
        area.set_style(style);
        area.set_cursor_style(cursor);
        (&area).render(line, buf);
    }
}
