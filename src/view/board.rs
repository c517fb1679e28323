//! The home screen: services by environments, one cell an Application.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::fleet::below;
use super::travel::steps;
use super::{Effect, Handled, Lens, ScreenId, Seen, View, detail, status};
use crate::command::{CommandId, Scope};
use crate::config::theme::Role;
use crate::domain::{AppKey, Symbol};
use crate::store::{Grid, Interest, RowId};
use crate::widget::{Pen, Window, pen};

/// A cell narrower than this says too little.
const NARROWEST_CELL: u16 = 20;
/// A cell wider than this only moves things apart.
const WIDEST_CELL: u16 = 46;

/// Services by environments.
#[derive(Debug, Default)]
pub struct Board {
    grid: Grid,
    services: Window,
    environments: Window,
    /// The cell under the cursor by its names, so that it stays when others come and go.
    here: Option<(Symbol, Symbol)>,
    /// The Application this board selected last; another one in the lens was chosen elsewhere.
    chosen: Option<AppKey>,
    height: usize,
    columns: usize,
    /// Cells across of the names, with the sign before them, and of each environment.
    across: (u16, u16),
}

impl Board {
    /// How often the grid was rebuilt: a work counter for tests.
    #[must_use]
    pub fn rebuilds(&self) -> u64 {
        self.grid.rebuilds()
    }

    /// How often the grid looked up where every Application stands: a work counter for tests.
    #[must_use]
    pub fn placings(&self) -> u64 {
        self.grid.placings()
    }

    fn remember(&mut self, lens: &mut Lens, seen: &Seen<'_>) {
        let (service, environment) = (self.services.selected, self.environments.selected);
        self.here = self.grid.services().get(service).and_then(|s| {
            let environment = self.grid.environments().get(environment)?;
            Some((s.clone(), environment.name.clone()))
        });
        let cell = self.grid.cell(service, environment);
        // one of several that was chosen elsewhere stays selected while the cursor stays in its cell
        let kept = lens.selected.as_ref().and_then(|key| seen.apps.find(key)).filter(|id| cell.contains(id));
        let row = kept.or_else(|| cell.first().copied()).and_then(|id| seen.apps.get(id));
        lens.selected = row.map(|row| row.key.clone());
        self.chosen.clone_from(&lens.selected);
    }

    /// Finds the cell again after the grid changed, or the one of an Application that was selected elsewhere.
    fn find(&self, lens: &Lens, seen: &Seen<'_>) -> Option<(usize, usize)> {
        let elsewhere = lens.selected.as_ref().filter(|key| Some(*key) != self.chosen.as_ref());
        let row = elsewhere.and_then(|key| seen.apps.get(seen.apps.find(key)?));
        let moved = row.and_then(|row| Some((row.service.clone(), row.environment.clone()?)));
        let (service, environment) = moved.or_else(|| self.here.clone())?;
        let line = self.grid.services().binary_search(&service).ok();
        let column = self.grid.environments().iter().position(|e| e.name == environment);
        Some((line.unwrap_or(self.services.selected), column.unwrap_or(self.environments.selected)))
    }

    fn is_empty(&self, environment: usize) -> bool {
        self.grid.cell(self.services.selected, environment).is_empty()
    }

    /// To the next environment on one side where the service is deployed; where it is in none there, to the next.
    fn step_across(&mut self, by: isize) {
        let count = self.grid.environments().len();
        let from = self.environments.selected;
        let beyond = |environment: &usize| if by < 0 { *environment < from } else { *environment > from };
        let nearest = (0..count).filter(beyond).filter(|e| !self.is_empty(*e)).min_by_key(|e| e.abs_diff(from));
        match nearest {
            Some(environment) => self.environments.selected = environment,
            None => self.environments.step(by, count),
        }
    }

    /// Under a filter most cells are empty: the cursor goes to the nearest one of its row that is not.
    fn leave_empty_cell(&mut self) {
        let from = self.environments.selected;
        let taken = (0..self.grid.environments().len()).filter(|e| !self.is_empty(*e));
        if let Some(environment) = taken.min_by_key(|e| e.abs_diff(from)) {
            self.environments.selected = environment;
        }
    }

    fn name_width(&self, area: Rect) -> u16 {
        let longest = self.services.visible(self.grid.services().len(), self.height);
        let longest = longest.map(|n| pen::width(&self.grid.services()[n])).max().unwrap_or(0) as u16;
        (longest + 2).clamp(12, (area.width / 3).max(12))
    }

    fn cell_width(&self, area: Rect) -> u16 {
        let room = area.width.saturating_sub(2 + self.name_width(area));
        (room / self.columns.max(1) as u16).min(WIDEST_CELL)
    }
}

impl View for Board {
    fn id(&self) -> ScreenId {
        ScreenId::Board
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Board, Scope::List, Scope::App]
    }

    fn interests(&self, lens: &Lens, seen: &Seen<'_>) -> Vec<Interest> {
        let services = self.services.visible(self.grid.services().len(), self.height);
        let environments = self.environments.visible(self.grid.environments().len(), self.columns);
        let cells = services.flat_map(|s| environments.clone().map(move |e| (s, e)));
        let shown = cells.flat_map(|(s, e)| self.grid.cell(s, e)).filter_map(|id| seen.apps.get(*id));
        let pods = lens.selected.iter().chain(shown.map(|row| &row.key)).cloned().map(Interest::Pods);
        pods.chain(detail::interests(lens, seen)).collect()
    }

    fn command(&mut self, id: CommandId, lens: &mut Lens, seen: &Seen<'_>) -> (Handled, Vec<Effect>) {
        let (services, environments) = (self.grid.services().len(), self.grid.environments().len());
        let mut effects = Vec::new();
        match id {
            CommandId::CursorLeft => self.step_across(-1),
            CommandId::CursorRight => self.step_across(1),
            CommandId::MarkToggle => {
                let cell = self.grid.cell(self.services.selected, self.environments.selected);
                lens.mark(&keys(seen, cell));
                return (Handled::Yes, effects);
            }
            CommandId::MarkShown => {
                let cells = (0..services).flat_map(|s| (0..environments).map(move |e| (s, e)));
                let shown: Vec<RowId> = cells.flat_map(|(s, e)| self.grid.cell(s, e)).copied().collect();
                lens.mark(&keys(seen, &shown));
                return (Handled::Yes, effects);
            }
            CommandId::AppOpen => {
                match self.grid.cell(self.services.selected, self.environments.selected).len() {
                    0 => effects.push(Effect::Say("nothing is deployed there".to_owned())),
                    1 => effects.push(Effect::Push(ScreenId::App)),
                    _ => effects.push(Effect::Push(ScreenId::Chooser)),
                }
                return (Handled::Yes, effects);
            }
            id => match steps(id, self.height) {
                Some(by) => self.services.step(by, services),
                None => return (Handled::No, effects),
            },
        }
        self.remember(lens, seen);
        (Handled::Yes, effects)
    }

    fn point(&mut self, at: Position, lens: &mut Lens, seen: &Seen<'_>) -> bool {
        let (services, environments) = (self.grid.services().len(), self.grid.environments().len());
        let line = usize::from(at.y).checked_sub(1);
        let found = line.is_some_and(|line| self.services.point(line, services, self.height));
        if found {
            let (names, cells) = self.across;
            // a name is the row's: the environment stays
            if let Some(across) = at.x.checked_sub(names) {
                self.environments.point(usize::from(across / cells.max(1)), environments, self.columns);
            }
            self.remember(lens, seen);
        }
        found
    }

    fn layout(&mut self, lens: &mut Lens, seen: &Seen<'_>, area: Rect) {
        self.grid.refresh(seen.apps, &lens.query, seen.now);
        self.height = usize::from(area.height.saturating_sub(1));
        if let Some((service, environment)) = self.find(lens, seen) {
            self.services.selected = service;
            self.environments.selected = environment;
        }
        let (services, environments) = (self.grid.services().len(), self.grid.environments().len());
        self.services.clamp(services, self.height);
        if !lens.text.is_empty() || lens.query.problems {
            self.leave_empty_cell();
        }
        let room = area.width.saturating_sub(2 + self.name_width(area));
        self.columns = usize::from(room / NARROWEST_CELL).clamp(1, environments.max(1));
        self.environments.clamp(environments, self.columns);
        self.across = (2 + self.name_width(area), self.cell_width(area));
        self.remember(lens, seen);
    }

    fn draw(&self, lens: &Lens, seen: &Seen<'_>, area: Rect, buf: &mut Buffer) {
        let names = self.name_width(area);
        let cells = self.cell_width(area);
        let environments = self.environments.visible(self.grid.environments().len(), self.columns);
        self.draw_headings(seen, (names, cells), environments.clone(), area, buf);
        if self.grid.services().is_empty() {
            super::empty::draw(lens, seen, below(area, 1), buf);
            return;
        }
        for (line, n) in self.services.visible(self.grid.services().len(), self.height).enumerate() {
            seen.work.row();
            let here = n == self.services.selected;
            let mut pen = Pen::new(buf, area, line as u16 + 1, seen.glyphs.ellipsis);
            pen.cell(if here { seen.glyphs.cursor } else { "" }, 2, seen.style(Role::Cursor));
            let style = seen.style(if here { Role::Title } else { Role::Text });
            pen.cell(&self.grid.services()[n], names.saturating_sub(1), style).skip(1);
            for environment in environments.clone() {
                let place = Rect::new(pen.x(), area.y + line as u16 + 1, cells.min(pen.room()), 1);
                pen.skip(cells);
                let selected = here && environment == self.environments.selected;
                let cell = self.grid.cell(n, environment);
                let style = if selected { seen.style(Role::Selection) } else { Style::new() };
                let marked = cell.iter().filter_map(|id| seen.apps.get(*id)).any(|row| lens.marks.contains(&row.key));
                draw_cell(seen, cell, (style, marked), place, &mut pen);
            }
        }
    }
}

impl Board {
    fn draw_headings(
        &self,
        seen: &Seen<'_>,
        (names, cells): (u16, u16),
        environments: std::ops::Range<usize>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let hidden = self.grid.environments().len() - environments.len();
        let mut pen = Pen::new(buf, area, 0, seen.glyphs.ellipsis);
        pen.skip(2).cell("service", names.saturating_sub(1), seen.style(Role::Heading)).skip(1);
        for n in environments {
            let environment = &self.grid.environments()[n];
            let sources = seen.apps.census().of(&environment.name).map(|c| c.sources().collect::<Vec<_>>());
            let doubtful = sources.iter().flatten().any(|s| seen.is_doubtful(s));
            let place = match sources.as_deref() {
                Some([one]) => one.to_string(),
                Some(several) => format!("{} sources", several.len()),
                None => String::new(),
            };
            let start = pen.x();
            pen.field(
                &seen.environment_name(environment),
                cells.saturating_sub(1),
                seen.environment_style(environment),
            );
            let left = cells.saturating_sub(pen.x() - start + 1);
            let role = if doubtful { Role::Warn } else { Role::Dim };
            if left > 4 && !place.is_empty() {
                pen.field(&format!(" {} {place}", seen.glyphs.dot), left, seen.style(role));
            }
            pen.skip((start + cells).saturating_sub(pen.x()));
        }
        if hidden > 0 {
            let more = format!(" +{hidden} {}", seen.glyphs.cursor);
            let width = pen::width(&more) as u16;
            let place =
                Rect { x: area.right().saturating_sub(width).max(area.x), width: width.min(area.width), ..area };
            Pen::new(buf, place, 0, seen.glyphs.ellipsis).text(&more, seen.style(Role::Accent));
        }
    }
}

fn keys(seen: &Seen<'_>, rows: &[RowId]) -> Vec<AppKey> {
    rows.iter().filter_map(|id| Some(seen.apps.get(*id)?.key.clone())).collect()
}

/// Sign, version, and what is to be said: quiet cells say their age, others why they are not quiet. Where there is
/// room for one only, what is wrong wins over the version.
fn draw_cell(seen: &Seen<'_>, cell: &[RowId], (selected, marked): (Style, bool), place: Rect, line: &mut Pen<'_>) {
    let buf = line.buffer();
    let room = Rect { width: place.width.saturating_sub(1), ..place };
    let mut pen = Pen::new(buf, room, 0, seen.glyphs.ellipsis);
    let Some((id, row)) = cell.first().and_then(|id| Some((*id, seen.apps.get(*id)?))) else {
        pen.cell(seen.glyphs.absent, room.width, seen.style(Role::Faint).patch(selected));
        return;
    };
    let status = status::of(seen, row, seen.apps.trouble_kind(id));
    let doubtful = seen.is_doubtful(&row.key.source);
    let style = |role| seen.style(if doubtful { Role::Doubtful } else { role }).patch(selected);
    let several = if cell.len() > 1 { format!(" x{}", cell.len()) } else { String::new() };
    let version = format!("{}{several}", row.version());
    let (words, words_role) = if status.words.is_empty() {
        (row.age_since().map_or_else(String::new, |at| seen.age(at)), Role::Dim)
    } else {
        (status.words, status.words_role)
    };
    // signs of two cells are parted from the version too
    let sign = pen::width(seen.glyphs.out_of_sync) as u16 + 1;
    pen.cell(status.sign, sign - 1, style(status.role));
    pen.cell(if marked { seen.glyphs.marked } else { "" }, 1, style(Role::Accent));
    let words_width = pen::width(&words) as u16;
    let version_width = pen::width(&version) as u16;
    if version_width + 1 + words_width <= pen.room() {
        let column = 12.max(version_width + 1).min(pen.room() - words_width);
        pen.cell(&version, column, style(Role::Text)).text(&words, style(words_role));
    } else if words_role == Role::Dim {
        pen.cell(&version, pen.room(), style(Role::Text));
    } else {
        pen.cell(&words, pen.room(), style(words_role));
    }
}
