//! The Applications of one cell of the Board, where a service has several in an environment.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::travel::steps;
use super::{Effect, Handled, Lens, ScreenId, Seen, View, status};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::store::{Grid, Query, RowId};
use crate::widget::{Pen, Window, pen};

/// The Applications that share service and environment with the selected one.
#[derive(Debug, Default)]
pub struct Chooser {
    grid: Grid,
    cell: Vec<RowId>,
    window: Window,
    height: usize,
}

impl View for Chooser {
    fn id(&self) -> ScreenId {
        ScreenId::Chooser
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Chooser, Scope::App]
    }

    fn command(&mut self, id: CommandId, lens: &mut Lens, seen: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let len = self.cell.len();
        match id {
            CommandId::ChooserOpen => return (Handled::Yes, vec![Effect::Push(ScreenId::App)]),
            id => match steps(id, self.height) {
                Some(by) => self.window.step(by, len),
                None => return (Handled::No, Vec::new()),
            },
        }
        let row = self.cell.get(self.window.selected).and_then(|id| seen.apps.get(*id));
        lens.selected = row.map(|row| row.key.clone());
        (Handled::Yes, Vec::new())
    }

    fn point(&mut self, at: Position, lens: &mut Lens, seen: &Seen<'_>) -> bool {
        let found =
            usize::from(at.y).checked_sub(2).is_some_and(|line| self.window.point(line, self.cell.len(), self.height));
        let row = self.cell.get(self.window.selected).filter(|_| found).and_then(|id| seen.apps.get(*id));
        lens.selected = row.map(|row| row.key.clone()).or(lens.selected.take());
        found
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        self.height = usize::from(area.height.saturating_sub(2));
        self.grid.refresh(seen.apps, &Query::default(), seen.now);
        let selected = lens.selected.as_ref().and_then(|key| seen.apps.find(key));
        let row = selected.and_then(|id| seen.apps.get(id));
        let place = row.and_then(|row| {
            let service = self.grid.services().binary_search(&row.service).ok()?;
            let environment =
                self.grid.environments().iter().position(|e| Some(&e.name) == row.environment.as_ref())?;
            Some((service, environment))
        });
        self.cell = place.map_or_else(Vec::new, |(service, environment)| self.grid.cell(service, environment).to_vec());
        if let Some(at) = self.cell.iter().position(|id| Some(*id) == selected) {
            self.window.selected = at;
        }
        self.window.clamp(self.cell.len(), self.height);
    }

    fn draw(&self, _: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let first = self.cell.first().and_then(|id| seen.apps.get(*id));
        let title = first.map_or_else(String::new, |row| {
            let environment = row.environment.as_ref().map(|name| seen.environment_name(&seen.apps.describe(name)));
            let environment = environment.unwrap_or_default();
            let what = if self.cell.len() == 1 { "Application" } else { "Applications" };
            format!("{} {what} of {} in {environment}", self.cell.len(), row.service)
        });
        Pen::new(buf, area, 0, seen.glyphs.ellipsis).skip(1).text(&title, seen.style(Role::Title));
        let signs = pen::width(seen.glyphs.out_of_sync) as u16 + 1;
        for (line, position) in self.window.visible(self.cell.len(), self.height).enumerate() {
            let id = self.cell[position];
            let Some(row) = seen.apps.get(id) else { continue };
            seen.work.row();
            let here = position == self.window.selected;
            let over = |role| if here { seen.style(role).patch(seen.style(Role::Selection)) } else { seen.style(role) };
            let status = status::of(seen, row, seen.apps.trouble_kind(id));
            let mut pen = Pen::new(buf, area, line as u16 + 2, seen.glyphs.ellipsis);
            pen.cell(if here { seen.glyphs.cursor } else { "" }, 2, over(Role::Cursor));
            pen.cell(status.sign, signs, over(status.role)).cell(&row.key.name, 30, over(Role::Text));
            pen.cell(row.version(), 14, over(Role::Text)).cell(&row.key.source, 18, over(Role::Dim));
            pen.cell(&row.key.namespace, 14, over(Role::Dim)).text(&status.words, over(status.words_role));
        }
    }
}
