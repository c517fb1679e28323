//! The menu of what can be copied: each thing has a letter, and shows what one would get.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::item::{Item, items};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::view::{Effect, Handled, Lens, ScreenId, Seen, View};
use crate::widget::{Pen, Window};

/// What can be copied of the selected Application.
#[derive(Debug, Default)]
pub struct Copy {
    items: Vec<Item>,
    window: Window,
    height: usize,
}

impl View for Copy {
    fn id(&self) -> ScreenId {
        ScreenId::Copy
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Copy]
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, _: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let len = self.items.len();
        let page = self.height.max(1) as isize;
        match id {
            CommandId::CursorDown => self.window.step(1, len),
            CommandId::CursorUp => self.window.step(-1, len),
            CommandId::CursorTop => self.window.step(isize::MIN, len),
            CommandId::CursorBottom => self.window.step(isize::MAX, len),
            CommandId::PageDown | CommandId::HalfPageDown => self.window.step(page, len),
            CommandId::PageUp | CommandId::HalfPageUp => self.window.step(-page, len),
            // the key that opened the menu takes what is selected: pressed twice it copies the name
            CommandId::CopyTake | CommandId::CopyOpen => {
                return (Handled::Yes, take(self.items.get(self.window.selected)));
            }
            id if id.spec().scope == Scope::Copy => {
                let wanted = self.items.iter().find(|item| item.id == id);
                return (Handled::Yes, take(wanted));
            }
            _ => return (Handled::No, Vec::new()),
        }
        (Handled::Yes, Vec::new())
    }

    fn point(&mut self, at: Position, _: &mut Lens, _: &Seen<'_>) -> bool {
        usize::from(at.y)
            .checked_sub(TITLE.into())
            .is_some_and(|line| self.window.point(line, self.items.len(), self.height))
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        self.height = usize::from(area.height.saturating_sub(TITLE));
        self.items = items(lens, seen);
        self.window.clamp(self.items.len(), self.height);
    }

    fn draw(&self, lens: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let name = lens.selected.as_ref().map_or("nothing", |key| &*key.name);
        let title = format!("Copy of {name}");
        Pen::new(buf, area, 0, seen.glyphs.ellipsis).skip(1).text(&title, seen.style(Role::Title));
        let hints = seen.keys.help(self.scopes());
        let letter = |id: CommandId| {
            let entries = hints.first().into_iter().flat_map(|section| &section.entries);
            entries.into_iter().find(|entry| entry.help == id.spec().help).map_or("", |entry| entry.keys.as_str())
        };
        for (line, n) in self.window.visible(self.items.len(), self.height).enumerate() {
            let item = &self.items[n];
            seen.work.row();
            let here = n == self.window.selected;
            let over = |role| if here { seen.style(role).patch(seen.style(Role::Selection)) } else { seen.style(role) };
            let mut pen = Pen::new(buf, area, line as u16 + TITLE, seen.glyphs.ellipsis);
            pen.cell(if here { seen.glyphs.cursor } else { "" }, 2, over(Role::Cursor));
            // only the first of several of a kind has the letter
            let first = self.items[..n].iter().all(|before| before.id != item.id);
            pen.cell(if first { letter(item.id) } else { "" }, 4, over(Role::Key));
            pen.cell(&item.label, 17, over(Role::Text)).text(&item.preview, over(Role::Dim));
        }
    }
}

/// Copies and goes back.
fn take(item: Option<&Item>) -> Vec<Effect> {
    match item {
        Some(item) => vec![Effect::Pop, item.effect.clone()],
        None => vec![Effect::Say("there is none here to copy".to_owned())],
    }
}

/// Lines above the menu.
const TITLE: u16 = 2;
