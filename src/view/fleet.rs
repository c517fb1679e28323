//! The flat list: every Application of every source, filtered and sorted.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::travel::steps;
use super::{Effect, Handled, Lens, ScreenId, Seen, View, detail, status};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::{AppKey, AppRow, Fullness};
use crate::store::{FIELDS, FieldId, Index, Interest, RowId, Sort};
use crate::widget::columns::{Wish, fit};
use crate::widget::{Pen, Window};

/// The flat list.
#[derive(Debug, Default)]
pub struct Fleet {
    index: Index,
    window: Window,
    height: usize,
}

impl Fleet {
    /// How often the index was rebuilt: a work counter for tests.
    #[must_use]
    pub fn rebuilds(&self) -> u64 {
        self.index.rebuilds()
    }

    fn select(&self, lens: &mut Lens, seen: &Seen<'_>) {
        let row = self.index.at(self.window.selected).and_then(|id| seen.apps.get(id));
        lens.selected = row.map(|r| r.key.clone());
    }

    fn shown(&self, seen: &Seen<'_>) -> Vec<AppKey> {
        let ids = (0..self.index.len()).filter_map(|n| self.index.at(n));
        ids.filter_map(|id| Some(seen.apps.get(id)?.key.clone())).collect()
    }
}

impl View for Fleet {
    fn id(&self) -> ScreenId {
        ScreenId::Fleet
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Fleet, Scope::List, Scope::App]
    }

    fn interests(&self, lens: &Lens, seen: &Seen<'_>) -> Vec<Interest> {
        let visible = self.window.visible(self.index.len(), self.height);
        let shown = visible.filter_map(|n| seen.apps.get(self.index.at(n)?)).filter(|r| r.fullness == Fullness::Full);
        let pods = lens.selected.iter().chain(shown.map(|row| &row.key)).cloned().map(Interest::Pods);
        pods.chain(detail::interests(lens, seen)).collect()
    }

    fn command(&mut self, id: CommandId, lens: &mut Lens, seen: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let len = self.index.len();
        let mut effects = Vec::new();
        match id {
            CommandId::FleetSort => {
                let at = FIELDS.iter().position(|f| f.id == lens.sort.by).unwrap_or_default();
                lens.sort.by = FIELDS[(at + 1) % FIELDS.len()].id;
                effects.push(Effect::Say(format!("sorted by {}", heading(lens.sort.by))));
                return (Handled::Yes, effects);
            }
            CommandId::FleetReverse => {
                lens.sort.reversed = !lens.sort.reversed;
                return (Handled::Yes, effects);
            }
            CommandId::MarkShown => {
                lens.mark(&self.shown(seen));
                return (Handled::Yes, effects);
            }
            CommandId::AppOpen => {
                if lens.selected.is_some() {
                    effects.push(Effect::Push(ScreenId::App));
                }
            }
            id => match steps(id, self.height) {
                Some(by) => self.window.step(by, len),
                None => return (Handled::No, effects),
            },
        }
        self.select(lens, seen);
        (Handled::Yes, effects)
    }

    fn point(&mut self, at: Position, lens: &mut Lens, seen: &Seen<'_>) -> bool {
        let found =
            usize::from(at.y).checked_sub(1).is_some_and(|line| self.window.point(line, self.index.len(), self.height));
        if found {
            self.select(lens, seen);
        }
        found
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        self.index.refresh(seen.apps, &lens.query, lens.sort, seen.now);
        self.height = usize::from(area.height.saturating_sub(1));
        let kept = lens.selected.as_ref().and_then(|key| self.index.position(seen.apps, key));
        if let Some(position) = kept {
            self.window.selected = position;
        }
        self.window.clamp(self.index.len(), self.height);
        if kept.is_none() {
            self.select(lens, seen);
        }
    }

    fn draw(&self, lens: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let wishes: Vec<Wish> = FIELDS.iter().map(|f| Wish { width: f.width, grows: f.grows, rank: f.rank }).collect();
        let marker = 2.min(area.width);
        let columns = fit(&wishes, area.width - marker);
        let mut pen = Pen::new(buf, area, 0, seen.glyphs.ellipsis);
        for (n, place) in &columns {
            let field = &FIELDS[*n];
            let sorted = field.id == lens.sort.by;
            let title =
                if sorted { format!("{}{}", field.title, arrow(seen, lens.sort)) } else { field.title.to_owned() };
            go_to(&mut pen, area.x + marker + place.start);
            pen.cell(&title, place.len() as u16, seen.style(Role::Heading));
        }
        if self.index.is_empty() {
            super::empty::draw(lens, seen, below(area, 1), buf);
            return;
        }
        for (line, position) in self.window.visible(self.index.len(), self.height).enumerate() {
            let Some(id) = self.index.at(position) else { continue };
            let Some(row) = seen.apps.get(id) else { continue };
            seen.work.row();
            let selected = position == self.window.selected;
            let marked = lens.marks.contains(&row.key);
            draw_row(seen, (id, row), (selected, marked), &columns, area, line as u16 + 1, buf);
        }
    }
}

fn draw_row(
    seen: &Seen<'_>,
    (id, row): (RowId, &AppRow),
    (selected, marked): (bool, bool),
    columns: &[(usize, std::ops::Range<u16>)],
    area: Rect,
    line: u16,
    buf: &mut Buffer,
) {
    let trouble = seen.apps.trouble_kind(id);
    let status = status::of(seen, row, trouble);
    let doubtful = seen.is_doubtful(&row.key.source);
    let role = |role: Role| if doubtful { Role::Doubtful } else { role };
    if selected {
        let place = Rect { y: area.y + line, height: 1, ..area };
        buf.set_style(place.intersection(buf.area), seen.style(Role::Selection));
    }
    let over = |style: Role| {
        let style = seen.style(role(style));
        if selected { style.patch(seen.style(Role::Selection)) } else { style }
    };
    let mut pen = Pen::new(buf, area, line, seen.glyphs.ellipsis);
    pen.cell(if selected { seen.glyphs.cursor } else { "" }, 1, over(Role::Cursor));
    pen.cell(if marked { seen.glyphs.marked } else { "" }, 1, over(Role::Accent));
    for (n, place) in columns {
        let cells = place.len() as u16;
        go_to(&mut pen, area.x + 2 + place.start);
        match FIELDS[*n].id {
            FieldId::State => {
                let (sync, sync_role) = status::sync_sign(seen, row.sync);
                let sync = if sync == status.sign { "" } else { sync };
                pen.cell(status.sign, 2, over(status.role)).cell(sync, cells.saturating_sub(2), over(sync_role));
            }
            FieldId::Name => {
                pen.cell(&row.key.name, cells, over(Role::Text));
            }
            FieldId::Environment => {
                let environment = row.environment.as_ref().map(|e| seen.apps.describe(e));
                let name = environment.as_ref().map(|e| seen.environment_name(e));
                let style = environment.map(|e| seen.environment_style(&e));
                let style = style.filter(|_| !selected && !doubtful).unwrap_or_else(|| over(Role::Text));
                pen.cell(name.as_deref().unwrap_or(seen.glyphs.ellipsis), cells, style);
            }
            FieldId::Version => {
                let known = row.fullness == Fullness::Full || !row.revision.is_empty();
                pen.cell(if known { row.version() } else { "" }, cells, over(Role::Text));
            }
            FieldId::Status => {
                pen.cell(&status.words, cells, over(status.words_role));
            }
            FieldId::Project => {
                pen.cell(&row.project, cells, over(Role::Dim));
            }
            FieldId::Source => {
                pen.cell(&row.key.source, cells, over(Role::Dim));
            }
            FieldId::Age => {
                let age = row.age_since().map_or_else(String::new, |at| seen.age(at));
                pen.right(&age, cells, over(Role::Dim));
            }
        }
    }
}

fn heading(id: FieldId) -> &'static str {
    crate::store::field::field(id).word()
}

fn arrow(seen: &Seen<'_>, sort: Sort) -> &'static str {
    if sort.reversed { seen.glyphs.descending } else { seen.glyphs.ascending }
}

fn go_to(pen: &mut Pen<'_>, x: u16) {
    pen.skip(x.saturating_sub(pen.x()));
}

/// `area` without its first lines.
pub(super) fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + lines, height: area.height - lines, ..area }
}
