//! The keys of the screen below, then those that work everywhere: made from the command table and the keymap.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::travel::{scrolled, steps};
use super::{Effect, Handled, Lens, ScreenId, Seen, View};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::widget::Pen;

/// The help page.
#[derive(Debug, Default)]
pub struct Help {
    offset: usize,
    lines: usize,
    height: usize,
}

enum Line {
    Title(String),
    Key(String, String),
    Gap,
}

impl View for Help {
    fn id(&self) -> ScreenId {
        ScreenId::Help
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Help]
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, _: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let Some(by) = steps(id, self.height) else { return (Handled::No, Vec::new()) };
        self.offset = scrolled(self.offset, by, self.lines, self.height);
        (Handled::Yes, Vec::new())
    }

    fn layout(&mut self, _: &mut Lens, seen: &Seen<'_>, area: Rect) {
        self.height = usize::from(area.height);
        self.lines = lines(seen).len();
        self.offset = self.offset.min(self.lines.saturating_sub(self.height));
    }

    fn draw(&self, _: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        for (row, line) in lines(seen).iter().skip(self.offset).take(self.height).enumerate() {
            seen.work.row();
            let mut pen = Pen::new(buf, area, row as u16, seen.glyphs.ellipsis);
            match line {
                Line::Title(title) => {
                    pen.skip(1).text(title, seen.style(Role::Title));
                }
                Line::Key(keys, help) => {
                    pen.skip(3).cell(keys, 18, seen.style(Role::Key)).text(help, seen.style(Role::Text));
                }
                Line::Gap => {}
            }
        }
    }
}

fn lines(seen: &Seen<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for section in seen.keys.help(seen.below) {
        if !lines.is_empty() {
            lines.push(Line::Gap);
        }
        lines.push(Line::Title(section.title));
        lines.extend(section.entries.into_iter().map(|e| Line::Key(e.keys, e.help)));
    }
    lines
}
