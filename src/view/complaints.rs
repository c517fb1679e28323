//! Everything that is wrong in the files of settings, keys and looks: whole, with what to try, until it is mended.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::empty::wrap;
use super::travel::{scrolled, steps};
use super::{Effect, Handled, Lens, ScreenId, Seen, View};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::text::clean;
use crate::widget::Pen;

/// The page of complaints, scrollable.
#[derive(Debug, Default)]
pub struct Complaints {
    offset: usize,
    lines: Vec<(String, Role)>,
    height: usize,
}

impl View for Complaints {
    fn id(&self) -> ScreenId {
        ScreenId::Complaints
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Global]
    }

    fn command(&mut self, id: CommandId, _: &mut Lens, _: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let Some(by) = steps(id, self.height) else { return (Handled::No, Vec::new()) };
        self.offset = scrolled(self.offset, by, self.lines.len(), self.height);
        (Handled::Yes, Vec::new())
    }

    fn layout(&mut self, _: &mut Lens, seen: &Seen<'_>, area: Rect) {
        self.height = usize::from(area.height);
        self.lines = lines(seen, area.width);
        self.offset = self.offset.min(self.lines.len().saturating_sub(self.height));
    }

    fn draw(&self, _: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        for (row, (text, role)) in self.lines.iter().skip(self.offset).take(self.height).enumerate() {
            seen.work.row();
            Pen::new(buf, area, row as u16, seen.glyphs.ellipsis).skip(1).text(text, seen.style(*role));
        }
    }
}

fn lines(seen: &Seen<'_>, width: u16) -> Vec<(String, Role)> {
    let room = usize::from(width.saturating_sub(4)).max(10);
    let heading = match seen.complaints.len() {
        0 => "Nothing is wrong in the files of settings, keys and looks".to_owned(),
        1 => "One thing is wrong in the files of settings, keys and looks".to_owned(),
        n => format!("{n} things are wrong in the files of settings, keys and looks"),
    };
    let mut lines: Vec<(String, Role)> = wrap(&heading, room).into_iter().map(|text| (text, Role::Title)).collect();
    for complaint in seen.complaints {
        lines.push((String::new(), Role::Text));
        for (n, part) in complaint.lines().enumerate() {
            let (role, indent) = if n == 0 { (Role::Warn, "") } else { (Role::Text, "  ") };
            lines.extend(
                wrap(clean(part.trim()).as_ref(), room).into_iter().map(|text| (format!("{indent}{text}"), role)),
            );
        }
    }
    lines
}
